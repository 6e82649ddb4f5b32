"""Tags of MPEG audio: their length, and what is passed over at the start of a file."""

from __future__ import annotations

import io

from fpcore.audio.tags import skip_tag, tag_bytes


def test_a_tag_may_end_with_a_footer() -> None:
    header = b"ID3\x04\0\x10\0\0\0\x05"
    assert tag_bytes(header) == 25
    assert tag_bytes(header.replace(b"\x10", b"\0")) == 15
    assert tag_bytes(header[:9]) == tag_bytes(b"\xff\xfb" * 5) == 0


def test_a_file_stands_behind_its_tag() -> None:
    file = io.BytesIO(b"ID3\x03\0\0\0\0\0\x03abc" + b"sound")
    assert skip_tag(file) == 13
    assert file.read() == b"sound"
