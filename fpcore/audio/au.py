"""Headers of AU files, which are joined by putting one behind the other."""

from __future__ import annotations

import re
from typing import NamedTuple

HEADER_BYTES = 24

_STREAMED_SIZE = 0x7FFF_0000
"""Programs that stream an AU file of unknown length write a size of this or more, most 2^32 - 1."""

_SAMPLE_BYTES = {1: 1, 2: 1, 3: 2, 4: 3, 5: 4, 6: 4, 7: 8, 27: 1}
"""Bytes of a sample by its encoding, where that is a whole number."""

PATTERN = re.compile(
    rb"\.snd"
    rb"\x00\x00(?:\x00[\x18-\xff]|[\x01-\xff].)"  # the samples begin at 24 or behind
    rb"...."
    rb"\x00\x00\x00[\x01-\x1b]"  # the encoding
    rb"\x00[\x00-\x0b].."  # at most 786 kHz
    rb"\x00\x00\x00[\x01-\x20]",  # channels
    re.DOTALL,
)
"""Headers as they are found among samples: numbers that no other bytes have by chance."""


class AuHeader(NamedTuple):
    """A header: where the samples begin, their bytes, and the bytes of a second.

    ``size`` is None where none is stated, ``bytes_per_s`` 0 where a sample is no whole bytes.
    """

    start: int
    size: int | None
    bytes_per_s: int


def au_header(head: bytes) -> AuHeader | None:
    """Return what the first `HEADER_BYTES` of a file state, None where they are no such header."""
    if PATTERN.match(head) is None:
        return None
    numbers = (int.from_bytes(head[at : at + 4]) for at in range(4, HEADER_BYTES, 4))
    start, size, encoding, rate_hz, n_channels = numbers
    bytes_per_s = _SAMPLE_BYTES.get(encoding, 0) * rate_hz * n_channels
    return AuHeader(start, size if 0 < size < _STREAMED_SIZE else None, bytes_per_s)
