"""Real audio files of every supported kind, for any test: ``from tests import audio_files``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import soundfile
from numpy.typing import NDArray

Samples = NDArray[np.float32]

BLOCK_FRAMES = 4096
"""Written at a time: one long Vorbis array can crash the encoder."""

_LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}


def noisy_tones(
    duration_s: float, sample_rate_hz: int, *, n_channels: int = 2, seed: int = 0
) -> Samples:
    """Return tones that swell, in noise, float32 (n, n_channels): no two moments are alike."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(round(duration_s * sample_rate_hz)) / sample_rate_hz
    swell = 1 + 0.5 * np.sin(2 * np.pi * 2 * time_s)
    tones = [0.25 * swell * np.sin(2 * np.pi * (440 + 70 * c) * time_s) for c in range(n_channels)]
    noise = 0.05 * rng.standard_normal((time_s.size, n_channels))
    return (np.stack(tones, axis=1) + noise).clip(-0.95, 0.95).astype(np.float32)


def write_sound(
    path: Path, samples: Samples, sample_rate_hz: int, *, container: str, subtype: str
) -> None:
    """Write ``samples`` (n, n_channels) by libsndfile."""
    with soundfile.SoundFile(
        path, "w", sample_rate_hz, samples.shape[1], format=container, subtype=subtype
    ) as file:
        for start in range(0, len(samples), BLOCK_FRAMES):
            file.write(samples[start : start + BLOCK_FRAMES])


def write_av(
    path: Path,
    samples: Samples,
    sample_rate_hz: int,
    *,
    container: str,
    codec: str,
    sample_format: str = "",
    options: dict[str, str] | None = None,
    codec_options: dict[str, str] | None = None,
) -> None:
    """Write ``samples`` (n, n_channels) by FFmpeg as the only stream of ``path``.

    Without ``sample_format`` it is the first that the codec takes.
    """
    formats = av.Codec(codec, "w").audio_formats or []
    sample_format = sample_format or formats[0].name
    # Bit-exact files carry no time and no number drawn at random.
    options = {"fflags": "+bitexact", **(options or {})}
    with av.open(str(path), "w", format=container, options=options) as output:
        stream = output.add_stream(
            codec, rate=sample_rate_hz, layout=_LAYOUTS[samples.shape[1]], format=sample_format
        )
        stream.codec_context.options = codec_options or {}
        _encode(output, stream, samples, sample_format)


def _encode(output: Any, stream: Any, samples: Samples, sample_format: str) -> None:
    """Mux all of ``samples`` into ``stream``."""
    planar = sample_format.endswith("p")
    layout, rate_hz = _LAYOUTS[samples.shape[1]], stream.rate
    fifo = av.AudioFifo()
    for start in range(0, len(samples), BLOCK_FRAMES):
        block = samples[start : start + BLOCK_FRAMES]
        array = _in_format(block.T if planar else block.reshape(1, -1), sample_format)
        frame = av.AudioFrame.from_ndarray(array, format=sample_format, layout=layout)
        frame.sample_rate, frame.pts, frame.time_base = rate_hz, start, Fraction(1, rate_hz)
        fifo.write(frame)
        for full in fifo.read_many(stream.codec_context.frame_size or BLOCK_FRAMES):
            output.mux(stream.encode(full))
    rest = fifo.read()
    if rest is not None:
        output.mux(stream.encode(rest))
    output.mux(stream.encode(None))


def _in_format(samples: Samples, sample_format: str) -> NDArray[Any]:
    """Return samples at full scale 1 in a sample format of FFmpeg."""
    kind = sample_format.removesuffix("p")
    if kind == "u8":
        return np.ascontiguousarray(np.round(samples * 127 + 128).astype(np.uint8))
    if kind in {"s16", "s32"}:
        n_bits = int(kind[1:])
        whole = np.round(samples.astype(float) * (2 ** (n_bits - 1) - 1))
        return np.ascontiguousarray(whole.astype(f"i{n_bits // 8}"))
    return np.ascontiguousarray(samples, np.float64 if kind == "dbl" else np.float32)


def by_libsndfile(container: str, subtype: str) -> Callable[[Path, Samples, int], None]:
    """Return a writer ``(path, samples, sample_rate_hz)`` by libsndfile."""

    def write(path: Path, samples: Samples, sample_rate_hz: int) -> None:
        write_sound(path, samples, sample_rate_hz, container=container, subtype=subtype)

    return write


def by_ffmpeg(container: str, codec: str, **more: Any) -> Callable[[Path, Samples, int], None]:
    """Return a writer ``(path, samples, sample_rate_hz)`` by FFmpeg."""

    def write(path: Path, samples: Samples, sample_rate_hz: int) -> None:
        write_av(path, samples, sample_rate_hz, container=container, codec=codec, **more)

    return write


LOSSLESS = {
    "pcm8.wav": by_libsndfile("WAV", "PCM_U8"),
    "pcm16.wav": by_libsndfile("WAV", "PCM_16"),
    "pcm24.wav": by_libsndfile("WAV", "PCM_24"),
    "pcm32.wav": by_libsndfile("WAV", "PCM_32"),
    "float32.wav": by_libsndfile("WAV", "FLOAT"),
    "float64.wav": by_libsndfile("WAV", "DOUBLE"),
    "extensible24.wav": by_libsndfile("WAVEX", "PCM_24"),
    "pcm16.aiff": by_libsndfile("AIFF", "PCM_16"),
    "pcm16.flac": by_libsndfile("FLAC", "PCM_16"),
    "pcm24.flac": by_libsndfile("FLAC", "PCM_24"),
    "alac.m4a": by_ffmpeg("ipod", "alac", sample_format="s16p"),
}
"""File name -> writer ``(path, samples, sample_rate_hz)``, without loss but of bit depth."""

LOSSY = {
    "vorbis.ogg": by_libsndfile("OGG", "VORBIS"),
    "lame.mp3": by_ffmpeg("mp3", "libmp3lame", sample_format="s16p"),
    "aac.m4a": by_ffmpeg("ipod", "aac"),
    "faststart.m4a": by_ffmpeg("ipod", "aac", options={"movflags": "+faststart"}),
    "opus.opus": by_ffmpeg("opus", "libopus", sample_format="s16"),
    "opus.webm": by_ffmpeg("webm", "libopus", sample_format="s16"),
}
"""File name -> writer, of lossy kinds whose container states the encoder's delay."""

DELAYED = {
    "untagged.mp3": by_ffmpeg(
        "mp3", "libmp3lame", sample_format="s16p", options={"write_xing": "0"}
    ),
    "adts.aac": by_ffmpeg("adts", "aac"),
    "fragmented.mp4": by_ffmpeg("mp4", "aac", options={"movflags": "frag_keyframe+empty_moov"}),
}
"""File name -> writer, of lossy kinds that do not state the encoder's delay."""

EVERY_KIND = LOSSLESS | LOSSY | DELAYED


def write(path: Path, samples: Samples, sample_rate_hz: int, *, kind: str) -> Path:
    """Write ``samples`` (n, n_channels) as a ``kind`` of `EVERY_KIND`, and return ``path``."""
    EVERY_KIND[kind](path, samples, sample_rate_hz)
    return path


def silent_flac(duration_s: float, sample_rate_hz: int = 8000) -> bytes:
    """Return a FLAC file of mono silence in as few bytes as the format allows.

    Every frame is one constant subframe of 65,535 samples, 16 bytes for eight seconds at
    8 kHz; the header says that the length is unknown.
    """
    block = 65_535
    n_blocks = round(duration_s * sample_rate_hz / block)
    # Block size (smallest, largest), frame size unknown, rate, 1 channel, 16 bits, 0 samples.
    layout = (sample_rate_hz << 44) | (0 << 41) | (15 << 36)
    info = block.to_bytes(2) * 2 + bytes(6) + layout.to_bytes(8) + bytes(16)
    frames = [_silent_frame(number, block) for number in range(n_blocks)]
    return b"fLaC" + b"\x80" + len(info).to_bytes(3) + info + b"".join(frames)


def _silent_frame(number: int, block: int) -> bytes:
    """Return a FLAC frame: a constant subframe of 16-bit zeros."""
    # Sync and fixed blocking; 16-bit block size follows, rate of the header; mono, 16 bits.
    header = b"\xff\xf8" + bytes([0b0111_0000, 0b0000_1000])
    header += chr(number).encode("utf-8", "surrogatepass") + (block - 1).to_bytes(2)
    header += _crc(header, 0x07, 8).to_bytes(1)
    body = header + b"\0" + bytes(2)
    return body + _crc(body, 0x8005, 16).to_bytes(2)


def shift_granules(content: bytes, n_samples: int) -> bytes:
    """Return an Ogg file whose pages count ``n_samples`` fewer than are in them."""
    return b"".join(_counted(page, -n_samples) for page in _pages(content))


def count_more(content: bytes, n_samples: int) -> bytes:
    """Return an Ogg file whose last page counts ``n_samples`` more than are in it."""
    *pages, last = _pages(content)
    return b"".join([*pages, _counted(last, n_samples)])


def _pages(content: bytes) -> Iterator[bytes]:
    while content:
        n_segments = content[26]
        length = 27 + n_segments + sum(content[27 : 27 + n_segments])
        yield content[:length]
        content = content[length:]


def _counted(original: bytes, n_more: int) -> bytes:
    """Return a page with another count of samples, and the checksum that belongs to it."""
    page = bytearray(original)
    granule = int.from_bytes(page[6:14], "little")
    page[6:14] = max(0, granule + n_more).to_bytes(8, "little")
    page[22:26] = bytes(4)
    page[22:26] = _crc(page, 0x04C1_1DB7, 32).to_bytes(4, "little")
    return bytes(page)


def _crc(content: bytes | bytearray, polynomial: int, n_bits: int) -> int:
    """Return the cyclic redundancy check of ``content``, most significant bit first."""
    top, mask = 1 << (n_bits - 1), (1 << n_bits) - 1
    register = 0
    for byte in content:
        register ^= byte << (n_bits - 8)
        for _ in range(8):
            register = ((register << 1) ^ (polynomial if register & top else 0)) & mask
    return register
