"""Lengths of frames by their headers, and whether the last one of a file is all there.

A stream without a container states no length: it may end after any frame. What ends inside one was
cut off, as a copy or a recording that was interrupted. That holds for MPEG audio (MP3, MP2), AAC in
ADTS or LATM, AC-3, E-AC-3, DTS and AMR, and for the packets of MPEG-TS, MPEG-PS and WMA. A cut on
the border of two frames cannot be told from an end, nor one in the first bytes of a header, or in
MP3 of free format, whose frames do not state their length.

Only the end of a file is looked at. There, frames that follow one another by their own lengths are
searched for. What follows the last of them and is no frame, as tags and padding, is not looked at:
the frame before it is whole.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import NamedTuple

from fpcore.audio.decoding import SeekableReader

_TAIL_BYTES = 65_536
"""How much of the end is looked at. Of the longest frames eight fill half of it."""

ROW_BYTES = 32_768
"""How much has a row of frames of any kind."""

_ENOUGH = 4
"""After so many frames in a row another one is no coincidence, even if one byte tells it."""

_HEAD_BYTES = 4096
"""Where the header of WMA states the length of a packet."""


class Framing(NamedTuple):
    """How frames of one kind begin, and how long they are.

    ``length`` takes the first ``n_header`` bytes of a frame, which ``sync`` matches, and returns
    the length of the frame in bytes, 0 when it is none. Of these, the last ``n_spare`` are no
    sound.
    """

    sync: re.Pattern[bytes]
    n_header: int
    length: Callable[[bytes], int]
    n_spare: int = 0


def ends_inside_frame(file: SeekableReader, demuxer: str) -> bool:
    """Whether ``file`` ends inside a frame; false where that is not known.

    Parameters
    ----------
    file : binary file object
        Seekable.
    demuxer : str
        FFmpeg's name of its kind.
    """
    file.seek(0)
    framings = _framings(demuxer, file.read(_HEAD_BYTES))
    if not framings:
        return False
    n_bytes = file.seek(0, os.SEEK_END)
    file.seek(max(0, n_bytes - _TAIL_BYTES))
    tail = file.read(_TAIL_BYTES)
    return any(_ends_inside(tail, framing) for framing in framings)


def begins_with_frames(content: bytes, demuxer: str) -> bool:
    """Whether ``content`` begins with frames in a row that are no coincidence.

    Parameters
    ----------
    content : bytes
        What follows somewhere in a file; `ROW_BYTES` are enough.
    demuxer : str
        FFmpeg's name of its kind.
    """
    for framing in _framings(demuxer, b""):
        end, n_frames = _row(content, 0, framing)
        if n_frames > _ENOUGH or (n_frames and end >= len(content)):
            return True
    return False


def _framings(demuxer: str, head: bytes) -> tuple[Framing, ...]:
    """Return the kinds of frames that a file may be made of."""
    if demuxer == "amr":
        return (_AMR_WIDE if head.startswith(b"#!AMR-WB") else _AMR_NARROW,)
    if demuxer == "asf":
        properties = head[head.find(_ASF_PROPERTIES) :]
        return (_of_one_length(rb"\x82\x00\x00", int.from_bytes(properties[92:96], "little")),)
    return _BY_DEMUXER.get(demuxer, ())


def _ends_inside(tail: bytes, framing: Framing) -> bool:
    """Whether the last frame of a row goes on beyond the end of ``tail``."""
    position = 0
    while begin := framing.sync.search(tail, position):
        end, n_frames = _row(tail, begin.start(), framing)
        if n_frames <= _ENOUGH:
            position = begin.start() + 1
        elif end - framing.n_spare > len(tail):
            return True
        else:
            position = end
    return False


def _row(tail: bytes, start: int, framing: Framing) -> tuple[int, int]:
    """Return where a row of frames ends that begins at ``start``, and how many they are."""
    position, n_frames = start, 0
    while framing.sync.match(tail, position):
        header = tail[position : position + framing.n_header]
        length = framing.length(header) if len(header) == framing.n_header else 0
        if not length:
            break
        position += length
        n_frames += 1
    return position, n_frames


_KBITS = {
    (True, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""Kilobits a second of MPEG audio, of MPEG 1 or later, and by layer."""

_MPEG_RATES_HZ = {
    3: (44_100, 48_000, 32_000),
    2: (22_050, 24_000, 16_000),
    0: (11_025, 12_000, 8_000),
}
"""Sample rates of MPEG audio by what stands for MPEG 1, 2 and 2.5."""


def _mpeg_audio(header: bytes) -> int:
    """Return the length of a frame of MP3, MP2 or MP1."""
    version, layer = header[1] >> 3 & 3, 4 - (header[1] >> 1 & 3)
    bit_rate, rate, padding = header[2] >> 4, header[2] >> 2 & 3, header[2] >> 1 & 1
    if version == 1 or layer == 4 or bit_rate in {0, 15} or rate == 3:
        return 0
    is_first = version == 3
    bits_per_s = 1000 * _KBITS[is_first, layer][bit_rate - 1]
    rate_hz = _MPEG_RATES_HZ[version][rate]
    if layer == 1:
        return 4 * (12 * bits_per_s // rate_hz + padding)
    n_samples = 576 if layer == 3 and not is_first else 1152
    return n_samples // 8 * bits_per_s // rate_hz + padding


def _adts(header: bytes) -> int:
    return (header[3] & 3) << 11 | header[4] << 3 | header[5] >> 5


def _latm(header: bytes) -> int:
    return 3 + ((header[1] & 0x1F) << 8 | header[2])


_AC3_KBITS = (
    *(32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640),
)
_EAC3 = 11
"""The first number of a version of E-AC-3."""


def _ac3(header: bytes) -> int:
    """Return the length of a frame of AC-3 or E-AC-3, whose 1536 samples are of 16-bit words."""
    if header[5] >> 3 >= _EAC3:
        return 2 * (((header[2] & 7) << 8 | header[3]) + 1)
    rate, size = header[4] >> 6, header[4] & 0x3F
    if rate == 3 or size >= 2 * len(_AC3_KBITS):
        return 0
    kbits = _AC3_KBITS[size // 2]
    words = (2 * kbits, 320 * kbits // 147 + size % 2, 3 * kbits)  # at 48, 44.1 and 32 kHz
    return 2 * words[rate]


def _dts(header: bytes) -> int:
    return 1 + ((header[5] & 3) << 12 | header[6] << 4 | header[7] >> 4)


def _pack(header: bytes) -> int:
    """Return the length of a packet of MPEG-PS, or of what stands before one."""
    code = header[3]
    if code == 0xB9:  # the end
        return 4
    if code == 0xBA:
        return 14 + (header[13] & 7) if header[4] >> 6 == 1 else 12
    n_bytes = int.from_bytes(header[4:6])
    return 6 + n_bytes if n_bytes else 0


def _of_one_length(sync: bytes, n_bytes: int, n_spare: int = 0) -> Framing:
    return Framing(re.compile(sync, re.DOTALL), 1, lambda _: n_bytes, n_spare)


def _amr(*n_bytes: int) -> Framing:
    """Return frames whose first byte states a mode of speech, silence or nothing, and is sound.

    One that says that it was received with errors is taken for none: so are zeros.
    """
    lengths = dict(enumerate(n_bytes)) | {15: 1}
    sync = re.compile(rb"[\x04\x0c\x14\x1c\x24\x2c\x34\x3c\x44\x4c\x7c]")
    return Framing(sync, 1, lambda header: lengths.get(header[0] >> 3, 0))


_AMR_NARROW = _amr(13, 14, 16, 18, 20, 21, 27, 32, 6)
_AMR_WIDE = _amr(18, 24, 33, 37, 41, 47, 51, 59, 61, 6)
_ASF_PROPERTIES = b"\xa1\xdc\xab\x8c\x47\xa9\xcf\x11\x8e\xe4\x00\xc0\x0c\x20\x53\x65"

_AC3 = Framing(re.compile(rb"\x0bw"), 6, _ac3)
_BY_DEMUXER = {
    "mp3": (Framing(re.compile(rb"\xff[\xe0-\xff]"), 4, _mpeg_audio),),
    "aac": (Framing(re.compile(rb"\xff[\xf0\xf1\xf8\xf9]"), 6, _adts),),
    "loas": (Framing(re.compile(rb"\x56[\xe0-\xff]"), 3, _latm),),
    "ac3": (_AC3,),
    "eac3": (_AC3,),
    "dts": (Framing(re.compile(rb"\x7f\xfe\x80\x01"), 8, _dts),),
    "mpeg": (Framing(re.compile(rb"\x00\x00\x01[\xb9-\xff]"), 14, _pack),),
    # Packets of 188 bytes, on Blu-ray and in cameras with a time of four bytes before each.
    "mpegts": (_of_one_length(b"\x47", 188), _of_one_length(b"\x47", 192, n_spare=4)),
}
