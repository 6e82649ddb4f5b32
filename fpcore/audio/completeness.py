"""Cut files that both decoders would take without a word, told by the sizes in their headers."""

from __future__ import annotations

import os
import struct

from fpcore.audio.decoding import SeekableReader
from fpcore.audio.limits import RefusedError

_CHUNK = struct.Struct("<4sI")
"""Name and size of a chunk of a WAV."""

_STREAMED_SIZE = 0x7FFF_F000
"""Sizes from here on are what programs write that stream a WAV without knowing its length."""

_MAX_PAGE_BYTES = 27 + 255 + 255 * 255
"""Longest page of an Ogg file: header, segment table, segments."""


def refuse_cut(file: SeekableReader) -> None:
    """Raise `RefusedError` when a WAV or Ogg file ends inside its audio."""
    n_bytes = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(12)
    if head[:4] == b"RIFF" and head[8:] == b"WAVE":
        _refuse_cut_wav(file, n_bytes)
    elif head[:4] == b"OggS":
        _refuse_cut_ogg(file, n_bytes)


def _refuse_cut_wav(file: SeekableReader, n_bytes: int) -> None:
    """Raise when the chunk of samples is longer than the file; "length unknown" passes."""
    position, bytes_per_s = 12, 0
    while True:
        file.seek(position)
        # The chunk's header and, of the format chunk, as much as holds the byte rate.
        header = file.read(24)
        if len(header) < _CHUNK.size:
            return
        name, size = _CHUNK.unpack_from(header)
        position += _CHUNK.size
        if name == b"fmt ":
            bytes_per_s = int.from_bytes(header[16:20], "little")
        if name == b"data":
            break
        position += size + size % 2
    if size < _STREAMED_SIZE and position + size > n_bytes:
        present, declared = (_extent(n, bytes_per_s) for n in (n_bytes - position, size))
        raise RefusedError(f"is cut off after {present} of {declared}: use a complete copy")


def _extent(n_bytes: int, bytes_per_s: int) -> str:
    """Return a length in seconds, or in bytes when the header states no byte rate."""
    return f"{n_bytes / bytes_per_s:.2f} s" if bytes_per_s else f"{n_bytes} bytes"


def _refuse_cut_ogg(file: SeekableReader, n_bytes: int) -> None:
    """Raise when the last page is longer than what is left of the file."""
    start = max(0, n_bytes - _MAX_PAGE_BYTES)
    file.seek(start)
    tail = file.read(_MAX_PAGE_BYTES)
    page = tail[tail.rfind(b"OggS") :]
    segments = page[27 : 27 + page[26]] if len(page) > 26 else b""
    if len(page) <= 26 or len(page) < 27 + page[26] + sum(segments):
        raise RefusedError(
            f"is cut off inside its last page, at byte {n_bytes}: use a complete copy"
        )
