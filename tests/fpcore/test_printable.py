"""Characters that may go to a terminal or a log, and those that may not."""

from __future__ import annotations

import pytest

from fpcore.printable import is_visible

SEEN = {
    "letters of any script": "aZéßжΩ東한अ",
    "signs": "~$“—≤♪🎵",
    "spaces that are not ordinary": " \u00a0\u2009\u3000",
    "accents of their own": "\u0301\u093f",
    "joiners inside of words and emoji": "\u200c\u200d",
}
UNSEEN = {
    "ends of lines": "\n\r\v\f\x85\u2028\u2029",
    "what steers a terminal": "\0\x07\b\t\x1b\x7f\x9b",
    "marks and overrides of direction": "\u200e\u200f\u202a\u202e\u2066\u2069",
    "halves of surrogate pairs": "\ud800\udcff",
    "what has no glyph": "\ufeff\u200b\ue000\U000e0041",
}


@pytest.mark.parametrize("kind", SEEN)
def test_what_can_be_read_is_visible(kind: str) -> None:
    assert [char for char in SEEN[kind] if not is_visible(char)] == []


@pytest.mark.parametrize("kind", UNSEEN)
def test_what_would_disturb_the_text_is_not(kind: str) -> None:
    assert [char for char in UNSEEN[kind] if is_visible(char)] == []
