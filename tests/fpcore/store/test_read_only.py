"""Indexes that can only be read answer all that reads, and refuse what writes with one sentence."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from fpcore.errors import StoreError, StoreReadOnlyError
from fpcore.store import open_store
from fpcore.store.read_only import is_read_only, options_of_reading, read_only, unchanged
from tests.fpcore.store.disks import make_read_only, small_disk
from tests.fpcore.store.material import N_SONGS, PACKED, entry
from tests.fpcore.store.old_index import make_old
from tests.fpcore.store.programs import Program


@pytest.fixture
def disk(indexed: dict[str, Path], tmp_path: Path) -> Iterator[Path]:
    """A disk, not read-only yet, with the closed index of `N_SONGS` songs."""
    with small_disk(tmp_path / "disk", megabytes=16) as place:
        shutil.copy(indexed["packed"], place / "index.db")
        yield place


def leave_open(path: Path) -> None:
    """Add a song in a process that is killed before it closes the index."""
    program = Program("learn and die", path)
    assert program.rest() == ["added"]


def test_an_index_on_a_read_only_disk_answers_all_that_reads(disk: Path, tmp_path: Path) -> None:
    path = disk / "index.db"
    with open_store(path, PACKED) as store:
        tokens = np.unique(entry(3)[1].token)
        expected = store.lookup(tokens)
        songs = store.songs()
    make_read_only(disk)
    with open_store(path, PACKED, create=True) as store:
        assert store.songs() == songs and store.n_songs() == N_SONGS
        found = store.lookup(tokens)
        assert found.song_id.tolist() == expected.song_id.tolist()
        assert store.names([1, 4]) == {1: "song 0", 4: "song 3"}
        assert len(store.constellation(2).frame) == 40
        assert store.find("checksum 5") == store.song(6)
        assert store.check(full=True).ok
        assert store.stats().n_songs == N_SONGS
        assert store.token_stats(n_hottest=3).hottest
        assert store.snapshot() is None
        store.backup(tmp_path / "copy.db")
    with open_store(tmp_path / "copy.db", PACKED) as copy:
        assert copy.songs() == songs
    assert os.listdir(disk) == ["index.db"]


def test_every_write_to_a_read_only_index_is_refused_with_the_remedy(disk: Path) -> None:
    make_read_only(disk)
    path = disk / "index.db"
    with open_store(path, PACKED) as store:
        for write in (
            store.check_writable,
            lambda: store.add_song(*entry(77)),
            lambda: store.remove(1),
            lambda: store.rename(1, "x"),
            lambda: store.update_metadata(1, {}),
            store.clear,
            store.add_checksums,
        ):
            with pytest.raises(StoreReadOnlyError) as refusal:
                write()
            assert str(refusal.value) == str(read_only(path))
        with pytest.raises(StoreError, match=r"index\.db"):
            store.make_snapshot()
        known = store.add_songs([entry(0)])  # which writes nothing
        assert [one.created for one in known] == [False]


def test_the_log_of_a_killed_program_is_read_too_where_its_shared_memory_is(disk: Path) -> None:
    leave_open(disk / "index.db")
    make_read_only(disk)
    assert options_of_reading(disk / "index.db") == "mode=ro"
    with open_store(disk / "index.db", PACKED) as store:
        assert store.n_songs() == N_SONGS + 1


def test_a_log_that_cannot_be_read_without_writing_is_told_with_the_remedy(disk: Path) -> None:
    leave_open(disk / "index.db")
    (disk / "index.db-shm").unlink()
    make_read_only(disk)
    with pytest.raises(StoreError) as refusal:
        open_store(disk / "index.db", PACKED)
    assert str(refusal.value) == (
        f"{disk}/index.db is read-only and was not closed cleanly, so its log {disk}/index.db-wal "
        "must be worked into it: copy both files into a folder that you can write to, and use the "
        "copy"
    )
    for name in ("index.db", "index.db-wal"):
        shutil.copy(disk / name, disk.parent)
    with open_store(disk.parent / "index.db", PACKED) as store:
        assert store.n_songs() == N_SONGS + 1


def test_an_index_of_the_version_before_answers_as_it_is(disk: Path) -> None:
    make_old(disk / "index.db", PACKED)
    before = (disk / "index.db").read_bytes()
    make_read_only(disk)
    with open_store(disk / "index.db", PACKED) as store:
        assert [song.complete for song in store.songs()] == [True] * N_SONGS
        assert store.check().ok
        assert store.names([2]) == {2: "song 1"}
    assert (disk / "index.db").read_bytes() == before


def test_what_is_written_to_while_it_is_read_is_refused(path: Path) -> None:
    with pytest.raises(StoreError, match="was written to while it was read"), unchanged(path):
        subprocess.run(["touch", "-d", "2001-01-01", path], check=True)
    with unchanged(path):
        path.read_bytes()


def test_what_can_be_written_to_is_not_read_only(path: Path) -> None:
    assert not is_read_only(path)
    assert not is_read_only(path.with_name("new.db"))
    assert options_of_reading(path) == "mode=ro&immutable=1"
    path.with_name("index.db-wal").touch()
    assert options_of_reading(path) == "mode=ro&immutable=1"
