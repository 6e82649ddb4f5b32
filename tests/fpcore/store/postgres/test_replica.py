"""Replicas: they follow by themselves, and in parts."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from fpcore.store.postgres import replica
from fpcore.store.postgres.server import TruthConnection
from tests.fpcore.store.hosts import are_equal, follow, open_on, two
from tests.fpcore.store.material import entry

PATIENCE_S = 120.0


def test_a_machine_follows_by_itself(url: str, tmp_path: Path) -> None:
    with two(tmp_path, url) as (one, other):
        song = one.add_song(*entry(1)).song
        deadline = time.monotonic() + PATIENCE_S
        while other.songs() != [song] and time.monotonic() < deadline:
            time.sleep(0.02)
        assert other.songs() == [song]


def test_an_index_comes_in_parts_and_is_whole_at_the_end(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replica, "CHUNK_SONGS", 2)
    with open_on(tmp_path / "a", url) as one:
        one.add_songs(entry(seed) for seed in range(5))
        one.remove(2)
        one.rename(1, "renamed")
        with open_on(tmp_path / "b", url) as other:
            assert are_equal(one, other)
            assert other.check(full=True).ok


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_both_sides_of_a_fork_learn_and_follow(url: str, tmp_path: Path) -> None:
    with open_on(tmp_path / "a", url) as store, open_on(tmp_path / "b", url) as other:
        store.add_song(*entry(0))

        def child() -> None:
            store.add_song(*entry(1))
            other.add_song(*entry(2))
            assert store._pool.server._idle
            deadline = time.monotonic() + PATIENCE_S
            while store.n_songs() < 4 and time.monotonic() < deadline:
                time.sleep(0.02)
            store.close()
            os._exit(0 if len(other.songs()) >= 3 else 1)

        process = multiprocessing.get_context("fork").Process(target=child)
        process.start()
        store.add_song(*entry(3))
        process.join(PATIENCE_S)
        assert process.exitcode == 0
        follow(store)
        assert sorted(str(song.metadata["seed"]) for song in store.songs()) == list("0123")
        assert store.check(full=True).ok


def test_nobody_writes_the_replica_between_a_look_at_the_truth_and_what_follows_from_it(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Else a follower would take back what another program of the machine learned in between.
    with open_on(tmp_path / "a", url) as one, open_on(tmp_path / "b", url) as other:
        reading = one._pool.server.reading
        refusals: list[str] = []

        @contextmanager
        def watched() -> Iterator[TruthConnection]:
            with closing(sqlite3.connect(one.file, timeout=0.0)) as writer:
                try:
                    writer.execute("BEGIN IMMEDIATE")
                except sqlite3.OperationalError as error:
                    refusals.append(str(error))
            with reading() as truth:
                yield truth

        monkeypatch.setattr(one._pool.server, "reading", watched)
        other.add_song(*entry(1))
        follow(one)
        assert one.n_songs() == 1
        assert refusals
        assert set(refusals) == {"database is locked"}
