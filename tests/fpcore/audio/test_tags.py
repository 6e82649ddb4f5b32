"""Tags: their length, and what is passed over at the start of a file."""

from __future__ import annotations

import io

import pytest

from fpcore.audio.tags import TAG, skip_tag, tag_bytes, tag_span
from tests.odd_files import faults


def test_a_tag_may_end_with_a_footer() -> None:
    header = b"ID3\x04\0\x10\0\0\0\x05"
    assert tag_bytes(header) == 25
    assert tag_bytes(header.replace(b"\x10", b"\0")) == 15
    assert tag_bytes(header[:9]) == tag_bytes(b"\xff\xfb" * 5) == 0


def test_a_file_stands_behind_its_tag() -> None:
    file = io.BytesIO(b"ID3\x03\0\0\0\0\0\x03abc" + b"sound")
    assert skip_tag(file) == 13
    assert file.read() == b"sound"


APE_1, APE_2 = (faults.ape(has_header=has_header) for has_header in (False, True))
LYRICS_1 = b"LYRICSBEGINof a songLYRICSEND"
WHOLE = {
    "ID3v1": faults.ID3V1,
    "enhanced": b"TAG+" + bytes(223),
    "ID3v2": faults.ID3V2,
    "APE 1": APE_1,
    "APE 2": APE_2,
    "LYRICS3": faults.LYRICS3,
    "LYRICS3 1": LYRICS_1,
}


@pytest.mark.parametrize("tag", WHOLE.values(), ids=WHOLE)
def test_a_tag_is_found_with_its_length_by_what_marks_it(tag: bytes) -> None:
    file = io.BytesIO(b"sound" + tag + b"sound")
    end = 5 + len(tag)
    found = [tag_span(file, mark.start(), end) for mark in TAG.finditer(file.getvalue())]
    assert (5, end) in found
    shorter = [tag_span(file, mark.start(), end - 1) for mark in TAG.finditer(file.getvalue())]
    assert (5, end) not in shorter


@pytest.mark.parametrize(
    "content",
    [
        b"TAG" + bytes(124),
        b"ID3\xff\0\0\0\0\0\0",
        b"ID3\3\0\0\0\0\0\x80" + bytes(200),
        b"ID3\3",
        b"APETAGEX" + bytes(24),
        b"APETAGEX",
        APE_1[-32:],  # its items are missing
        b"LYRICSBEGIN of which no end follows",
        b"ATAG" + bytes(200),
        b"",
    ],
)
def test_what_only_looks_like_a_tag_is_none(content: bytes) -> None:
    assert tag_span(io.BytesIO(content), 0, len(content)) is None
