"""Replication: what machines change, and a truth that was put back from a backup."""

from __future__ import annotations

from pathlib import Path

import pytest

from fpcore.store.postgres import replica
from tests import postgres
from tests.fpcore.store.hosts import are_equal, follow, open_on, two
from tests.fpcore.store.material import entry

PATIENCE_S = 120.0


def test_a_machine_follows_what_another_learns_changes_and_removes(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replica, "LATE_S", PATIENCE_S)
    with two(tmp_path, url) as (one, other):
        first, second, third = (a.song for a in one.add_songs(entry(seed) for seed in range(3)))
        follow(other)
        assert are_equal(one, other)
        other.add_song(*entry(1, checksum="other bytes"), allow_duplicates=False)
        other.remove(first.id)
        one.rename(second.id, "renamed")
        other.update_metadata(third.id, {"a": 1})
        other.add_song(*entry(5))
        follow(one)
        follow(other)
        assert are_equal(one, other)
        assert [song.name for song in one.songs()] == ["renamed", "song 2", "song 5"]
        assert one.find_copy("other bytes") is not None
        other.add_song(*entry(1, checksum="other bytes"))  # a song of its own from now on
        follow(one)
        assert one.find_copy("other bytes") is None
        for store in (one, other):
            assert store.check(full=True).ok
            assert store.as_of is None
        assert one.clear() == 4
        follow(other)
        assert other.songs() == []


def test_a_backup_that_was_put_back_is_noticed(url: str, tmp_path: Path) -> None:
    server, name = postgres.shared(), url.rpartition("/")[2]
    with open_on(tmp_path / "a", url) as one:
        kept = one.add_song(*entry(1)).song
    with server.connected() as admin:
        admin.execute(f'CREATE DATABASE "{name} backup" TEMPLATE "{name}"'.encode())
    with open_on(tmp_path / "a", url) as one:
        one.add_songs([entry(2), entry(3)])
        one.rename(kept.id, "later")
        server.drop(name)
        with server.connected() as admin:
            admin.execute(f'ALTER DATABASE "{name} backup" RENAME TO "{name}"'.encode())
        with open_on(tmp_path / "b", url) as other:
            other.add_songs([entry(4), entry(2)])
            follow(one)
            assert are_equal(one, other)
            assert [song.name for song in one.songs()] == ["song 1", "song 4", "song 2"]
            assert one.check(full=True).ok
