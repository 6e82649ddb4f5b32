"""PostgreSQL store beside the contract: its replica, and what is known by now on all machines."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fpcore.errors import StoreError, StoreReadOnlyError
from fpcore.places import Address
from fpcore.profiles import MadeWith, load_profile
from fpcore.store import open_store
from fpcore.store.postgres import replica_of
from tests import postgres
from tests.fpcore.store.hosts import follow, open_on, two
from tests.fpcore.store.material import PACKED, entry


def test_a_replica_that_is_lost_or_damaged_or_of_another_index_is_made_again(
    url: str, tmp_path: Path
) -> None:
    server, name = postgres.shared(), url.rpartition("/")[2]
    with open_on(tmp_path, url) as store:
        song = store.add_song(*entry(1)).song
        file = store.file
    shutil.rmtree(file.parent)
    with open_on(tmp_path, url) as store:
        assert store.songs() == [song]
    file.write_bytes(b"\0" * 8192)
    with open_on(tmp_path, url) as store:
        assert store.songs() == [song]
        server.drop(name)
        server.create(name)
        with open_on(tmp_path / "b", url) as other:
            new = other.add_song(*entry(2)).song
        with pytest.raises(StoreError, match="was replaced by another index"):
            follow(store)
    with open_on(tmp_path, url) as store:
        assert store.songs() == [new]
        assert store.check(full=True).ok


def test_the_profile_of_an_index_is_known_on_every_machine(url: str, tmp_path: Path) -> None:
    own = load_profile().model_copy(update={"name": "own", "fingerprint": PACKED})
    first, second = MadeWith(own, by_name=False), MadeWith(own, by_name=True)
    with open_on(tmp_path / "a", url, made_with=first) as one:
        assert one.made_with() == first
    with open_on(tmp_path / "b", url) as other:
        assert other.made_with() == first
        other.remember(second)
        assert other.made_with() == second
    with open_on(tmp_path / "a", url) as one:
        assert one.made_with() == second


def test_a_replica_that_is_opened_as_a_file_can_be_read_alone(url: str, tmp_path: Path) -> None:
    with open_on(tmp_path, url) as store:
        song = store.add_song(*entry(1)).song
        with open_store(store.file, None) as file:
            assert file.songs() == [song]
            with pytest.raises(StoreReadOnlyError, match=r"this machine's copy of postgresql://"):
                file.remove(song.id)


def test_what_another_machine_just_removed_is_learned_again_and_what_it_learned_is_known(
    url: str, tmp_path: Path
) -> None:
    with two(tmp_path, url) as (one, other):
        song = one.add_song(*entry(1)).song
        follow(other)
        one.remove(song.id)
        again = other.add_song(*entry(1))
        assert (again.created, again.song.id) == (True, song.id + 1)
        assert one.known_file("checksum 1") is not None
        assert not one.add_song(*entry(1)).created


def test_the_replica_lies_in_the_cache_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FPCORE_CACHE", str(tmp_path))
    address = Address("postgresql://h/d")
    assert replica_of(address) == tmp_path / "replicas" / address.folder_name / "index.db"
