"""Tags before and between the frames of MPEG audio."""

from __future__ import annotations

from fpcore.audio.decoding import SeekableReader

HEADER_BYTES = 10
_FOOTER_FLAG = 0x10


def tag_bytes(header: bytes) -> int:
    """Return the length of an ID3v2 tag with this ``header`` of ten bytes, 0 of anything else.

    >>> tag_bytes(b"ID3" + bytes([3, 0, 0, 0, 0, 1, 2])), tag_bytes(b"no tag here")
    (140, 0)
    """
    if len(header) < HEADER_BYTES or not header.startswith(b"ID3"):
        return 0
    length = 0
    # It is written in four bytes of seven bits each.
    for byte in header[6:HEADER_BYTES]:
        length = length << 7 | byte & 0x7F
    has_footer = bool(header[5] & _FOOTER_FLAG)
    return length + HEADER_BYTES * (1 + has_footer)


def skip_tag(file: SeekableReader) -> int:
    """Move ``file`` behind an ID3v2 tag at its start, if there is one, and return the position."""
    file.seek(0)
    return file.seek(tag_bytes(file.read(HEADER_BYTES)))
