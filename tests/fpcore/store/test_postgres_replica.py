"""Replicas: they follow by themselves, and in parts."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fpcore.store import postgres_replica
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
    monkeypatch.setattr(postgres_replica, "CHUNK_SONGS", 2)
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


def test_programs_of_one_machine_that_follow_take_nothing_back(url: str, tmp_path: Path) -> None:
    with open_on(tmp_path, url) as store, open_on(tmp_path, url) as same:
        is_done = threading.Event()

        def go_on() -> None:
            while not is_done.is_set():
                follow(same)

        with ThreadPoolExecutor(1) as threads:
            following = threads.submit(go_on)
            try:
                for seed in range(30):
                    store.add_song(*entry(seed, n_hashes=20))
                    assert [one.n_songs() for one in (store, same)] == [seed + 1] * 2
            finally:
                is_done.set()
            following.result()
