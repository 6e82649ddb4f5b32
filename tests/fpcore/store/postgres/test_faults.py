"""PostgreSQL store in trouble: servers and machines that are killed, and what is left of it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from fpcore.errors import StoreAwayError
from fpcore.store.postgres import replica
from tests import postgres
from tests.fpcore.store.hosts import follow, open_on
from tests.fpcore.store.material import entry, rows, scan

N_KILLS = 4
PATIENCE_S = 600.0


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Server]:
    """A server whose commits reach the disk, to be killed."""
    with postgres.own() as started:
        yield started


LEARNER = """
import itertools, sys
from pathlib import Path
from tests.fpcore.store.hosts import open_on
from tests.fpcore.store.material import entry
host, url, first = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
with open_on(host, url) as store:
    print("open", flush=True)
    for seed in itertools.count(first):
        added = store.add_song(*entry(seed))
        print(seed, added.song.id, flush=True)
        if seed % 3 == 0:
            store.remove(added.song.id)
            print(-seed, added.song.id, flush=True)
"""
"""Learns and removes until it is killed, and says what was acknowledged."""


class Learner:
    """A machine that learns in a process of its own."""

    def __init__(self, host: Path, url: str, first: int) -> None:
        self.said: list[tuple[int, int]] = []
        self.process = subprocess.Popen(
            [sys.executable, "-c", LEARNER, str(host), url, str(first)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "PYTHONPATH": os.getcwd()},
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "open\n"

    def hear(self, n: int) -> None:
        """Wait until so many more things are acknowledged, or it has ended."""
        assert self.process.stdout is not None
        for _ in range(n):
            self._note(self.process.stdout.readline())

    def kill(self) -> None:
        """Kill it, unless it has ended, and hear what it said last."""
        with suppress(ProcessLookupError):
            self.process.kill()
        assert self.process.stdout is not None
        with self.process.stdout as rest:
            for line in rest:
                self._note(line)
        self.process.wait()

    def _note(self, line: str) -> None:
        if line.endswith("\n"):
            seed, song_id = map(int, line.split())
            self.said.append((seed, song_id))

    def kept(self) -> dict[int, int]:
        """Return the seeds of songs that are acknowledged and not removed, with their ids."""
        gone = {-seed for seed, _ in self.said if seed < 0}
        return {seed: song for seed, song in self.said if seed > 0 and seed not in gone}


def assert_nothing_is_lost(url: str, host: Path, learners: list[Learner]) -> None:
    """Assert that all that was acknowledged counts, and at most what was under way besides."""
    kept = {seed: song for learner in learners for seed, song in learner.kept().items()}
    with open_on(host, url) as store:
        found = {song.metadata["seed"]: song.id for song in store.songs()}
        # Of each learner one change may have been made and not been acknowledged.
        under_way = {seed for learner in learners for seed in _under_way(learner)}
        assert {seed: found.get(seed) for seed in kept.keys() - under_way} == {
            seed: kept[seed] for seed in kept.keys() - under_way
        }
        assert found.keys() - kept.keys() <= under_way
        some = list(found)[-3:]
        for seed in some:
            its_hashes = entry(int(str(seed)))[1]
            answer = [row for row in rows(store.lookup(its_hashes.token)) if row[1] == found[seed]]
            assert answer == scan({found[seed]: its_hashes}, its_hashes.token)
        assert store.check(full=True).ok


def _under_way(learner: Learner) -> set[int]:
    last = learner.said[-1][0] if learner.said else 0
    return {abs(last), abs(last) + 1}


def test_machines_that_are_killed_while_they_learn_lose_nothing(
    server: postgres.Server, tmp_path: Path
) -> None:
    with postgres.database(server) as url:
        open_on(tmp_path / "c", url).close()
        survivor = Learner(tmp_path / "b", url, 100_001)
        learners = [survivor]
        for kill in range(N_KILLS):
            victim = Learner(tmp_path / "a", url, 1000 * kill + 1)
            victim.hear(2 + kill)
            victim.kill()
            survivor.hear(2)
            learners.append(victim)
        survivor.kill()
        assert_nothing_is_lost(url, tmp_path / "a", learners)
        assert_nothing_is_lost(url, tmp_path / "c", learners)


def test_a_server_that_is_killed_while_machines_learn_has_what_it_acknowledged(
    server: postgres.Server, tmp_path: Path
) -> None:
    with postgres.database(server) as url:
        open_on(tmp_path / "c", url).close()
        learners = [Learner(tmp_path / host, url, first) for host, first in (("a", 1), ("b", 1001))]
        for learner in learners:
            learner.hear(4)
        server.kill()
        for learner in learners:
            learner.kill()
        server.start()
        for host in "abc":
            assert_nothing_is_lost(url, tmp_path / host, learners)


def test_while_the_server_is_away_a_machine_answers_says_so_and_follows_again_later(
    server: postgres.Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replica, "LATE_S", 0.0)
    with postgres.database(server) as url, open_on(tmp_path / "a", url) as store:
        song = store.add_song(*entry(1)).song
        tokens = entry(1)[1].token
        before = rows(store.lookup(tokens))
        server.stop()
        try:
            with pytest.raises(StoreAwayError, match="cannot be reached"):
                store.add_song(*entry(2))
            with pytest.raises(StoreAwayError):
                store.check_writable()
            assert store.as_of is not None
            with open_on(tmp_path / "a", url) as again:
                for opened in (store, again):
                    assert opened.songs() == [song]
                    assert opened.names([song.id]) == {song.id: "song 1"}
                    assert rows(opened.lookup(tokens)) == before
                    assert opened.as_of is not None
                    assert "cannot be reached" in opened.check().problems[0]
            with pytest.raises(StoreAwayError):
                open_on(tmp_path / "nothing kept", url)
        finally:
            server.start()
        monkeypatch.setattr(replica, "LATE_S", PATIENCE_S)
        with open_on(tmp_path / "b", url) as other:
            other.add_song(*entry(3))
        follow(store)
        assert store.n_songs() == 2
        assert store.as_of is None
