"""Frames at the end of a file: whether the last is all there, by what real encoders write."""

from __future__ import annotations

import io

import av
import pytest

from fpcore.audio.frames import ROW_BYTES, begins_with_frames, ends_inside_frame
from tests.audio_files import by_ffmpeg
from tests.odd_files import faults
from tests.odd_files.kinds import KINDS, Kind, encoded

DEMUXERS = {
    "untagged.mp3": "mp3",
    "mp2.mp2": "mp3",
    "adts.aac": "aac",
    "aac.latm": "loas",
    "ac3.ac3": "ac3",
    "eac3.eac3": "eac3",
    "amr.amr": "amr",
    "mp2.ts": "mpegts",
    "camera.ts": "mpegts",
    "mp2.mpg": "mpeg",
    "wmav2.wma": "asf",
}
CAMERA = Kind(by_ffmpeg("mpegts", "mp2", options={"mpegts_m2ts_mode": "1"}))
FOLLOWING = {
    "nothing": b"",
    "ID3v1": faults.ID3V1,
    "ID3v2": faults.ID3V2,
    "APE": faults.APE,
    "LYRICS3": faults.LYRICS3 + faults.ID3V1,
    "zeros": bytes(5000),
    "ones": b"\xff" * 5000,
}


@pytest.fixture(scope="module", autouse=True)
def camera() -> None:
    """Let a camera's kind of MPEG-TS be encoded like the others."""
    KINDS.setdefault("camera.ts", CAMERA)


def is_cut(content: bytes, demuxer: str) -> bool:
    return ends_inside_frame(io.BytesIO(content), demuxer)


@pytest.mark.parametrize("following", FOLLOWING)
@pytest.mark.parametrize("kind", DEMUXERS)
def test_a_whole_file_is_not_cut_whatever_follows(kind: str, following: str) -> None:
    content = encoded(kind, duration_s=1.0) + FOLLOWING[following]
    assert not is_cut(content, DEMUXERS[kind])
    assert not is_cut(content * 2, DEMUXERS[kind])


@pytest.mark.parametrize("kind", DEMUXERS)
def test_a_file_that_ends_elsewhere_than_a_frame_is_cut(kind: str) -> None:
    content = encoded(kind, duration_s=1.0)
    n_bytes = len(content)
    lengths = {n_bytes * 3 // 4 + n_bytes * part // 601 for part in range(150)}
    # The rest ends with a frame, or too early in the header of one: AMR has 13 bytes in a frame.
    assert sum(is_cut(content[:n], DEMUXERS[kind]) for n in lengths) > 0.88 * len(lengths)


@pytest.mark.parametrize(
    ("kind", "rate_hz"),
    [
        *(("untagged.mp3", hz) for hz in (48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 11_025)),
        *(("mp2.mp2", hz) for hz in (44_100, 32_000, 22_050)),
        *(("adts.aac", hz) for hz in (44_100, 16_000)),
        *((kind, hz) for kind in ("ac3.ac3", "eac3.eac3") for hz in (48_000, 44_100, 32_000)),
    ],
)
def test_frames_end_where_the_next_begins_by_ffmpeg(kind: str, rate_hz: int) -> None:
    content = encoded(kind, rate_hz=rate_hz, duration_s=1.0)
    with av.open(io.BytesIO(content)) as container:
        starts = [packet.pos for packet in container.demux() if packet.size]
    assert len(starts) > 6
    for start in starts[6:]:
        assert start is not None
        assert not is_cut(content[:start], DEMUXERS[kind])
        assert is_cut(content[: start - 1], DEMUXERS[kind])
        assert is_cut(content[: start + 8], DEMUXERS[kind])


def made(header: bytes, n_bytes: int) -> bytes:
    return (header + bytes(n_bytes - len(header))) * 9


@pytest.mark.parametrize(
    ("demuxer", "content"),
    [
        # AMR-WB at 23.85 kbit/s; layer I at 32 kbit/s; MPEG-1 packs; DTS with 1006 bytes a frame.
        ("amr", b"#!AMR-WB\n" + made(b"\x44", 61)),
        ("mp3", made(b"\xff\xff\x10\0", 32)),
        ("mpeg", (b"\0\0\1\xba\x21" + bytes(7) + b"\0\0\1\xc0\0\x20" + bytes(32)) * 9),
        ("dts", made(b"\x7f\xfe\x80\x01\xfc\x3c\x3e\xd0", 1006)),
    ],
)
def test_kinds_that_no_encoder_here_writes(demuxer: str, content: bytes) -> None:
    assert not is_cut(content, demuxer)
    assert not is_cut(content + bytes(99), demuxer)
    assert is_cut(content[:-1], demuxer)


def test_frames_that_state_no_length_and_kinds_without_frames_are_not_cut() -> None:
    free = made(b"\xff\xfb\x00\0", 400)
    assert not is_cut(free[:-1], "mp3")
    assert not is_cut(encoded("ac3.ac3", duration_s=1.0)[:-1], "wav")
    assert not is_cut(b"", "mp3")


def test_frames_in_a_row_are_told_from_a_coincidence() -> None:
    content = encoded("ac3.ac3", duration_s=1.0)
    assert begins_with_frames(content[:ROW_BYTES], "ac3")
    assert not begins_with_frames(content[1:ROW_BYTES], "ac3")
    frame = b"\x0bw\0\0\0\x40" + bytes(122)
    assert not begins_with_frames(frame * 3 + bytes(ROW_BYTES), "ac3")
    assert begins_with_frames(frame * 3, "ac3")  # up to the end of the file
    assert not begins_with_frames(b"", "ac3")
    assert not begins_with_frames(content, "wav")
