"""What is particular to the SQLite engine: how its file is opened, its size, and its damage."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest

from fpcore.errors import StoreError, StoreFullError
from fpcore.store import SqliteStore, connections, open_store
from tests.fpcore.store.material import (
    CONFIGS,
    N_SONGS,
    PACKED,
    entry,
    files_in,
    in_sql,
    new_store,
)


class TestAnIndex:
    def test_opens_with_its_own_configuration_or_none(self, path: Path) -> None:
        for config in (None, PACKED):
            with open_store(path, config) as store:
                assert store.config == PACKED
                assert store.n_songs() == 1

    def test_is_not_changed_by_opening_reading_and_closing(self, path: Path) -> None:
        before = files_in(path.parent)
        with open_store(path, PACKED, create=True) as store:
            store.lookup(entry(1)[1].token)
        assert files_in(path.parent) == before

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


def test_room_of_removed_songs_is_used_again(store: SqliteStore) -> None:
    before = store.stats()
    store.clear()
    assert store.stats().unused_bytes > 0
    store.add_songs(entry(seed) for seed in range(N_SONGS))
    after = store.stats()
    assert after.file_bytes <= before.file_bytes + 2 * 8192
    assert after.n_postings == before.n_postings


def test_packed_tokens_take_less_room_than_text(tmp_path: Path) -> None:
    sizes = {}
    for kind in CONFIGS:
        with new_store(tmp_path / f"{kind}.db", kind) as store:
            store.add_songs(entry(seed, n_hashes=4000) for seed in range(5))
            sizes[kind] = store.stats()
    assert sizes["packed"].n_postings == sizes["text"].n_postings
    packed, text = sizes["packed"].lookup_bytes, sizes["text"].lookup_bytes
    assert packed is not None
    assert text is not None
    # Pages that are only just split are half empty, so with few songs it is more than with many.
    assert packed < 18 * sizes["packed"].n_postings
    assert packed < text


def test_a_damaged_page_is_named_when_it_is_read(store: SqliteStore) -> None:
    tokens = np.unique(entry(1)[1].token)
    (root,) = in_sql(store.path, "SELECT rootpage FROM sqlite_master WHERE name = 'fingerprints'")[
        0
    ]
    store.close()
    content = bytearray(store.path.read_bytes())
    content[(root - 1) * 8192 : root * 8192] = b"\xff" * 8192
    store.path.write_bytes(content)
    with new_store(store.path, store.config.token) as damaged:
        with pytest.raises(StoreError, match=r"index\.db is damaged .*run `fpcore check`"):
            damaged.lookup(tokens)
        report = damaged.check()
        assert not report.ok
        assert any(
            "damaged" in problem or "cannot be read" in problem for problem in report.problems
        )


def test_a_full_database_changes_nothing_and_can_still_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "_PRAGMAS", (*connections._PRAGMAS, "max_page_count = 40"))
    with new_store(tmp_path / "index.db") as store:
        store.add_song(*entry(1))
        with pytest.raises(StoreFullError, match=r"no room to write .*index\.db: nothing was"):
            store.add_songs(entry(seed, n_hashes=20_000) for seed in (2, 3))
        assert [song.name for song in store.songs()] == ["song 1"]
        assert len(store.lookup(np.unique(entry(1)[1].token))) > 0
        assert store.check(full=True).ok
        store.add_song(*entry(4))
        assert store.n_songs() == 2
