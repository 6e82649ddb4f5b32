"""Tags before, between and after the frames of a stream: ID3, APE and LYRICS3.

ID3v2 and APE state their length, ID3v1 has always the same, and LYRICS3 ends with a mark.
"""

from __future__ import annotations

import re

from fpcore.audio.decoding import SeekableReader

HEADER_BYTES = 10
_FOOTER_FLAG = 0x10

TAG = re.compile(rb"TAG|ID3|APETAGEX|LYRICSBEGIN")
"""What stands where a tag may begin, or the footer of one in APE that has no header."""

_ID3V1_BYTES = 128
_ENHANCED_BYTES = 227
"""Length of what may stand before ID3v1 for longer titles."""

_APE_BYTES = 32
"""Length of the header of a tag in APE, and of its footer."""

_APE_IS_HEADER = 1 << 29
_LYRICS_END = re.compile(rb"LYRICSEND|[0-9]{6}LYRICS200")
_LONGEST_LYRICS = 1_000_100
"""Bytes of a LYRICS3 tag: a length of six digits, and what stands after it."""


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


def tag_span(file: SeekableReader, at: int, stop: int) -> tuple[int, int] | None:
    """Return where the tag begins and ends that is marked by `TAG` at a position.

    Parameters
    ----------
    file : binary file object
        Seekable.
    at : int
        The position in bytes.
    stop : int
        Where the file is taken to end.

    Returns
    -------
    start, end : int, or None
        None when it is no tag, or reaches beyond ``stop``.
    """
    file.seek(at)
    head = file.read(_APE_BYTES)
    start, end = at, at
    if head.startswith(b"ID3"):
        end = at + _id3v2_bytes(head)
    elif head.startswith(b"APETAGEX"):
        start, end = _ape_span(head, at)
    elif head.startswith(b"LYRICSBEGIN"):
        file.seek(at)
        found = _LYRICS_END.search(file.read(min(_LONGEST_LYRICS, stop - at)))
        end = at if found is None else at + found.end()
    elif head.startswith(b"TAG"):
        end = at + (_ENHANCED_BYTES if head.startswith(b"TAG+") else _ID3V1_BYTES)
    return (start, end) if 0 <= start < end <= stop else None


def _id3v2_bytes(head: bytes) -> int:
    """Return the length of a tag whose version and length are such as are written, else 0."""
    version, length = head[3:5], head[6:HEADER_BYTES]
    is_one = b"\xff" not in version and all(byte < 0x80 for byte in length)
    return tag_bytes(head[:HEADER_BYTES]) if is_one else 0


def _ape_span(head: bytes, at: int) -> tuple[int, int]:
    """Return where a tag in APE begins and ends by its header, or by its footer if it has none.

    Its stated length is that of items and footer.
    """
    size, flags = (int.from_bytes(head[first : first + 4], "little") for first in (12, 20))
    if len(head) < _APE_BYTES or size < _APE_BYTES:
        return at, at
    if flags & _APE_IS_HEADER:
        return at, at + _APE_BYTES + size
    return at + _APE_BYTES - size, at + _APE_BYTES
