"""Cut files that both decoders would accept, recognised by the sizes in their headers."""

from __future__ import annotations

import os
from typing import Literal

from fpcore.audio.containers import skip_tag
from fpcore.audio.decoding import SeekableReader
from fpcore.audio.limits import AudioRefusedError

_STREAMED_SIZE = 0x7FFF_F000
"""A size of this or more is written by programs that stream a WAV of unknown length."""

_MAX_PAGE_BYTES = 27 + 255 + 255 * 255
"""Longest page of an Ogg file: header, segment table, segments."""

_TAG_OFFSETS = (36, 21, 13)
"""Where the tag "Xing" or "Info" stands in a frame of MPEG 1 stereo; 1 mono or 2 stereo; 2 mono."""

_MP3_TOLERANCE = 0.02
"""Some encoders count tags that were removed later; a fiftieth of a song is not missed."""


def refuse_cut(file: SeekableReader) -> None:
    """Raise `AudioRefusedError` when a WAV, AIFF, Ogg or tagged MP3 file ends inside its audio."""
    n_bytes = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(12)
    if head[:4] == b"RIFF" and head[8:] == b"WAVE":
        _refuse_cut_chunk(file, n_bytes, samples=b"data", order="little")
    elif head[:4] == b"FORM" and head[8:] in {b"AIFF", b"AIFC"}:
        _refuse_cut_chunk(file, n_bytes, samples=b"SSND", order="big")
    elif head[:4] == b"OggS":
        _refuse_cut_ogg(file, n_bytes)
    else:
        _refuse_cut_mp3(file, n_bytes)


def _refuse_cut_chunk(
    file: SeekableReader, n_bytes: int, *, samples: bytes, order: Literal["little", "big"]
) -> None:
    """Raise when the chunk named ``samples`` is longer than the file; "length unknown" passes."""
    position, bytes_per_s = 12, 0
    while True:
        file.seek(position)
        # The chunk's header and, of a WAV's format, as much as holds the byte rate.
        header = file.read(24)
        if len(header) < 8:
            return
        name, size = header[:4], int.from_bytes(header[4:8], order)
        position += 8
        if name == b"fmt ":
            bytes_per_s = int.from_bytes(header[16:20], order)
        if name == samples:
            break
        position += size + size % 2
    if size < _STREAMED_SIZE and position + size > n_bytes:
        present, declared = (_extent(n, bytes_per_s) for n in (n_bytes - position, size))
        raise AudioRefusedError(f"is cut off after {present} of {declared}: use a complete copy")


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
        raise AudioRefusedError(
            f"is cut off inside its last page, at byte {n_bytes}: use a complete copy"
        )


def _refuse_cut_mp3(file: SeekableReader, n_bytes: int) -> None:
    """Raise when clearly less is left of an MP3 than the tag in its first frame states.

    FFmpeg reads that tag, too, but replaces its length by a guess when the file is longer.
    """
    start = skip_tag(file)
    frame = file.read(64)
    for offset in _TAG_OFFSETS:
        if frame[offset : offset + 4] in {b"Xing", b"Info"}:
            flags = int.from_bytes(frame[offset + 4 : offset + 8])
            if flags & 2:
                field = offset + (12 if flags & 1 else 8)
                n_stated = int.from_bytes(frame[field : field + 4])
                _refuse_short_mp3(n_bytes - start, n_stated)
            return


def _refuse_short_mp3(n_present: int, n_stated: int) -> None:
    if n_present < n_stated * (1 - _MP3_TOLERANCE):
        raise AudioRefusedError(
            f"is cut off: {n_present} of {n_stated} bytes of audio are there, use a complete copy"
        )
