"""Song table: what is told of a list; how it scrolls is tested with the library."""

from __future__ import annotations

import doctest

from clients.desktop.widgets import song_table


def test_the_examples_hold() -> None:
    assert doctest.testmod(song_table).failed == 0
