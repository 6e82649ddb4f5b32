"""Names, times and probabilities as text that any figure can show."""

from __future__ import annotations

from dataclasses import replace

import pytest
from matplotlib import font_manager

from fpcore.display.wording import MISSING, clock, odds, printable, shortened, song_label
from fpcore.records import Match


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0:00.0"),
        (83.4, "1:23.4"),
        (59.96, "1:00.0"),
        (-2.04, "−0:02.0"),
        (-0.01, "0:00.0"),
        (3725.5, "62:05.5"),
    ],
)
def test_clock_carries_seconds_into_minutes(seconds: float, text: str) -> None:
    assert clock(seconds) == text


@pytest.mark.parametrize(
    ("probability", "text"),
    [(0.0, "0.000"), (1.0, "1.000"), (0.0004, "< 0.001"), (0.9999, "> 0.999"), (0.5, "0.500")],
)
def test_a_probability_is_never_rounded_to_certainty(probability: float, text: str) -> None:
    assert odds(probability) == text


def test_printable_text_is_one_line_in_known_glyphs() -> None:
    assert printable(" a\n b\tc\x00\x07\u200d ") == "a b c"
    assert printable("e\u0301") == "é"
    assert printable("\U000e0041x") == "x"
    assert printable("a\U00010380") == f"a{MISSING}"
    assert printable("x²—“$”") == "x²—“$”"


def test_the_stand_in_for_missing_characters_can_itself_be_drawn() -> None:
    font = font_manager.get_font(font_manager.findfont("DejaVu Sans"))
    assert {ord(character) for character in f"{MISSING}…—“”−≤"} <= set(font.get_charmap())


def test_a_long_name_keeps_its_beginning_and_its_end() -> None:
    name = "Symphony number nine in D minor, fourth movement, presto (live)"
    short = shortened(name, 30)
    assert len(short) <= 30
    assert short.startswith("Symphony")
    assert short.endswith("(live)")
    assert "…" in short
    assert shortened("short", 30) == "short"
    assert len(shortened("無" * 100, 30)) <= 15


def test_a_name_that_cannot_be_drawn_whole_is_given_its_id() -> None:
    match = Match(12, "\U00010380\U00010381", 0.0, 1, 0.5, 0.5)
    assert song_label(match) == f"{MISSING}{MISSING} (song 12)"
    assert song_label(replace(match, song_name="")) == "(song 12)"
    assert song_label(replace(match, song_name="plain")) == "plain"
