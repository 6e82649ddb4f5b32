"""Cut files that both decoders would accept, recognised by the sizes in their headers."""

from __future__ import annotations

import os
from typing import Literal, NamedTuple

from fpcore.audio.chunks import SampleChunk, find_samples
from fpcore.audio.decoding import SeekableReader
from fpcore.audio.parts import SLACK_BYTES
from fpcore.audio.stated_sizes import stated_end
from fpcore.audio.tags import skip_tag

_MAX_PAGE_BYTES = 27 + 255 + 255 * 255
"""Longest page of an Ogg file: header, segment table, segments."""

_TAG_OFFSETS = (36, 21, 13)
"""Where the tag "Xing" or "Info" stands in a frame of MPEG 1 stereo; 1 mono or 2 stereo; 2 mono."""

_MP3_TOLERANCE = 0.02
"""Some encoders count tags that were removed later; a fiftieth of a song is not missed."""


class Missing(NamedTuple):
    """A file that ends inside its audio: what to say of it, and the length that it states."""

    text: str
    stated_s: float | None = None


def missing(file: SeekableReader) -> Missing | None:
    """Return what is missing of a file by its headers; None when it is whole or states nothing."""
    n_bytes = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(12)
    if head[:4] == b"RIFF" and head[8:] == b"WAVE":
        return _missing_of_chunk(file, n_bytes, name=b"data", order="little")
    if head[:4] == b"FORM" and head[8:] in {b"AIFF", b"AIFC"}:
        return _missing_of_chunk(file, n_bytes, name=b"SSND", order="big")
    if head[:4] == b"OggS":
        return _missing_of_ogg(file, n_bytes)
    end = stated_end(file)
    if end is not None:
        return _missing_of_bytes(n_bytes, end)
    return _missing_of_mp3(file, n_bytes)


def _missing_of_chunk(
    file: SeekableReader, n_bytes: int, *, name: bytes, order: Literal["little", "big"]
) -> Missing | None:
    """Return what is missing of the samples in the chunk ``name``; nothing of a length unknown."""
    samples = find_samples(file, name=name, order=order)
    if samples is None or not samples.is_stated or samples.end <= n_bytes + SLACK_BYTES:
        return None
    present, stated = (_extent(samples, n) for n in (n_bytes - samples.position, samples.size))
    text = f"is cut off after {present} of {stated}: use a complete copy"
    return Missing(text, samples.seconds(samples.size))


def _extent(samples: SampleChunk, n_bytes: int) -> str:
    """Return a length in seconds, or in bytes when the header states no byte rate."""
    duration_s = samples.seconds(n_bytes)
    return f"{n_bytes} bytes" if duration_s is None else f"{duration_s:.2f} s"


def _missing_of_bytes(n_bytes: int, end: int) -> Missing | None:
    """Tell when a file ends before its sound does."""
    if end <= n_bytes + SLACK_BYTES:
        return None
    return Missing(f"is cut off: {n_bytes} of {end} bytes are there, use a complete copy")


def _missing_of_ogg(file: SeekableReader, n_bytes: int) -> Missing | None:
    """Tell when the last page is longer than what is left of the file."""
    start = max(0, n_bytes - _MAX_PAGE_BYTES)
    file.seek(start)
    tail = file.read(_MAX_PAGE_BYTES)
    page = tail[tail.rfind(b"OggS") :]
    segments = page[27 : 27 + page[26]] if len(page) > 26 else b""
    if len(page) > 26 and len(page) >= 27 + page[26] + sum(segments):
        return None
    return Missing(f"is cut off inside its last page, at byte {n_bytes}: use a complete copy")


def _missing_of_mp3(file: SeekableReader, n_bytes: int) -> Missing | None:
    """Tell when clearly less is left of an MP3 than the tag in its first frame states.

    FFmpeg reads that tag, too, but replaces its length by a guess when the file is longer.
    """
    start = skip_tag(file)
    frame = file.read(64)
    for offset in _TAG_OFFSETS:
        if frame[offset : offset + 4] in {b"Xing", b"Info"}:
            flags = int.from_bytes(frame[offset + 4 : offset + 8])
            if not flags & 2:
                return None
            field = offset + (12 if flags & 1 else 8)
            n_present, n_stated = n_bytes - start, int.from_bytes(frame[field : field + 4])
            if n_present >= n_stated * (1 - _MP3_TOLERANCE):
                return None
            there = f"{n_present} of {n_stated} bytes of audio are there"
            return Missing(f"is cut off: {there}, use a complete copy")
    return None
