"""Snapshots are built beside the one in use, and are there once they are whole."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from fpcore.errors import StoreBusyError, StoreError, StoreFullError
from fpcore.records import Hashes
from fpcore.store import NewSong, SqliteStore, snapshot
from tests.fpcore.store.disks import small_disk
from tests.fpcore.store.material import PACKED, constellation, entry, in_sql, new_store, rows
from tests.fpcore.store.programs import Program
from tests.fpcore.store.snapshots import TOKENS, by_sqlite, files_beside


def test_of_an_empty_index_it_is_empty(tmp_path: Path) -> None:
    with new_store(tmp_path / "index.db") as store:
        made = store.make_snapshot()
        assert (made.n_songs, made.n_postings) == (0, 0)
        assert rows(store.lookup(TOKENS)) == []
        store.add_song(*entry(1))
        assert rows(store.lookup(TOKENS)) == by_sqlite(store) != []
        assert store.check(full=True).ok


def test_it_holds_frames_and_runs_longer_than_16_bits(tmp_path: Path) -> None:
    frame = np.arange(70_000, dtype=np.int32)
    frame[-1] = 2**31 - 2
    tokens = np.where(frame % 3, 7, PACKED.n_tokens - 1)
    with new_store(tmp_path / "index.db") as store:
        store.add_song(NewSong("long", "c", 1.0), Hashes(tokens, frame), constellation(0))
        store.add_song(*entry(1))
        store.make_snapshot()
        wanted = np.array([7, PACKED.n_tokens - 1])
        assert len(by_sqlite(store, wanted)) == 70_000
        assert rows(store.lookup(wanted)) == by_sqlite(store, wanted)


def test_a_posting_takes_few_bytes(tmp_path: Path) -> None:
    with new_store(tmp_path / "index.db") as store:
        store.add_songs(entry(seed, n_hashes=20_000) for seed in range(4))
        made = store.make_snapshot()
        assert made.file_bytes < 10 * made.n_postings


@pytest.fixture(scope="module")
def long_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an index that is read in several parts, and a snapshot without its last song.

    It is closed, to be copied.
    """
    folder = tmp_path_factory.mktemp("long")
    with new_store(folder / "index.db") as store:
        store.add_songs(entry(seed, n_hashes=60_000) for seed in range(3))
        store.make_snapshot()
        store.add_song(*entry(3, n_hashes=60_000))
    return folder


@pytest.fixture
def long_songs(long_index: Path, tmp_path: Path) -> Iterator[SqliteStore]:
    """An index that is read in several parts, with a snapshot that lacks the last song."""
    shutil.copytree(long_index, tmp_path, dirs_exist_ok=True)
    with new_store(tmp_path / "index.db") as store:
        assert store.snapshot()
        yield store


def test_a_killed_builder_leaves_the_old_one(long_songs: SqliteStore) -> None:
    store = long_songs
    before = store.snapshot()
    for n_lines in (1, 2, 3):
        builder = Program("snapshot", store.path)
        for _ in range(n_lines):
            assert builder.line()
            builder.go_on()
        builder.kill()
        builder.rest()
        assert builder.exit_code == -signal.SIGKILL
        assert store.snapshot() == before
        assert rows(store.lookup(TOKENS)) == by_sqlite(store)
        assert files_beside(store) == {"index.db.snapshot", "index.db.snapshot.partial"}
    assert store.make_snapshot().n_songs == 4
    assert files_beside(store) == {"index.db.snapshot"}
    assert rows(store.lookup(TOKENS)) == by_sqlite(store)


def test_of_two_builders_at_once_the_second_is_told_to_wait(long_songs: SqliteStore) -> None:
    store = long_songs
    builder = Program("snapshot", store.path)
    assert builder.line()
    with pytest.raises(StoreBusyError, match=r"partial is being written by another program: wait"):
        store.make_snapshot()
    builder.go_on()
    while builder.line():
        builder.go_on()
    builder.rest()
    state = store.snapshot()
    assert state is not None
    assert (state.n_songs, state.n_newer) == (4, 0)
    assert store.make_snapshot().n_songs == 4


def test_an_interrupted_builder_cleans_up(long_songs: SqliteStore) -> None:
    before = long_songs.snapshot()

    def interrupt(n_done: int, n_postings: int) -> None:
        assert 0 < n_done < n_postings
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        long_songs.make_snapshot(interrupt)
    assert long_songs.snapshot() == before
    assert files_beside(long_songs) == {"index.db.snapshot"}


def test_progress_reaches_the_end(long_songs: SqliteStore) -> None:
    told: list[tuple[int, int]] = []
    long_songs.make_snapshot(lambda *done: told.append(done))
    n_postings = long_songs.stats().n_postings
    assert len(told) >= 3
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1] == (n_postings, n_postings)


def test_a_full_disk_keeps_the_old_one(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", megabytes=8) as disk, new_store(disk / "index.db") as store:
        store.add_songs(entry(seed, n_hashes=3000) for seed in range(3))
        before = store.make_snapshot()
        store.add_songs(entry(seed, n_hashes=60_000) for seed in range(3, 6))
        in_sql(store.path, "PRAGMA wal_checkpoint(TRUNCATE)")
        ballast = disk / "ballast"
        room = os.statvfs(disk)
        ballast.write_bytes(bytes(max(room.f_bavail * room.f_frsize - 400_000, 0)))
        with pytest.raises(StoreFullError, match=r"no room to write .*snapshot: nothing was"):
            store.make_snapshot()
        assert files_beside(store) == {"index.db.snapshot", "ballast"}
        state = store.snapshot()
        assert state is not None
        assert (state.n_songs, state.n_newer) == (before.n_songs, 3)
        assert rows(store.lookup(TOKENS)) == by_sqlite(store)
        ballast.unlink()
        assert store.make_snapshot().n_newer == 0


def test_what_cannot_be_written_is_told(store: SqliteStore) -> None:
    path = snapshot.path_of(store.path)
    path.mkdir()
    with pytest.raises(StoreError, match=r"index\.db\.snapshot cannot be written: Is a directory"):
        store.make_snapshot()
    assert not store.check().ok
    assert rows(store.lookup(TOKENS)) == by_sqlite(store)
