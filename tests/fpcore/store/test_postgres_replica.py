"""Replicas: they follow by themselves, and in parts."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from fpcore.store import postgres_replica
from tests.fpcore.store.hosts import are_equal, open_on, two
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
