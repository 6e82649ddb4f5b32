"""Which files are taken for an index, and what is said about the others."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from fpcore.config import ALGORITHM_VERSION, FingerprintConfig, PairsConfig
from fpcore.errors import ConfigMismatchError, StoreError
from fpcore.store import open_store, schema
from tests.fpcore.store import programs
from tests.fpcore.store.material import PACKED, TEXT, entry, in_sql, new_store

OTHER = PACKED.model_copy(update={"pairs": PairsConfig(fan_out=9, max_delta_s=1.5)})
NOBODY = 65534


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The closed index of one song."""
    path = tmp_path / "index.db"
    with new_store(path) as store:
        store.add_song(*entry(1))
    return path


def content(folder: Path) -> dict[str, str]:
    """Return the checksum of each file of a folder."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


class TestAnIndex:
    def test_opens_with_its_own_configuration_or_none(self, path: Path) -> None:
        for config in (None, PACKED):
            with open_store(path, config) as store:
                assert store.config == PACKED
                assert store.n_songs() == 1

    def test_is_not_changed_by_opening_reading_and_closing(self, path: Path) -> None:
        before = content(path.parent)
        with open_store(path, PACKED, create=True) as store:
            store.lookup(entry(1)[1].token)
        assert content(path.parent) == before

    def test_is_found_from_another_folder_when_the_path_is_relative(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(path.parent)
        with open_store(path.name, None) as store:
            monkeypatch.chdir("/")
            assert store.n_songs() == 1

    @pytest.mark.parametrize(
        "name", ["with space.db", "a?mode=ro&b.db", "100%25#1.db", "été 🎸.db"]
    )
    def test_may_have_any_name(self, tmp_path: Path, name: str) -> None:
        with new_store(tmp_path / name) as store:
            store.add_song(*entry(1))
        assert [file.name for file in tmp_path.iterdir()] == [name]

    def test_says_in_its_file_what_it_is(self, path: Path) -> None:
        assert in_sql(path, "PRAGMA application_id") == [(schema.APPLICATION_ID,)]
        assert in_sql(path, "PRAGMA user_version") == [(schema.SCHEMA_VERSION,)]
        assert in_sql(path, "PRAGMA journal_mode") == [("wal",)]
        assert in_sql(path, "PRAGMA page_size") == [(8192,)]
        meta = dict(in_sql(path, "SELECT key, value FROM meta"))
        assert meta["digest"] == PACKED.digest
        assert FingerprintConfig.model_validate_json(meta["config"]) == PACKED
        assert json.dumps(json.loads(meta["config"]), sort_keys=True) == json.dumps(
            PACKED.model_dump(mode="json"), sort_keys=True
        )
        assert meta["algorithm_version"] == str(ALGORITHM_VERSION)
        assert meta["created_at"].endswith("+00:00")
        assert meta["package_version"]

    @pytest.mark.parametrize("leftover", [b"", None], ids=["empty file", "header only"])
    def test_is_made_of_what_a_killed_creation_left(
        self, tmp_path: Path, leftover: bytes | None
    ) -> None:
        path = tmp_path / "index.db"
        if leftover is None:
            in_sql(path, "PRAGMA journal_mode = WAL")
            assert path.stat().st_size > 0
        else:
            path.write_bytes(leftover)
        with pytest.raises(StoreError, match="holds no index yet"):
            open_store(path, PACKED)
        with new_store(path) as store:
            store.add_song(*entry(1))
            assert store.check(full=True).ok


class TestAnotherConfiguration:
    def test_is_refused_with_the_fields_that_differ(self, path: Path) -> None:
        before = content(path.parent)
        with pytest.raises(ConfigMismatchError) as refusal:
            open_store(path, OTHER, create=True)
        message = str(refusal.value)
        assert "pairs.fan_out is 5 there and 9 here" in message
        assert "pairs.max_delta_s is 2.0 there and 1.5 here" in message
        assert "n_fft" not in message
        assert "use the profile that it was made with, or index its songs again" in message
        assert "`fpcore reindex --profile NAME`" in message
        assert content(path.parent) == before

    def test_the_form_of_the_tokens_is_part_of_it(self, path: Path) -> None:
        with pytest.raises(ConfigMismatchError, match="token is 'packed' there and 'text' here"):
            open_store(path, TEXT)

    @pytest.mark.parametrize("config", [None, PACKED])
    def test_so_is_the_version_of_the_algorithm(
        self, path: Path, config: FingerprintConfig | None
    ) -> None:
        in_sql(path, "UPDATE meta SET value = '0' WHERE key = 'algorithm_version'")
        with pytest.raises(ConfigMismatchError, match="algorithm version 0 there, 1 here"):
            open_store(path, config)

    def test_a_digest_that_fits_no_configuration_is_damage(self, path: Path) -> None:
        in_sql(path, "UPDATE meta SET value = 'abc' WHERE key = 'digest'")
        with pytest.raises(StoreError, match="its digest does not belong to its configuration"):
            open_store(path, PACKED)

    @pytest.mark.parametrize("change", ["DELETE FROM meta", "UPDATE meta SET value = '{\"x\": 1}'"])
    def test_one_that_cannot_be_read_is_refused(self, path: Path, change: str) -> None:
        in_sql(path, change)
        with pytest.raises(StoreError, match="configuration that this fpcore cannot read"):
            open_store(path, None)


class TestSomethingElse:
    """Each is refused with one sentence that names the file, with and without ``create``."""

    @pytest.fixture(params=[True, False], ids=["create", "open"], autouse=True)
    def _create(self, request: pytest.FixtureRequest) -> None:
        self.create: bool = request.param

    def refused(self, path: Path, reason: str) -> None:
        before = content(path.parent) if path.parent.is_dir() else {}
        with pytest.raises(StoreError, match=reason) as refusal:
            open_store(path, PACKED, create=self.create)
        assert str(path) in str(refusal.value)
        assert "\n" not in str(refusal.value)
        if path.parent.is_dir():
            assert content(path.parent) == before

    @pytest.mark.parametrize("n_bytes", [1, 20, 511, 5000, 100_000])
    def test_a_file_that_is_no_database(self, tmp_path: Path, n_bytes: int) -> None:
        path = tmp_path / "music.wav"
        path.write_bytes((b"RIFF....WAVE" * n_bytes)[:n_bytes])
        self.refused(path, "is not an SQLite database")

    def test_a_database_of_another_application_without_an_id(self, tmp_path: Path) -> None:
        path = tmp_path / "mail.db"
        in_sql(path, "CREATE TABLE songs (id INTEGER)")
        self.refused(path, "is a database of another application")
        assert in_sql(path, "PRAGMA journal_mode") == [("delete",)]

    def test_an_empty_database_of_another_application(self, tmp_path: Path) -> None:
        path = tmp_path / "map.db"
        in_sql(path, "PRAGMA application_id = 1196444487")
        self.refused(path, "is a database of another application")

    def test_an_index_of_a_newer_version(self, path: Path) -> None:
        in_sql(path, "PRAGMA user_version = 3")
        self.refused(path, "has tables of version 3, this fpcore knows 2: use the version")

    def test_an_index_of_an_older_version(self, path: Path) -> None:
        in_sql(path, "PRAGMA user_version = 1")
        self.refused(path, "has tables of version 1, this fpcore knows 2: learn its songs into")

    def test_a_folder(self, tmp_path: Path) -> None:
        self.refused(tmp_path, "is not a file")

    def test_a_pipe_without_waiting_for_it(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        self.refused(tmp_path / "pipe", "is not a file")

    def test_a_path_in_no_folder(self, tmp_path: Path) -> None:
        self.refused(tmp_path / "nowhere" / "index.db", r"there is no folder .*nowhere")

    def test_a_path_below_a_file(self, path: Path) -> None:
        self.refused(path / "index.db", r"there is no folder .*index\.db")

    def test_a_damaged_index(self, path: Path) -> None:
        whole = path.read_bytes()
        path.write_bytes(whole[:100] + b"\xff" * (len(whole) - 100))
        self.refused(path, r"is damaged \(.*\): run `fpcore check` on it and restore a backup")


def test_nothing_is_made_without_being_asked_to(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"there is no index at .*index\.db: learn some music"):
        open_store(tmp_path / "index.db", PACKED)
    assert list(tmp_path.iterdir()) == []


def test_a_new_index_needs_a_configuration(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="a new index needs a config"):
        open_store(tmp_path / "index.db", None, create=True)
    assert list(tmp_path.iterdir()) == []


def test_an_sqlite_that_is_too_old_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 36, 0))
    with pytest.raises(StoreError, match=r"too old for an index: use a Python with 3\.37\.0"):
        open_store(path, PACKED)


class TestWithoutRights:
    """Seen by a process that has none: to root every file is writable."""

    @pytest.fixture
    def place(self) -> Iterator[Path]:
        """A folder that other users may enter, with an index in it."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            folder.chmod(0o777)
            with new_store(folder / "index.db") as store:
                store.add_song(*entry(1))
            (folder / "index.db").chmod(0o666)
            yield folder
            folder.chmod(0o777)

    def answer(self, place: Path) -> str:
        user = os.geteuid() or NOBODY
        program = programs.start("read", place / "index.db", user)
        return program.communicate(timeout=60)[0].strip()

    def test_all_is_well_with_them(self, place: Path) -> None:
        assert self.answer(place) == "1"

    def test_a_file_that_cannot_be_written(self, place: Path) -> None:
        (place / "index.db").chmod(0o444)
        assert self.answer(place) == (
            f"StoreError: {place / 'index.db'} cannot be read and written: change the rights on it"
        )

    def test_a_folder_that_cannot_be_written(self, place: Path) -> None:
        place.chmod(0o555)
        assert f"the folder {place} is read-only" in self.answer(place)

    def test_a_disk_that_is_read_only(self, place: Path) -> None:
        disk = place / "disk"
        disk.mkdir()
        shutil.copy(place / "index.db", disk)
        mounted = subprocess.run(["mount", "--bind", disk, disk], capture_output=True, check=False)
        if mounted.returncode:
            pytest.skip("mounting a disk needs root")
        try:
            remount = ["mount", "-o", "remount,ro,bind", str(disk)]
            subprocess.run(remount, check=True, capture_output=True)
            with pytest.raises(StoreError, match=r"the folder .*disk is read-only"):
                open_store(disk / "index.db", None)
        finally:
            subprocess.run(["umount", disk], check=True)
