"""Contract of the decoders: the block they yield, and the fault they report.

A decoder is a function ``(file, *, limits, block_frames) -> Iterator[DecodedBlock]`` that reads
a seekable binary file from where it stands. It raises `DecoderError` for what another decoder
may still read, and `AudioRefusedError` for what none shall.
"""

from __future__ import annotations

import os
from enum import IntEnum
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from fpcore.records import FloatArray


class SeekableReader(Protocol):
    """What decoders need of a binary file."""

    def read(self, n_bytes: int = -1, /) -> bytes:
        """Return up to ``n_bytes``."""

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Move to ``offset`` and return the position."""

    def tell(self) -> int:
        """Return the position."""


class DecodedBlock(NamedTuple):
    """All ``channels`` float32 (n_channels, n) at the file's own ``sample_rate_hz``.

    ``stated_s`` is the length in seconds that the file's header states, if it does. The array is
    the receiver's: no decoder writes to it afterwards.
    """

    channels: NDArray[np.float32]
    sample_rate_hz: int
    stated_s: float | None = None

    @property
    def n_frames(self) -> int:
        """Samples of each channel."""
        return int(self.channels.shape[1])


class MonoBlock(NamedTuple):
    """Mono ``samples`` float32 (n,) at the file's own ``sample_rate_hz``."""

    samples: FloatArray
    sample_rate_hz: int


class FaultDepth(IntEnum):
    """How far a decoder came; of several faults the one that came farthest is reported."""

    NOTHING = 0
    CONTAINER = 1
    TOO_LITTLE_AUDIO = 2
    DAMAGED_AUDIO = 3


class DecoderError(Exception):
    """A decoder's reason to give up; the text completes "<file>: …".

    ``declared_s`` is the length in seconds that the file states, if it does.
    """

    def __init__(
        self,
        text: str,
        found: FaultDepth,
        position_s: float = 0.0,
        declared_s: float | None = None,
    ) -> None:
        super().__init__(text)
        self.rank = (found, position_s)
        self.declared_s = declared_s


def no_audio() -> DecoderError:
    """Return the fault of a file that opens well but holds no samples."""
    return DecoderError("holds no audio samples", FaultDepth.CONTAINER)


def damaged(position_s: float, declared_s: float | None) -> DecoderError:
    """Return the fault of a stream whose decoder stumbled after ``position_s`` seconds."""
    of_all = "" if declared_s is None else f" of {declared_s:.2f} s"
    text = f"is damaged or cut off after {position_s:.2f} s{of_all}: use a complete copy"
    return DecoderError(text, FaultDepth.DAMAGED_AUDIO, position_s, declared_s)


def too_short(position_s: float, declared_s: float) -> DecoderError:
    """Return the fault of a stream that ended before its declared end; both in seconds."""
    text = (
        f"is damaged or cut off: only {position_s:.2f} s of the {declared_s:.2f} s that its header "
        "states can be decoded, use a complete copy"
    )
    return DecoderError(text, FaultDepth.TOO_LITTLE_AUDIO, position_s, declared_s)


def cut_off(position_s: float) -> DecoderError:
    """Return the fault of a stream that ended inside a frame, after ``position_s`` seconds."""
    text = f"is cut off inside a frame, after {position_s:.2f} s: use a complete copy"
    return DecoderError(text, FaultDepth.TOO_LITTLE_AUDIO, position_s)
