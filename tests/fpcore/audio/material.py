"""What the tests of decoding share: files with odd headers, and what is made of a file."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from fpcore import audio
from fpcore.audio.decoding import DecodedBlock
from fpcore.audio.downmix import average
from fpcore.errors import AudioError

Make = Callable[..., Path]


DAMAGED = "(is|but is) (damaged|cut off)"


ONE_BIT = {"pcm8.wav": 2.0**-7, "pcm16": 2.0**-15, "pcm24": 2.0**-23, "alac.m4a": 2.0**-15}


def one_bit(kind: str) -> float:
    """Return the quantisation step of a lossless kind; of 32 bits, that of float32 near 1."""
    steps = [step for prefix, step in ONE_BIT.items() if kind.startswith(prefix)]
    return 2.0**-23 if kind == "extensible24.wav" else (steps or [2.0**-23])[0]


def blocks_of(
    decoder: ModuleType,
    content: bytes,
    *,
    limits: audio.AudioLimits | None = None,
    block_frames: int = 5000,
) -> list[DecodedBlock]:
    """Return what one of the decoders gives for the bytes of a file."""
    limits = limits or audio.AudioLimits()
    return list(decoder.decode(io.BytesIO(content), limits=limits, block_frames=block_frames))


def decoded(decoder: ModuleType, path: Path) -> NDArray[np.float32]:
    """Return the average of the channels that one of the decoders gives, at the file's own rate."""
    blocks = blocks_of(decoder, path.read_bytes())
    return average(np.concatenate([block.channels for block in blocks], axis=1))


def lag(reference: NDArray[np.float32], samples: NDArray[np.float32], *, at: int) -> int:
    """Return by how many samples ``samples`` come later than ``reference`` around ``at``."""
    reach, length = 3000, 12_000
    pattern = reference[at : at + length]
    window = samples[at - reach : at + length + reach]
    energy = np.correlate(window**2, np.ones(length, np.float32), "valid")
    return int(np.argmax(np.correlate(window, pattern, "valid") / np.sqrt(energy))) - reach


def refusal(source: Path | io.BytesIO, *, sample_rate_hz: int = 22_050, **options: Any) -> str:
    """Return the sentence with which decoding ``source`` to its end is refused."""
    with pytest.raises(AudioError) as caught:
        for _ in audio.decode_blocks(source, sample_rate_hz=sample_rate_hz, **options):
            pass
    sentence = str(caught.value)
    assert "\n" not in sentence
    if isinstance(source, Path):
        assert sentence.startswith(f"{source}: ")
    return sentence


def wav(n_channels: int, sample_rate_hz: int, samples: bytes) -> bytes:
    """Return a 16-bit WAV with any header."""
    width = 2 * n_channels
    fields = (1, n_channels, sample_rate_hz, (sample_rate_hz * width) & 0xFFFFFFFF, width, 16)
    body = b"WAVEfmt " + struct.pack("<IHHIIHH", 16, *fields)
    body += b"data" + struct.pack("<I", len(samples)) + samples
    return b"RIFF" + struct.pack("<I", len(body)) + body
