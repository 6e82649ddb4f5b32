"""Where the sound of a file ends by the sizes in its headers, for kinds other than WAV and AIFF.

Each function takes a file whose first bytes are known to be of its kind. It returns the position
behind the last byte of sound, and None where the file states none, as those that were streamed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

from fpcore.audio.au import HEADER_BYTES, au_header
from fpcore.audio.decoding import SeekableReader

_MOST_PARTS = 100_000
"""Chunks, blocks or elements that are looked at: a file can be made of far more, each of a few
bytes. Of such a file the end is not known."""

_W64_GUID = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00"
_CLUSTER = 0x1F43_B675
_SEGMENT = 0x1853_8067


def stated_end(file: SeekableReader) -> int | None:
    """Return where the sound of ``file`` ends by its headers, None where it states nothing."""
    file.seek(0)
    head = file.read(16)
    for offset, magic, find in _KINDS:
        if head.startswith(magic, offset):
            return find(file)
    return None


def _number(file: SeekableReader, at: int, n_bytes: int, order: Literal["little", "big"]) -> int:
    """Return the number that stands at a position; 0 when the file ends before."""
    file.seek(at)
    return int.from_bytes(file.read(n_bytes), order)


def _of_w64(file: SeekableReader) -> int | None:
    return _number(file, 16, 8, "little") or None


def _of_rf64(file: SeekableReader) -> int | None:
    """Return the end of the file, whose size stands in the first chunk, "ds64"."""
    size = _number(file, 20, 8, "little")
    return size + 8 if size else None


def _of_au(file: SeekableReader) -> int | None:
    file.seek(0)
    header = au_header(file.read(HEADER_BYTES))
    return None if header is None or header.size is None else header.start + header.size


def _of_caf(file: SeekableReader) -> int | None:
    position = 8
    for _ in range(_MOST_PARTS):
        file.seek(position)
        header = file.read(12)
        if len(header) < 12:
            break
        size = int.from_bytes(header[4:], "big", signed=True)
        if header[:4] == b"data" or size < 0:
            return position + 12 + size if size >= 0 else None
        position += 12 + size
    return None


def _of_dsf(file: SeekableReader) -> int | None:
    """Return the end of the chunk of samples, which follows two of fixed length."""
    size = _number(file, 84, 8, "little")
    return 80 + size if size else None


def _of_iff(file: SeekableReader) -> int | None:
    size = _number(file, 4, 4, "big")
    return size + 8 if size else None


def _of_nist(file: SeekableReader) -> int | None:
    """Return the end by a header of lines such as ``sample_count -i 384000``."""
    file.seek(0)
    header = file.read(1024)
    counts = dict(re.findall(rb"(\w+) -i (\d{1,15})\s", header))
    start = re.match(rb"NIST_1A\s+(\d{1,9})\s", header)
    names = (b"sample_count", b"channel_count", b"sample_n_bytes")
    if start is None or b"embedded" in header or not set(names) <= set(counts):
        return None
    n_samples, n_channels, width = (int(counts[name]) for name in names)
    return int(start[1]) + n_samples * n_channels * width


def _of_voc(file: SeekableReader) -> int | None:
    """Return the end of the last block; each begins with a type and a size of three bytes."""
    position = _number(file, 20, 2, "little")
    for _ in range(_MOST_PARTS):
        file.seek(position)
        header = file.read(4)
        if len(header) < 4 or not header[0]:
            return position
        position += 4 + int.from_bytes(header[1:], "little")
    return None


def _of_avi(file: SeekableReader) -> int | None:
    """Return the end of the list "movi", which holds sound and pictures; an index may follow."""
    position = 12
    for _ in range(_MOST_PARTS):
        file.seek(position)
        header = file.read(12)
        size = int.from_bytes(header[4:8], "little")
        if len(header) < 12 or not size:
            break
        if header[:4] == b"LIST" and header[8:] == b"movi":
            return position + 8 + size
        position += 8 + size + size % 2
    return None


def _of_matroska(file: SeekableReader) -> int | None:
    """Return the end of the last cluster, as the groups of frames are called."""
    end, position = None, 0
    for _ in range(_MOST_PARTS):
        name, size, start = _element(file, position)
        if not name or size is None:
            return end if not name else None
        if name == _CLUSTER:
            end = start + size
        position = start if name == _SEGMENT else start + size
    return None


def _element(file: SeekableReader, position: int) -> tuple[int, int | None, int]:
    """Return name, size and start of a Matroska element; the name is 0 at the end of the file.

    Both numbers tell by their leading zeros how many bytes they have. A size of ones alone, which
    says that it is not known, is None, except of the segment, whose parts follow anyhow.
    """
    file.seek(position)
    header = file.read(12)
    n_name = 9 - header[0].bit_length() if header else 12
    n_size = 9 - header[n_name].bit_length() if n_name < len(header) else 12
    if len(header) < n_name + n_size:
        return 0, None, position
    name = int.from_bytes(header[:n_name])
    largest = (1 << 7 * n_size) - 1
    size = int.from_bytes(header[n_name : n_name + n_size]) & largest
    is_known = size != largest or name == _SEGMENT
    return name, size if is_known else None, position + n_name + n_size


_KINDS: tuple[tuple[int, bytes, Callable[[SeekableReader], int | None]], ...] = (
    (0, _W64_GUID, _of_w64),
    (0, b"RF64", _of_rf64),
    (0, b".snd", _of_au),
    (0, b"caff", _of_caf),
    (0, b"DSD ", _of_dsf),
    (8, b"8SVX", _of_iff),
    (8, b"16SV", _of_iff),
    (0, b"NIST_1A", _of_nist),
    (0, b"Creative Voice File\x1a"[:16], _of_voc),
    (8, b"AVI ", _of_avi),
    (0, b"\x1aE\xdf\xa3", _of_matroska),
)
