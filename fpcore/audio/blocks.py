"""Blocks of mono samples at one sample rate: choose a decoder, decode, check, resample."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

import numpy as np

from fpcore.audio.decoding import DecoderError
from fpcore.audio.limits import AudioLimits, AudioRefusedError
from fpcore.audio.reading import read_blocks
from fpcore.audio.resample import ResamplerName, resample
from fpcore.audio.sources import GuardedFile, name_of, opened
from fpcore.errors import AudioError
from fpcore.records import Cut, FloatArray, Signal

BLOCK_FRAMES = 32_768
"""Frames decoded at a time: the samples of a stereo block stay in the processor's cache."""

_DEFAULT_LIMITS = AudioLimits()


def decode_blocks(
    source: str | Path | BinaryIO,
    *,
    sample_rate_hz: int,
    resampler: ResamplerName = "soxr_hq",
    limits: AudioLimits = _DEFAULT_LIMITS,
    name: str | None = None,
    block_frames: int = BLOCK_FRAMES,
    on_cut: Callable[[Cut], None] | None = None,
) -> Generator[FloatArray, None, None]:
    """Yield the audio of ``source`` as blocks of mono samples.

    Nothing is opened before the first block is asked for, and a fault may show only after good
    blocks: use them as a whole or not at all, unless you ask for what there is by ``on_cut``.
    Memory is bounded by a few blocks.

    Parameters
    ----------
    source : str, Path or binary file object
        A path, or an open seekable file, read from its start and left open.
    sample_rate_hz : int
        Sample rate of the blocks, in hertz.
    resampler : {"soxr_hq", "soxr_vhq"}
        Quality of the resampling; it changes a few hashes in a thousand.
    limits : AudioLimits
        Bounds on duration, sample rate, channels and level.
    name : str, optional
        What messages call the source instead of its path.
    block_frames : int
        Frames to decode at a time. Changes the size of the blocks, never their content.
    on_cut : callable, optional
        When given, a source that is cut off or damaged after some audio is no error: the blocks
        end there, and this is called with how much of it came.

    Yields
    ------
    ndarray of float32, shape (n,), n >= 1
        Consecutive samples, nominally in [-1, 1]. Together round(frames · ratio).

    Raises
    ------
    AudioError
        When the source cannot be opened or decoded whole, holds no samples or samples that are
        no finite numbers, or is outside the limits. The sentence names it and the cause.
    """
    called = name_of(source if name is None else name)
    if block_frames < 1:
        raise ValueError(f"block_frames must be at least 1, got {block_frames}")
    with opened(source) as file:
        guarded = GuardedFile(file)
        decoded = read_blocks(guarded, limits=limits, block_frames=block_frames, on_cut=on_cut)
        try:
            for rate_hz, blocks in groupby(decoded, key=lambda block: block.sample_rate_hz):
                yield from resample(
                    (block.samples for block in blocks),
                    from_hz=rate_hz,
                    to_hz=sample_rate_hz,
                    resampler=resampler,
                )
        except (AudioRefusedError, DecoderError) as error:
            raise AudioError(f"{called}: {guarded.failure() or error}") from None


def load(
    source: str | Path | BinaryIO,
    *,
    sample_rate_hz: int,
    resampler: ResamplerName = "soxr_hq",
    limits: AudioLimits = _DEFAULT_LIMITS,
    name: str | None = None,
    start_s: float = 0.0,
    duration_s: float | None = None,
    on_cut: Callable[[Cut], None] | None = None,
) -> Signal:
    """Return the audio of ``source``, or a part of it, as one `Signal`.

    A part has exactly the samples that the whole has there: what comes before it is decoded
    and dropped, since seeking in a lossy stream is not exact. What comes after it is not
    decoded, so a fault there goes unnoticed.

    Parameters
    ----------
    source : str, Path or binary file object
        A path, or an open seekable file, read from its start and left open.
    sample_rate_hz : int
        Sample rate of the signal, in hertz.
    resampler : {"soxr_hq", "soxr_vhq"}
        As for `decode_blocks`.
    limits : AudioLimits
        Bounds on duration, sample rate, channels and level.
    name : str, optional
        What messages call the source instead of its path.
    start_s : float
        Start of the part in seconds, >= 0.
    duration_s : float, optional
        Length of the part in seconds, >= 0; without one, up to the end.
    on_cut : callable, optional
        As for `decode_blocks`; not called when the part ends before the cut.

    Returns
    -------
    Signal
        Shorter than ``duration_s`` where the audio ends before.

    Raises
    ------
    AudioError
        As for `decode_blocks`, and when the audio ends before or at ``start_s``.
    ValueError
        When ``start_s`` or ``duration_s`` is negative.
    """
    if start_s < 0 or (duration_s is not None and duration_s < 0):
        raise ValueError(f"start_s and duration_s must be >= 0, got {start_s} and {duration_s}")
    start = round(start_s * sample_rate_hz)
    stop = None if duration_s is None else start + round(duration_s * sample_rate_hz)
    parts, position = [], 0
    blocks = decode_blocks(
        source,
        sample_rate_hz=sample_rate_hz,
        resampler=resampler,
        limits=limits,
        name=name,
        on_cut=on_cut,
    )
    with closing(blocks):
        for block in blocks:
            end = None if stop is None else max(0, stop - position)
            parts.append(block[max(0, start - position) : end])
            position += len(block)
            if stop is not None and position >= stop:
                break
    if start and position <= start:
        called = name_of(source if name is None else name)
        length_s = position / sample_rate_hz
        raise AudioError(f"{called}: ends at {length_s:.2f} s, before the start {start_s:.2f} s")
    return Signal(np.concatenate(parts or [np.empty(0, np.float32)]), sample_rate_hz)
