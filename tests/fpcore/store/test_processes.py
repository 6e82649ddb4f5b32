"""Several real processes on one index: writing at once, killed, locked out, without room."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from fpcore.errors import StoreBusyError, StoreFullError
from fpcore.store import SqliteStore, open_store, schema
from tests.fpcore.store.disks import small_disk
from tests.fpcore.store.material import (
    PACKED,
    entry,
    in_sql,
    new_store,
    postings_of,
    rows,
    scan,
)
from tests.fpcore.store.old_index import make_old
from tests.fpcore.store.programs import Program


def seeds_of(store: SqliteStore) -> dict[int, int]:
    """Return seed -> id of every song."""
    return {int(song.metadata["seed"]): song.id for song in store.songs()}  # type: ignore[arg-type]


def fill(path: Path) -> None:
    """Write a file until its disk has no room left."""
    with open(path, "wb", buffering=0) as file, pytest.raises(OSError, match="No space"):
        while file.write(bytes(512)) == 512:
            pass
        raise OSError("No space for all of a block")


@pytest.mark.parametrize("layout", ["classic", "segments"])
def test_96_songs_learned_by_8_processes_at_once_are_all_there(tmp_path: Path, layout: str) -> None:
    path = tmp_path / "index.db"  # which does not exist: they also race to create it
    started = [Program("learn", path, "packed", 100 * n, 12, 1, layout) for n in range(8)]
    told = [line.split() for program in started for line in program.rest()]
    assert [program.exit_code for program in started] == [0] * 8
    assert len(told) == 96
    with open_store(path, PACKED) as store:
        assert seeds_of(store) == {int(seed): int(song_id) for seed, song_id, _ in told}
        songs = {int(song_id): entry(int(seed))[1] for seed, song_id, _ in told}
        tokens = np.unique(entry(705)[1].token)
        assert rows(store.lookup(tokens)) == scan(songs, tokens)
        assert store.check(full=True).ok


def test_processes_that_learn_the_same_songs_make_each_once(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    started = [Program("learn", path, "text", 0, 8, 2) for _ in range(4)]
    told = [line.split() for program in started for line in program.rest()]
    assert len(told) == 32
    assert sum(created == "True" for _, _, created in told) == 8
    with open_store(path, None) as store:
        assert {(int(seed), int(song_id)) for seed, song_id, _ in told} == set(
            seeds_of(store).items()
        )


@pytest.mark.parametrize(
    ("layout", "batch"), [("classic", 1), ("classic", 4), ("segments", 4), ("segments", 16)]
)
def test_killing_a_learner_loses_no_acknowledged_song_and_leaves_none_in_part(
    tmp_path: Path, layout: str, batch: int
) -> None:
    path = tmp_path / "index.db"
    acknowledged: dict[int, int] = {}
    for attempt in range(10):  # ten for each size of batch: twenty kills
        program = Program("learn", path, "packed", 10_000 * attempt, 9_000, batch, layout)
        told = [program.line() for _ in range(1 + attempt)]
        program.kill()
        told += program.rest()  # acknowledged before it died
        assert program.exit_code == -signal.SIGKILL
        for seed, song_id, _ in map(str.split, told):
            acknowledged[int(seed)] = int(song_id)
        with open_store(path, PACKED) as store:
            found = seeds_of(store)
            assert acknowledged.items() <= found.items()
            assert len(found) % batch == 0
            songs = {found[seed]: entry(seed)[1] for seed in found}
            tokens = np.unique(entry(10_000 * attempt)[1].token)
            assert rows(store.lookup(tokens)) == scan(songs, tokens)
            for song in store.songs():
                expected = len(postings_of(entry(int(song.metadata["seed"]))[1]))  # type: ignore[arg-type]
                assert song.n_fingerprints == expected
            assert store.check(full=True).ok
    assert len(acknowledged) >= 55


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_dying_at_any_step_of_a_write_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    with new_store(path) as store:
        before = store.add_song(*entry(0)).song

    def write_and_die(n_calls: int) -> None:
        calls = iter(range(n_calls))

        def count() -> None:
            if next(calls, None) is None:
                os.kill(os.getpid(), signal.SIGKILL)

        with open_store(path, PACKED) as store:
            with store._pool.plain() as connection:  # the one that is lent next
                connection.set_progress_handler(count, 100)
            store.add_songs(entry(seed) for seed in (1, 2, 3))

    for n_calls in range(0, 60, 3):
        child = multiprocessing.get_context("fork").Process(target=write_and_die, args=(n_calls,))
        child.start()
        child.join(60)
        assert child.exitcode == -signal.SIGKILL
        with open_store(path, PACKED) as store:
            assert store.songs() == [before]
            assert store.check(full=True).ok
    with open_store(path, PACKED) as store:
        assert [added.created for added in store.add_songs(map(entry, range(3)))] == [
            False,
            True,
            True,
        ]


def test_dying_at_any_step_leaves_an_old_index_old_or_brings_it_up_to_date(
    tmp_path: Path,
) -> None:
    path = tmp_path / "index.db"
    with new_store(path) as store:
        store.add_songs(map(entry, range(3)))
    versions = []
    for n_steps in (0, 5, 20, 60, 120, 180, 240, 300, 400, 10_000):
        make_old(path, PACKED)
        program = Program("open and die", path, n_steps)
        done = program.rest() == ["done"]
        assert done or program.exit_code == -signal.SIGKILL
        ((version,),) = in_sql(path, "PRAGMA user_version")
        versions.append(version)
        assert in_sql(path, "PRAGMA integrity_check") == [("ok",)]
        with open_store(path, PACKED) as store:
            assert [song.name for song in store.songs()] == ["song 0", "song 1", "song 2"]
            assert store.check().ok
    assert versions == sorted(versions)
    assert set(versions) == {2, schema.VERSIONS["classic"]}


def test_processes_that_open_an_old_index_at_once_all_use_it(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    with new_store(path) as store:
        store.add_song(*entry(0))
    make_old(path, PACKED)
    started = [Program("learn", path, "packed", 100 * n, 3, 1) for n in range(1, 5)]
    assert sum(len(program.rest()) for program in started) == 12
    assert [program.exit_code for program in started] == [0] * 4
    with open_store(path, PACKED) as store:
        assert store.n_songs() == 13
        assert store.check().ok


def test_an_index_locked_by_another_process_is_busy_for_writers_only(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    with new_store(path, busy_timeout_s=0.05) as store:
        song = store.add_song(*entry(1)).song
        locker = Program("lock", path)
        assert locker.line() == "locked"
        for write in (
            lambda: store.add_song(*entry(2)),
            lambda: store.remove(song.id),
            store.clear,
        ):
            with pytest.raises(
                StoreBusyError,
                match=r"index\.db is locked by another writer for more than 0\.05 s: try again",
            ):
                write()
        assert store.songs() == [song]
        assert len(store.lookup(np.unique(entry(1)[1].token))) >= song.n_fingerprints
        assert not store.add_song(*entry(1)).created
        store.backup(tmp_path / "copy.db")
        locker.go_on()
        locker.rest()
        assert store.add_song(*entry(2)).created


def test_a_writer_waits_for_its_turn(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    new_store(path).close()
    locker = Program("lock", path)
    assert locker.line() == "locked"
    waiting = Program("learn", path, "packed", 0, 1, 1)
    locker.go_on()
    locker.rest()
    assert waiting.rest() == ["0 1 True"]


def test_a_backup_while_others_write_holds_whole_songs(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    program = Program("learn", path, "packed", 0, 60, 2)
    for _ in range(6):
        assert program.line()
    with open_store(path, PACKED) as store:
        for number in range(5):
            store.backup(tmp_path / f"copy {number}.db")
    program.rest()
    for number in range(5):
        with open_store(tmp_path / f"copy {number}.db", PACKED) as copy:
            assert copy.n_songs() >= 6
            assert copy.n_songs() % 2 == 0
            assert copy.check(full=True).ok


class TestAFullDisk:
    @pytest.fixture
    def disk(self, tmp_path: Path) -> Iterator[Path]:
        """A disk of two megabytes."""
        with small_disk(tmp_path / "disk", megabytes=2) as disk:
            yield disk

    @pytest.mark.parametrize("layout", ["classic", "segments"])
    def test_refuses_what_does_not_fit_and_goes_on_reading(self, disk: Path, layout: str) -> None:
        (disk / "ballast").write_bytes(bytes(800_000))
        with new_store(disk / "index.db", layout=layout) as store:
            learned: list[int] = []
            with pytest.raises(StoreFullError, match=r"no room to write .*: nothing was changed"):
                for seed in range(1000):
                    store.add_song(*entry(seed, n_hashes=3000))
                    learned.append(seed)
            assert learned
            assert sorted(seeds_of(store)) == learned
            assert store.check(full=True).ok
            songs = {seeds_of(store)[seed]: entry(seed, n_hashes=3000)[1] for seed in learned}
            tokens = np.unique(entry(learned[0], n_hashes=3000)[1].token)[::50]
            assert rows(store.lookup(tokens)) == scan(songs, tokens)
            (disk / "ballast").unlink()
            store.remove(seeds_of(store)[learned[0]])
            assert store.add_song(*entry(5000)).created
        with open_store(disk / "index.db", None) as again:
            assert sorted(seeds_of(again)) == [*learned[1:], 5000]
            assert again.check(full=True).ok

    def test_is_told_of_when_opening_too(self, disk: Path) -> None:
        new_store(disk / "index.db").close()
        fill(disk / "ballast")
        for path in (disk / "index.db", disk / "new.db"):
            with pytest.raises(StoreFullError, match="no room to write"):
                new_store(path)
        (disk / "ballast").unlink()
        for path in (disk / "index.db", disk / "new.db"):
            with new_store(path) as store:
                assert store.add_song(*entry(1)).created

    def test_keeps_no_part_of_a_backup(self, disk: Path, tmp_path: Path) -> None:
        with new_store(tmp_path / "index.db") as store:
            store.add_songs(entry(seed, n_hashes=20_000) for seed in range(8))
            with pytest.raises(StoreFullError, match=r"no room to write .*copy\.db"):
                store.backup(disk / "copy.db")
            assert store.check().ok
        assert list(disk.iterdir()) == []
