"""Recordings in memory: arrays, signals and bytes as files that decoders read like any other.

An array becomes an AU file of float32, whose bytes follow from rate and samples alone: the same
array is the same content.
"""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fpcore.errors import AudioError
from fpcore.records import Signal

Samples: TypeAlias = NDArray[Any]
"""Samples (n,), (n, channels) or (channels, n): floats in [-1, 1], or signed integers."""

Recording: TypeAlias = str | Path | BinaryIO | bytes | Signal | Samples
"""A path, an open seekable binary file, the bytes of a file, or samples."""

MOST_CHANNELS = 32

_FLOAT_32 = 6
"""The number of that encoding in the header of an AU file."""
_UNKNOWN_SIZE = 0xFFFFFFFF


class _Named(io.BytesIO):
    """A file in memory, and what messages call it."""

    def __init__(self, content: bytes, name: str) -> None:
        super().__init__(content)
        self.name = name


def as_source(recording: Recording, sample_rate_hz: float | None = None) -> str | Path | BinaryIO:
    """Return a recording as what can be decoded: paths and files as they are.

    Raises
    ------
    AudioError
        When an array has no sample rate, anything else is given one, or the samples are no sound.
    """
    if isinstance(recording, np.ndarray):
        if sample_rate_hz is None:
            raise AudioError("an array tells no sample rate: pass sample_rate_hz")
        return _au(recording, sample_rate_hz)
    if sample_rate_hz is not None:
        raise AudioError("sample_rate_hz is for arrays: this recording states its own rate")
    if isinstance(recording, Signal):
        return _au(recording.samples, recording.sample_rate_hz)
    if isinstance(recording, bytes | bytearray | memoryview):
        return _Named(bytes(recording), "audio in memory")
    return recording


def _au(samples: Samples, sample_rate_hz: float) -> BinaryIO:
    """Return samples as an AU file."""
    by_frame = _frames_first(_as_float(samples))
    rate_hz = round(sample_rate_hz)
    if rate_hz != sample_rate_hz or rate_hz < 1:
        raise AudioError(f"sample_rate_hz must be a whole number >= 1, got {sample_rate_hz}")
    if not np.isfinite(by_frame).all():
        raise AudioError("the array holds samples that are no finite numbers: remove them")
    content = by_frame.astype(">f4").tobytes()
    size = len(content) if len(content) < _UNKNOWN_SIZE else _UNKNOWN_SIZE
    n_channels = by_frame.shape[1]
    header = struct.pack(">4s6I", b".snd", 28, size, _FLOAT_32, rate_hz, n_channels, 0)
    return _Named(header + content, "the array")


def _as_float(samples: Samples) -> Samples:
    """Return samples as floats, integers divided by what their type can hold."""
    if np.issubdtype(samples.dtype, np.floating):
        return samples
    if np.issubdtype(samples.dtype, np.signedinteger):
        return samples / -float(np.iinfo(samples.dtype).min)
    raise AudioError(
        f"an array of {samples.dtype} is no sound: pass floats in [-1, 1] or signed integers"
    )


def _frames_first(samples: Samples) -> Samples:
    """Return samples as (n, channels); of two dimensions the shorter one is the channels."""
    if not samples.size:
        raise AudioError("the array holds no samples")
    if samples.ndim == 1:
        samples = samples[:, np.newaxis]
    if samples.ndim != 2 or not 1 <= min(samples.shape) <= MOST_CHANNELS:
        raise AudioError(
            f"an array of shape {samples.shape} is no recording: pass samples (n,), or with at "
            f"most {MOST_CHANNELS} channels (n, channels) or (channels, n)"
        )
    return samples.T if samples.shape[0] < samples.shape[1] else samples
