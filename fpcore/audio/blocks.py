"""Blocks of mono samples at one sample rate: choose a decoder, decode, check, resample."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import numpy as np

from fpcore.audio.completeness import Missing, missing
from fpcore.audio.containers import Container, identify
from fpcore.audio.decoding import DecodedBlock, DecoderError, FaultDepth, MonoBlock, damaged
from fpcore.audio.downmix import Downmix
from fpcore.audio.limits import AudioLimits, AudioRefusedError
from fpcore.audio.resample import ResamplerName, resample
from fpcore.audio.sources import GuardedFile, name_of, opened
from fpcore.errors import AudioError
from fpcore.records import Cut, FloatArray, Remixed, Signal

BLOCK_FRAMES = 32_768
"""Frames decoded at a time: the samples of a stereo block stay in the processor's cache."""

logger = logging.getLogger(__name__)

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
        decoded = _decode(guarded, limits, block_frames, downmix, on_cut)
        try:
            first = next(decoded)
            yield from resample(
                (block.samples for block in chain([first], decoded)),
                from_hz=first.sample_rate_hz,
                to_hz=sample_rate_hz,
                resampler=resampler,
            )
        except (AudioRefusedError, DecoderError) as error:
            raise AudioError(f"{called}: {guarded.failure() or error}") from None
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


def _decode(
    file: GuardedFile,
    limits: AudioLimits,
    block_frames: int,
    downmix: Downmix,
    on_cut: Callable[[Cut], None] | None,
) -> Iterator[MonoBlock]:
    """Yield the mono blocks of the first decoder that reads the file to its end.

    When one stumbles on the way, the next goes on where it stood: both count the same frames.
    """
    container = identify(file)
    lacks = missing(file)
    if lacks is not None and on_cut is None:
        raise AudioRefusedError(lacks.text)
    progress = _Progress(limits)
    if (yield from _mixed_whole(file, container, progress, block_frames, downmix)):
        file.check()
        if lacks is None:
            return
    elif on_cut is None or not progress.decoded_s:
        raise _verdict(container, progress.faults)
    if on_cut is not None:
        file.check()
        on_cut(Cut(progress.decoded_s, _stated_s(lacks, progress.faults)))


def _mixed_whole(
    file: GuardedFile,
    container: Container,
    progress: _Progress,
    block_frames: int,
    downmix: Downmix,
) -> Generator[MonoBlock, None, bool]:
    """Yield what the decoders of a container read, and return whether one came to its end."""
    is_whole = False
    for decoder in container.decoders:
        file.seek(0)
        try:
            blocks = decoder(file, limits=progress.limits, block_frames=block_frames)
            for block in progress.fresh(blocks):
                yield from progress.checked(downmix.add(block))
        except DecoderError as fault:
            logger.debug("%s", fault)
            progress.faults.append(fault)
        except AudioRefusedError:
            yield from progress.checked(downmix.rest())
            raise
        else:
            is_whole = True
            break
    yield from progress.checked(downmix.rest())
    return is_whole


def _stated_s(lacks: Missing | None, faults: list[DecoderError]) -> float | None:
    """Return the length in seconds that a cut file states, if it does."""
    found = [fault.declared_s for fault in faults if fault.declared_s is not None]
    if lacks is not None and lacks.stated_s is not None:
        found.append(lacks.stated_s)
    return max(found, default=None)


class _Progress:
    """What the decoders of one file have given so far, and how they failed."""

    def __init__(self, limits: AudioLimits) -> None:
        self.faults: list[DecoderError] = []
        self.limits = limits
        self._rate_hz = 0
        self._n_yielded = 0
        self._n_mixed = 0

    def fresh(self, blocks: Iterator[DecodedBlock]) -> Iterator[DecodedBlock]:
        """Yield the part of one decoder's ``blocks`` that no earlier one has given."""
        n_before, position = self._n_yielded, 0
        for block in blocks:
            channels, rate_hz = block
            if n_before and rate_hz != self._rate_hz:
                raise damaged(n_before / self._rate_hz, None)
            self._rate_hz = rate_hz
            self.limits.check_duration((position + block.n_frames) / rate_hz)
            new = channels[:, max(0, n_before - position) :]
            position += block.n_frames
            if new.shape[1]:
                self._n_yielded += new.shape[1]
                yield DecodedBlock(new, rate_hz)
        if position < n_before or position <= self._stumbled_s * self._rate_hz:
            # It took for the end of the file what an earlier decoder had read past.
            raise damaged(position / self._rate_hz, None)

    def checked(self, mixed: Iterator[MonoBlock]) -> Iterator[MonoBlock]:
        """Yield ``mixed`` blocks, and raise `AudioRefusedError` at an absurd sample."""
        for block in mixed:
            _check_level(block.samples, self._n_mixed / block.sample_rate_hz, self.limits)
            self._n_mixed += len(block.samples)
            yield block

    @property
    def decoded_s(self) -> float:
        """Seconds of audio that came so far."""
        return self._n_yielded / self._rate_hz if self._rate_hz else 0.0

    @property
    def _stumbled_s(self) -> float:
        """Last place in seconds where an earlier decoder stumbled; -1 when none did."""
        ranks = [fault.rank for fault in self.faults]
        return max(
            (at_s for found, at_s in ranks if found is FaultDepth.DAMAGED_AUDIO), default=-1.0
        )


def _check_level(samples: FloatArray, position_s: float, limits: AudioLimits) -> None:
    """Raise `AudioRefusedError` when ``samples`` hold NaN, infinities or absurd values."""
    # Either comparison is false for NaN.
    if samples.max() <= limits.max_level and samples.min() >= -limits.max_level:
        return
    finite = np.isfinite(samples).all()
    what = f"louder than {limits.max_level:g} × full scale" if finite else "not finite numbers"
    raise AudioRefusedError(f"holds samples that are {what} after {position_s:.2f} s")


def _verdict(container: Container, faults: list[DecoderError]) -> DecoderError | AudioRefusedError:
    """Return what to tell of a file that no decoder read: the fault that came farthest."""
    worst = max(faults, key=lambda fault: fault.rank)
    if worst.rank[0] is not FaultDepth.NOTHING:
        return worst
    if container.name:
        return AudioRefusedError(
            f"looks like {container.name}, but is damaged, cut off or of an "
            "unsupported kind: use a complete copy or convert it to WAV or FLAC"
        )
    return AudioRefusedError(
        "is not audio in a supported format "
        "(WAV, AIFF, FLAC, MP3, AAC, M4A, Ogg Vorbis, Opus, WebM)"
    )
