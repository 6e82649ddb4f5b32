"""Faults of files: functions from the bytes of a whole file to those of an odd one."""

from __future__ import annotations

import io
from collections.abc import Callable

import av
import numpy as np

Fault = Callable[[bytes], bytes]

BIT_EXACT = {"fflags": "+bitexact"}
"""Options of FFmpeg for files without a time and a number drawn at random."""

_N_BYTES = 1500
_ENDS_STREAM = 4
"""The flag of the last page of a stream in an Ogg file."""


def whole(content: bytes) -> bytes:
    """Return the file as it is."""
    return content


def cut(content: bytes) -> bytes:
    """Return the first two thirds of a file."""
    return content[: len(content) * 2 // 3]


def header_only(content: bytes) -> bytes:
    """Return the first 40 bytes of a file."""
    return content[:40]


def nothing(content: bytes) -> bytes:
    """Return no bytes at all."""
    return content[:0]


def replaced(by: Callable[[int], bytes]) -> Fault:
    """Return a fault that puts other bytes into the middle of a file, a fiftieth at most."""

    def fault(content: bytes) -> bytes:
        start, n_bytes = len(content) // 2, min(_N_BYTES, len(content) // 50)
        return content[:start] + by(n_bytes) + content[start + n_bytes :]

    return fault


def noise(n_bytes: int) -> bytes:
    """Return random bytes, the same each time."""
    return np.random.default_rng(7).bytes(n_bytes)


damaged = replaced(noise)
zeroed = replaced(bytes)


def before(junk: bytes) -> Fault:
    """Return a fault that puts bytes before a file."""
    return lambda content: junk + content


def after(junk: bytes) -> Fault:
    """Return a fault that puts bytes after a file."""
    return lambda content: content + junk


def both(first: Fault, second: Fault) -> Fault:
    """Return a fault of two, the first of which comes first."""
    return lambda content: second(first(content))


def twice(between: bytes = b"") -> Fault:
    """Return a fault that joins a file to itself."""
    return lambda content: content + between + content


def empty_end(content: bytes) -> bytes:
    """Return an Ogg file that ends by a page with an empty packet, as some encoders write it."""
    last = content.rindex(b"OggS")
    page = bytearray(content[last:])
    page[5] &= ~_ENDS_STREAM
    number = int.from_bytes(page[18:22], "little") + 1
    end = bytearray(page[:18] + number.to_bytes(4, "little") + bytes(4) + b"\x01\x00")
    end[5] = _ENDS_STREAM
    return content[:last] + _checked(page) + _checked(end)


def _checked(page: bytearray) -> bytes:
    """Return a page of an Ogg file with the checksum that it must have."""
    page[22:26] = bytes(4)
    found = 0
    for octet in page:
        found ^= octet << 24
        for _ in range(8):
            found = (found << 1) ^ (0x104C11DB7 if found >> 31 else 0)
    page[22:26] = found.to_bytes(4, "little")
    return bytes(page)


def stated(size: int | None = None, *, more: int = 0) -> Fault:
    """Return a fault that lets a WAV of 44 bytes before its samples state another size."""

    def fault(content: bytes) -> bytes:
        n_bytes = size if size is not None else len(content) - 44 + more
        return content[:40] + (n_bytes % 2**32).to_bytes(4, "little") + content[44:]

    return fault


def au_unstated(content: bytes) -> bytes:
    """Return an AU file that states no size, as one that was streamed."""
    return content[:8] + b"\xff" * 4 + content[12:]


def aiff_stated(*, more: int) -> Fault:
    """Return a fault that lets an AIFF state another size of its samples."""

    def fault(content: bytes) -> bytes:
        at = content.index(b"SSND") + 4
        size = int.from_bytes(content[at : at + 4]) + more
        return content[:at] + size.to_bytes(4) + content[at + 4 :]

    return fault


def moved(*, late_s: float = 0.0, hole: bool = False) -> Fault:
    """Return a fault that writes the packets of a file later, or without those of a second."""

    def fault(content: bytes) -> bytes:
        written = io.BytesIO()
        with av.open(io.BytesIO(content)) as source:
            name = source.format.name.split(",")[0]
            with av.open(
                written, "w", format="mp4" if name == "mov" else name, options=BIT_EXACT
            ) as target:
                stream = target.add_stream_from_template(source.streams.audio[0])
                for packet in source.demux(source.streams.audio[0]):
                    if packet.pts is None or packet.dts is None:
                        continue
                    if hole and 2 <= packet.pts * packet.time_base < 3:
                        continue
                    later = round(late_s / packet.time_base)
                    packet.pts, packet.dts = packet.pts + later, packet.dts + later
                    packet.stream = stream
                    target.mux(packet)
        return written.getvalue()

    return fault


ID3V1 = b"TAG" + b"x" * 125
ID3V2 = b"ID3\x03\0\0\0\x01\x1c\x20" + noise(20_000)[: (1 << 14) + 3616]
LYRICS3 = b"LYRICSBEGININD0000200ETT00004song000033LYRICS200"


def ape(*, has_header: bool) -> bytes:
    """Return a tag in APE, version 2 with a header or 1 without."""
    item = (2000).to_bytes(4, "little") + bytes(4) + b"Lyrics\0" + bytes(range(200)) * 10

    def mark(flags: int) -> bytes:
        version, size = 1000 + 1000 * has_header, len(item) + 32
        numbers = version, size, 1, flags
        return b"APETAGEX" + b"".join(n.to_bytes(4, "little") for n in numbers) + bytes(8)

    has, is_first = has_header << 31, 1 << 29
    return has_header * mark(has | is_first) + item + mark(has)


APE = ape(has_header=True)
