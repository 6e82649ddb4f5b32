"""Leases: who wants to cut a file short waits as long as it is read, and is noticed."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from fpcore.store.lease import Lease

CUTS_SHORT = os.O_WRONLY | os.O_TRUNC | os.O_NONBLOCK
"""How a file is opened by one that does not wait: it is refused in place of that."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "mapped"
    path.write_bytes(bytes(100))
    return path


@pytest.fixture
def lease(path: Path) -> Lease:
    with path.open("rb") as file:
        lease = Lease.on(file.fileno())
    if lease is None:
        pytest.skip("this file system has no leases")
    return lease


def _cut_short(path: Path) -> None:
    os.close(os.open(path, CUTS_SHORT))


def test_a_file_cannot_be_cut_short_while_a_lease_is_taken(path: Path, lease: Lease) -> None:
    assert lease.take()
    with pytest.raises(BlockingIOError):
        _cut_short(path)
    assert path.stat().st_size == 100
    assert path.read_bytes() == bytes(100)
    lease.give_back()
    _cut_short(path)
    assert path.stat().st_size == 0


def test_it_lasts_until_all_who_took_it_have_given_it_back(path: Path, lease: Lease) -> None:
    assert lease.take()
    assert lease.take()
    lease.give_back()
    with pytest.raises(BlockingIOError):
        _cut_short(path)
    lease.give_back()
    _cut_short(path)


def test_who_waits_to_write_comes_before_who_wants_to_read(path: Path, lease: Lease) -> None:
    assert lease.take()
    with pytest.raises(BlockingIOError):
        _cut_short(path)
    assert not lease.take()
    lease.give_back()
    assert lease.take()  # the other one did not wait
    lease.give_back()


def test_none_is_given_while_another_writes(path: Path, lease: Lease) -> None:
    with path.open("r+b") as file:
        assert not lease.take()
        with path.open("rb") as reader:
            later = Lease.on(reader.fileno())
        assert later is not None
        assert not later.take()
        file.truncate(99)
    for one in (lease, later):
        assert not one.take()  # it is too short now
    _cut_short(path)  # and nobody has it


def test_a_file_may_be_moved_and_removed_meanwhile(path: Path, lease: Lease) -> None:
    assert lease.take()
    path.rename(path.with_name("moved"))
    path.with_name("moved").unlink()
    lease.give_back()
    assert lease.take()
    lease.give_back()


def test_there_are_none_on_other_systems(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with path.open("rb") as file:
        assert Lease.on(file.fileno()) is None
