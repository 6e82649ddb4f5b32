"""Blocks of mono samples at one sample rate: choose a decoder, decode, check, resample."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

import numpy as np

from fpcore.audio.decoding import DecodedBlock, DecoderError, MonoBlock
from fpcore.audio.downmix import Downmix
from fpcore.audio.limits import AudioLimits, AudioRefusedError, UnknownKindError
from fpcore.audio.reading import read_blocks
from fpcore.audio.resample import ResamplerName, resample
from fpcore.audio.sources import GuardedFile, name_of, opened
from fpcore.errors import AudioError, NotAudioError
from fpcore.records import Cut, FloatArray, Remixed, Signal

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
    on_remixed: Callable[[Remixed], None] | None = None,
    on_stated: Callable[[float], None] | None = None,
) -> Generator[FloatArray, None, None]:
    """Yield the audio of ``source`` as blocks of mono samples.

    Nothing is opened before the first block is asked for, and a fault may show only after good
    blocks: use them as a whole or not at all, unless you ask for what there is by ``on_cut``.
    Memory is bounded by a few blocks and a few seconds of all channels.

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
    on_remixed : callable, optional
        Called at the end, or when the blocks are closed, if channels were reversed or left out
        before the rest was mixed.
    on_stated : callable, optional
        Called before the first block with the length in seconds that the header states, if it does.
        Of a file in several parts each states its own.

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
        downmix = Downmix()
        faults = _Faults(on_cut)
        told = None if on_cut is None else faults.add
        read = read_blocks(guarded, limits=limits, block_frames=block_frames, on_cut=told)
        if on_stated is not None:
            read = _with_stated(read, on_stated)
        mixed = faults.told_in_time(_mixed(read, downmix))
        try:
            for rate_hz, blocks in groupby(mixed, key=lambda block: block.sample_rate_hz):
                yield from resample(
                    (block.samples for block in blocks),
                    from_hz=rate_hz,
                    to_hz=sample_rate_hz,
                    resampler=resampler,
                )
        except (AudioRefusedError, DecoderError) as error:
            kind = NotAudioError if isinstance(error, UnknownKindError) else AudioError
            raise kind(f"{called}: {guarded.failure() or error}") from None
        finally:
            if on_remixed is not None and downmix.remixed is not None:
                on_remixed(downmix.remixed)


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
    on_remixed: Callable[[Remixed], None] | None = None,
) -> Signal:
    """Return the audio of ``source``, or a part of it, as one `Signal`.

    A part has exactly the samples that the whole has there: what comes before it is decoded
    and dropped, since seeking in a lossy stream is not exact. Of what comes after it no more than
    a few seconds are decoded, and a fault there goes unnoticed.

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
    on_remixed : callable, optional
        As for `decode_blocks`; tells of the part and what comes before it.

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
        on_remixed=on_remixed,
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


class _Faults:
    """Passes on where a file is cut off or damaged once the sound before that was yielded.

    Mixing reads on to the end of a stretch, and who asks for a part is not told of what follows.
    """

    def __init__(self, on_cut: Callable[[Cut], None] | None) -> None:
        self._on_cut = on_cut
        self._pending: list[Cut] = []

    def add(self, cut: Cut) -> None:
        """Take a fault; one that is known before the work begins is passed on at once."""
        self._pending.append(cut)
        if cut.kind in {"too long", "understated"}:
            self._tell(np.inf)

    def told_in_time(self, blocks: Iterator[MonoBlock]) -> Iterator[MonoBlock]:
        """Yield ``blocks``, and tell of each fault where it lies."""
        position_s = 0.0
        for block in blocks:
            yield block
            position_s += len(block.samples) / block.sample_rate_hz
            self._tell(position_s)
        self._tell(np.inf)

    def _tell(self, position_s: float) -> None:
        while self._on_cut and self._pending and self._pending[0].decoded_s <= position_s:
            self._on_cut(self._pending.pop(0))


def _with_stated(
    blocks: Iterator[DecodedBlock], on_stated: Callable[[float], None]
) -> Iterator[DecodedBlock]:
    """Yield ``blocks``, and tell each other length that is stated with them."""
    stated_s = None
    for block in blocks:
        if block.stated_s is not None and block.stated_s != stated_s:
            stated_s = block.stated_s
            on_stated(stated_s)
        yield block


def _mixed(blocks: Iterator[DecodedBlock], downmix: Downmix) -> Iterator[MonoBlock]:
    """Yield blocks as mono, before a fault whatever came until then."""
    try:
        for block in blocks:
            yield from downmix.add(block)
    except (AudioRefusedError, DecoderError):
        yield from downmix.rest()
        raise
    yield from downmix.rest()
