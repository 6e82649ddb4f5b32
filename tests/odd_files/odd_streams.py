"""Odd files that are no fault of a whole one: their streams, channels, rates and links."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import numpy as np

from tests import audio_files
from tests.odd_files.faults import BIT_EXACT
from tests.odd_files.kinds import encoded
from tests.odd_files.sound import RATE_HZ, sound

Maker = Callable[[], bytes]


def _written(samples: audio_files.Samples, rate_hz: int, kind: str) -> bytes:
    with TemporaryDirectory() as folder:
        path = audio_files.write(Path(folder, kind), samples, rate_hz, kind=kind)
        return path.read_bytes()


def with_layout(kind: str, *, rate_hz: int = RATE_HZ, n_channels: int = 2) -> Maker:
    """Return a maker of a kind at another rate or with other channels."""
    return lambda: encoded(kind, rate_hz=rate_hz, n_channels=n_channels)


def after_silence(kind: str, silent_s: float) -> Maker:
    """Return a maker of a file whose sound begins after silence."""

    def make() -> bytes:
        silent = np.zeros((round(silent_s * RATE_HZ), 2), np.float32)
        return _written(np.concatenate([silent, sound()]), RATE_HZ, kind)

    return make


def silent(kind: str) -> Maker:
    """Return a maker of a file of silence."""
    return lambda: _written(np.zeros((RATE_HZ, 2), np.float32), RATE_HZ, kind)


def reversed_channel() -> bytes:
    """Return a WAV of which one channel has its polarity reversed."""
    return _written(sound() * np.array([1, -1], np.float32), RATE_HZ, "pcm16.wav")


def with_damaged_numbers() -> bytes:
    """Return a WAV of floats, some of which are no numbers."""
    samples = sound().copy()
    samples[RATE_HZ * 3 : RATE_HZ * 3 + 200] = math.nan
    return _written(samples, RATE_HZ, "float32.wav")


def chained(*links: tuple[str, int, int]) -> Maker:
    """Return a maker of an Ogg file of links, each by kind, rate and channels."""
    return lambda: b"".join(
        encoded(kind, rate_hz=rate_hz, n_channels=n_channels) for kind, rate_hz, n_channels in links
    )


def with_picture(*, has_sound: bool) -> Maker:
    """Return a maker of an MP4 with pictures, with or without sound."""

    def make() -> bytes:
        written = io.BytesIO()
        with av.open(written, "w", format="mp4", options=BIT_EXACT) as output:
            video = output.add_stream("mpeg4", rate=25)
            video.width, video.height, video.pix_fmt = 64, 64, "yuv420p"
            source = av.open(io.BytesIO(encoded("aac.m4a")))
            audio = output.add_stream_from_template(source.streams.audio[0]) if has_sound else None
            image = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
            output.mux(video.encode(image))
            output.mux(video.encode(None))
            for packet in source.demux(audio=0) if audio is not None else ():
                if packet.dts is not None:
                    packet.stream = audio
                    output.mux(packet)
            source.close()
        return written.getvalue()

    return make


def with_cover() -> bytes:
    """Return an MP3 whose tag holds a picture of a cover, which FFmpeg calls a video stream."""
    picture = b"\x89PNG\r\n\x1a\n" + bytes(500)
    frame = b"\0image/png\0\x03\0" + picture
    body = b"APIC" + len(frame).to_bytes(4) + bytes(2) + frame
    size = bytes(len(body) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x03\0\0" + size + body + encoded("untagged.mp3")


def with_two_streams() -> bytes:
    """Return a Matroska file of two audio streams: silence, and the sound as the default one."""
    written = io.BytesIO()
    with av.open(written, "w", format="matroska", options=BIT_EXACT) as output:
        streams = [output.add_stream("pcm_s16le", rate=RATE_HZ, layout="stereo") for _ in range(2)]
        streams[1].disposition = av.stream.Disposition.default
        for stream, level in zip(streams, (0, 32767), strict=True):
            array = np.round(sound() * level).astype(np.int16).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(array, format="s16", layout="stereo")
            frame.sample_rate = RATE_HZ
            output.mux(stream.encode(frame))
            output.mux(stream.encode(None))
    return written.getvalue()
