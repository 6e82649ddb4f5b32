"""What SQLite refuses, and what is refused before it is asked: one sentence with the remedy."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from fpcore.errors import (
    StoreBusyError,
    StoreDamagedError,
    StoreError,
    StoreFullError,
    StoreReadOnlyError,
)
from fpcore.store import open_store
from fpcore.store.failures import check_folder, check_place, translated_errors
from tests.fpcore.store.material import Refusal, entry, new_store
from tests.fpcore.store.programs import Program

NOBODY = 65534


class TestSomethingElse:
    """Each is refused with one sentence that names the file, with and without ``create``."""

    @pytest.mark.parametrize("n_bytes", [1, 20, 511, 5000, 100_000])
    def test_a_file_that_is_no_database(
        self, refused_unchanged: Refusal, tmp_path: Path, n_bytes: int
    ) -> None:
        path = tmp_path / "music.wav"
        path.write_bytes((b"RIFF....WAVE" * n_bytes)[:n_bytes])
        refused_unchanged(path, "is not an SQLite database")

    def test_a_folder(self, refused_unchanged: Refusal, tmp_path: Path) -> None:
        refused_unchanged(tmp_path, "is not a file")

    def test_a_pipe_without_waiting_for_it(
        self, refused_unchanged: Refusal, tmp_path: Path
    ) -> None:
        os.mkfifo(tmp_path / "pipe")
        refused_unchanged(tmp_path / "pipe", "is not a file")

    def test_a_path_in_no_folder(self, refused_unchanged: Refusal, tmp_path: Path) -> None:
        refused_unchanged(tmp_path / "nowhere" / "index.db", r"there is no folder .*nowhere")

    def test_a_path_below_a_file(self, refused_unchanged: Refusal, path: Path) -> None:
        refused_unchanged(path / "index.db", r"there is no folder .*index\.db")

    def test_a_damaged_index(self, refused_unchanged: Refusal, path: Path) -> None:
        whole = path.read_bytes()
        path.write_bytes(whole[:100] + b"\xff" * (len(whole) - 100))
        refused_unchanged(path, r"is damaged \(.*\): run `fpcore check` on it and restore a backup")


class TestErrorsOfSQLite:
    """Real ones, as SQLite raises them."""

    def test_a_lock_that_another_keeps_is_busy(self, path: Path) -> None:
        with plain(path) as other, plain(path) as connection:
            other.execute("BEGIN IMMEDIATE")
            said = r"index\.db is locked by another writer for more than 0\.25 s: try again"
            with pytest.raises(StoreBusyError, match=said), translated_errors(path, 0.25):
                connection.execute("BEGIN IMMEDIATE")

    def test_a_full_database_has_no_room(self, path: Path) -> None:
        with plain(path) as connection:
            connection.execute("PRAGMA max_page_count = 1")
            said = r"no room to write .*index\.db: nothing was changed"
            with pytest.raises(StoreFullError, match=said), translated_errors(path, 0):
                connection.execute("CREATE TABLE more AS SELECT zeroblob(1000000) AS zeros")

    def test_a_damaged_page_is_damage(self, path: Path) -> None:
        octets = path.read_bytes()
        path.write_bytes(octets[:8192] + bytes(len(octets) - 8192))
        with plain(path) as connection:
            said = r"index\.db is damaged \(.*\): run `fpcore check` on it and restore a backup"
            with pytest.raises(StoreDamagedError, match=said), translated_errors(path, 0):
                connection.execute("SELECT * FROM songs").fetchall()

    @pytest.mark.parametrize(
        ("mode", "statement", "said"),
        [
            ("ro", "DELETE FROM songs", "is read-only: make the file and its folder writable"),
            ("rw", "SELECT * FROM nowhere", "cannot be read or written: no such table: nowhere"),
        ],
    )
    def test_others_are_told_with_their_cause(
        self, path: Path, mode: str, statement: str, said: str
    ) -> None:
        with (
            plain(path, mode) as connection,
            pytest.raises(StoreError, match=said) as failure,
            translated_errors(path, 0),
        ):
            connection.execute(statement)
        assert isinstance(failure.value.__cause__, sqlite3.Error)

    def test_a_file_that_is_no_database_or_not_there_is_named(self, tmp_path: Path) -> None:
        text, nowhere = tmp_path / "text", tmp_path / "nowhere"
        text.write_text("no database " * 1000)
        for path, said in (
            (text, "text is not an SQLite database: give the path of an index"),
            (nowhere, "nowhere cannot be opened: check the rights on it and on its folder"),
        ):
            with (
                pytest.raises(StoreError, match=said),
                translated_errors(path, 0),
                plain(path) as connection,
            ):
                connection.execute("SELECT * FROM songs")

    def test_a_disk_that_fails_though_it_has_room_is_not_called_full(self, tmp_path: Path) -> None:
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR_WRITE
        with (
            pytest.raises(StoreError, match="disk I/O error") as failure,
            translated_errors(tmp_path / "index.db", 0),
        ):
            raise error
        assert not isinstance(failure.value, StoreFullError)

    def test_misuse_and_text_that_is_none_are_told_as_well(self, path: Path) -> None:
        with plain(path) as connection:
            said = r"'half .udcff' is not valid Unicode text: .*index\.db holds none such"
            with pytest.raises(StoreError, match=said), translated_errors(path, 0):
                connection.execute("SELECT ?", ("half \udcff",))
        said = "cannot be read or written: Cannot operate on a closed database"
        with pytest.raises(StoreError, match=said), translated_errors(path, 0):
            connection.execute("SELECT 1")

    def test_what_is_no_error_of_sqlite_passes_unchanged(self, path: Path) -> None:
        with pytest.raises(KeyError, match="mine"), translated_errors(path, 0):
            raise KeyError("mine")


@contextmanager
def plain(path: Path, mode: str = "rw") -> Iterator[sqlite3.Connection]:
    """Lend a connection that does not wait for others."""
    uri = f"file:{path}?mode={mode}"
    connection = sqlite3.connect(uri, uri=True, timeout=0, isolation_level=None)
    with closing(connection):
        yield connection


def test_a_place_for_a_new_index_is_one_without_a_file_or_with_an_empty_one(tmp_path: Path) -> None:
    check_place(tmp_path / "new.db", create=True)
    with pytest.raises(StoreError, match=r"there is no index at .*new\.db: learn some music into"):
        check_place(tmp_path / "new.db", create=False)
    (tmp_path / "empty.db").touch()
    check_place(tmp_path / "empty.db", create=True)
    check_folder(tmp_path / "new.db")


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
        (said,) = Program("read", place / "index.db", user).rest()
        return said

    def test_all_is_well_with_them(self, place: Path) -> None:
        assert self.answer(place) == "1"

    def test_a_file_that_cannot_be_written_is_read(self, place: Path) -> None:
        (place / "index.db").chmod(0o444)
        assert self.answer(place) == "1"
        assert os.listdir(place) == ["index.db"]  # no log that the owner could not write to

    def test_a_file_that_cannot_be_read(self, place: Path) -> None:
        (place / "index.db").chmod(0o222)
        assert self.answer(place) == (
            f"StoreError: {place / 'index.db'} cannot be read: change the rights on it"
        )

    def test_a_folder_that_cannot_be_written_is_read(self, place: Path) -> None:
        place.chmod(0o555)
        assert self.answer(place) == "1"

    def test_a_folder_that_cannot_be_written_is_no_place_for_a_new_index(self, place: Path) -> None:
        place.chmod(0o555)
        user = os.geteuid() or NOBODY
        (said,) = Program("make", place / "new.db", user).rest()
        assert f"the folder {place} is read-only, and SQLite writes its log there" in said

    def test_a_disk_that_is_read_only_in_this_place_alone(self, place: Path) -> None:
        disk = place / "disk"
        disk.mkdir()
        shutil.copy(place / "index.db", disk)
        mounted = subprocess.run(["mount", "--bind", disk, disk], capture_output=True, check=False)
        if mounted.returncode:
            pytest.skip("mounting a disk needs root")
        try:
            remount = ["mount", "-o", "remount,ro,bind", str(disk)]
            subprocess.run(remount, check=True, capture_output=True)
            with open_store(disk / "index.db", None) as store:
                assert store.n_songs() == 1
                with pytest.raises(StoreReadOnlyError, match="make the file and its folder"):
                    store.clear()
        finally:
            subprocess.run(["umount", disk], check=True)
