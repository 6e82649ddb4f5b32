"""Words: the examples hold, and so do times of the history."""

from __future__ import annotations

import doctest
from datetime import UTC, datetime

from clients import words


def test_the_examples_hold() -> None:
    tried = doctest.testmod(words)
    assert tried.attempted > 4 and tried.failed == 0


def test_times_of_today_have_no_day() -> None:
    now = datetime(2026, 11, 29, 18, tzinfo=UTC)
    assert words.when("2026-11-29T12:05:00+00:00", now) == "12:05"
    assert words.when("2026-11-28T12:05:00+00:00", now) == "28 Nov 2026, 12:05"
