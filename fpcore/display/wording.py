"""Wording of figures: names, times and probabilities as text that any figure can show."""

from __future__ import annotations

import unicodedata
from functools import cache

from matplotlib import font_manager

from fpcore.display.style import font_families
from fpcore.records import Match

MISSING = "▯"
"""Stands for a character that no font at hand can draw."""


def clock(seconds: float) -> str:
    """Return a time in seconds as minutes and seconds to a tenth, such as ``1:23.4``."""
    tenths = round(abs(seconds) * 10)
    sign = "−" if seconds < 0 and tenths else ""
    return f"{sign}{tenths // 600}:{tenths % 600 / 10:04.1f}"


def odds(probability: float) -> str:
    """Return a probability in three decimals, never rounded to a certainty."""
    if 0 < probability < 0.001:
        return "< 0.001"
    if 0.999 < probability < 1:
        return "> 0.999"
    return f"{probability:.3f}"


def song_label(match: Match, *, max_width: int = 40) -> str:
    """Return the name of a match's song, fit to be drawn.

    Characters that cannot be drawn become `MISSING`, and the song's id is then added. A name
    wider than ``max_width`` letters loses its middle. The text must be drawn without
    interpretation of mathematics (``parse_math=False``).
    """
    name = shortened(printable(match.song_name), max_width)
    if not name or MISSING in name:
        return f"{name} (song {match.song_id})".strip()
    return name


def printable(text: str) -> str:
    """Return ``text`` on one line, without control characters, in glyphs that the fonts have."""
    known = _characters()
    drawn = []
    for character in " ".join(unicodedata.normalize("NFC", text).split()):
        category = unicodedata.category(character)
        if ord(character) in known and category[0] != "C":
            drawn.append(character)
        elif category[0] == "Z":
            drawn.append(" ")
        elif category not in {"Cc", "Cf", "Mn", "Me"}:
            drawn.append(MISSING)
    return "".join(drawn)


def shortened(text: str, max_width: int) -> str:
    """Return ``text`` with its middle left out if it is wider than ``max_width`` letters.

    East Asian characters are two letters wide. The end stays, because versions of a song often
    differ in nothing else.
    """
    if _width(text) <= max_width:
        return text
    tail = text[-1:]
    while _width(text[-len(tail) - 1 :]) <= max_width // 3:
        tail = text[-len(tail) - 1 :]
    head = ""
    while _width(head + text[len(head)]) <= max_width - 1 - _width(tail):
        head += text[len(head)]
    return f"{head.rstrip()}…{tail.lstrip()}"


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


@cache
def _characters() -> frozenset[int]:
    """Return the code points that the figures' fonts can draw."""
    files = [font_manager.findfont(family) for family in font_families()]
    return frozenset().union(*(font_manager.get_font(file).get_charmap() for file in files))
