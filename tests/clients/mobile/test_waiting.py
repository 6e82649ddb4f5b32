"""Recordings wait in their order, and one at a time may ask about them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from clients.mobile.waiting import FullError, Waiting, made_at


def test_recordings_are_there_again_in_their_order(tmp_path: Path) -> None:
    added = [Waiting(tmp_path).add(bytes([number])) for number in range(3)]
    assert Waiting(tmp_path).paths() == added
    assert [path.read_bytes() for path in added] == [b"\0", b"\1", b"\2"]
    times = [made_at(path) for path in added]
    assert times == sorted(set(times))
    assert abs(datetime.fromisoformat(times[0]) - datetime.now(UTC)) < timedelta(hours=1)


def test_a_clock_that_was_put_back_does_not_change_the_order(tmp_path: Path) -> None:
    waiting = Waiting(tmp_path)
    first = waiting.add(b"1")
    later = first.with_name("29991231T235959.999998Z.wav")
    first.rename(later)
    second = waiting.add(b"2")
    assert waiting.paths() == [later, second]


def test_files_of_others_are_passed_over(tmp_path: Path) -> None:
    waiting = Waiting(tmp_path)
    path = waiting.add(b"1")
    for name in ("a.wav", "20261129.wav", "20261129T250000.000000Z.wav"):
        path.with_name(name).write_bytes(b"x")
    assert waiting.paths() == [path]


def test_none_goes_for_another_when_too_many_wait(tmp_path: Path) -> None:
    waiting = Waiting(tmp_path, max_recordings=2)
    added = [waiting.add(b"1"), waiting.add(b"2")]
    with pytest.raises(FullError, match=re.escape("2 recordings wait already: let them")):
        waiting.add(b"3")
    assert waiting.paths() == added


def test_one_at_a_time_has_its_turn(tmp_path: Path) -> None:
    first, second = Waiting(tmp_path), Waiting(tmp_path)
    with first.turn() as is_first, second.turn() as is_second:
        assert (is_first, is_second) == (True, False)
    with second.turn() as is_second:
        assert is_second
