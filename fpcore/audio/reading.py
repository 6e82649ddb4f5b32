"""One reading of a file: its parts one after the other, each by a decoder that reads it whole.

Who asks for what there is gets the sound before and after what no decoder reads, too.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from fpcore.audio.completeness import missing
from fpcore.audio.containers import Container, identify, salvage
from fpcore.audio.decoding import DecodedBlock, DecoderError, FaultDepth, damaged
from fpcore.audio.effort import AudioTooSlowError, Effort
from fpcore.audio.limits import AudioLimits, AudioRefusedError, AudioTooLongError, UnknownKindError
from fpcore.audio.parts import Part, parts_of
from fpcore.audio.soundfile_decoder import OGG_TOLERANCE_S
from fpcore.audio.sources import GuardedFile
from fpcore.records import Cut, CutKind

logger = logging.getLogger(__name__)

NO_KNOWN_KIND = (
    "is not audio in a supported format "
    "(WAV, AIFF, FLAC, MP3, AAC, M4A, Ogg Vorbis, Opus, WebM and others)"
)
"""Completes "<file>: …"."""

_SAME_S = 0.001
"""Lengths that differ by less are the same, added up in another order."""


def read_blocks(
    file: GuardedFile,
    *,
    limits: AudioLimits,
    block_frames: int,
    on_cut: Callable[[Cut], None] | None,
) -> Iterator[DecodedBlock]:
    """Yield the blocks of a file.

    Parameters
    ----------
    file : GuardedFile
        Where the bytes come from.
    limits : AudioLimits
        Bounds on what is decoded.
    block_frames : int
        Frames of a block, >= 1.
    on_cut : callable or None
        When given, what can be decoded is yielded, and this is told what is wrong.

    Yields
    ------
    DecodedBlock
        Consecutive samples. The sample rate may change from one to the next.

    Raises
    ------
    DecoderError
        When no decoder reads the file.
    AudioRefusedError
        When it is outside the limits, cannot be read or holds no audio.
    """
    reading = _Reading(file, limits, block_frames, on_cut)
    try:
        yield from reading.blocks()
    except AudioTooLongError:
        if on_cut is None:
            raise
        reading.tell("too long", limits.max_duration_s)
    except AudioTooSlowError:
        if on_cut is None or not reading.decoded_s:
            raise
        reading.tell("cut off", reading.decoded_s)
    file.check()


class _Reading:
    """What has been read of a file so far, and what was told of it."""

    def __init__(
        self,
        file: GuardedFile,
        limits: AudioLimits,
        block_frames: int,
        on_cut: Callable[[Cut], None] | None,
    ) -> None:
        self._file = file
        self._limits = limits
        self._block_frames = block_frames
        self._on_cut = on_cut
        self._told: set[CutKind] = set()
        self._is_one_part = True
        self.decoded_s = 0.0
        self._stated_s: float | None = None
        self._break_s: float | None = None
        self._effort = Effort(limits)

    def tell(self, kind: CutKind, decoded_s: float) -> None:
        """Tell, once, what is wrong with the file."""
        if self._on_cut is not None and kind not in self._told:
            self._told.add(kind)
            stated_s = self._stated_s
            if stated_s is not None and stated_s < decoded_s + _SAME_S and kind != "understated":
                stated_s = None  # a decoder took what is there for what is stated
            self._on_cut(Cut(decoded_s, stated_s, kind))

    def blocks(self) -> Iterator[DecodedBlock]:
        """Yield the blocks of all parts."""
        found = parts_of(self._file)
        if found.understatement is not None:
            self._stated_s = found.understatement.stated_s
            self.tell("understated", found.understatement.present_s)
            self._stated_s = None
        self._is_one_part = len(found.parts) == 1
        faults: list[DecoderError | AudioRefusedError] = []
        for part in found.parts:
            try:
                yield from self._blocks_of(part)
            except (AudioTooLongError, AudioTooSlowError):
                raise
            except (DecoderError, AudioRefusedError) as fault:
                if self._on_cut is None or self._is_one_part:
                    raise
                faults.append(fault)
                self._break()
        if faults and not self.decoded_s:
            raise faults[0]
        if self._break_s is not None:
            self.tell("cut off", self.decoded_s)

    def _blocks_of(self, part: Part) -> Iterator[DecodedBlock]:
        """Yield the blocks of a part, and remember when it ends too early."""
        container = identify(part.file)
        lacks = missing(part.file)
        if lacks is not None:
            self._note_stated(lacks.stated_s)
            if self._on_cut is None:
                raise AudioRefusedError(lacks.text)
        began_s = self.decoded_s
        on_unusable = None if self._on_cut is None else partial(self.tell, "damaged")
        progress = _Progress(self._limits, began_s, on_unusable)
        is_whole = yield from self._from_any(part, container, progress)
        if not is_whole:
            verdict = _verdict(container, progress.faults)
            if self._on_cut is None:
                raise _later(verdict, began_s)
            is_whole = yield from self._salvaged(part, progress)
            if self.decoded_s == began_s:
                raise verdict
        if lacks is not None or not is_whole:
            self._break()

    def _from_any(
        self, part: Part, container: Container, progress: _Progress
    ) -> Generator[DecodedBlock, None, bool]:
        """Yield what the decoders of a container read, and return whether one came to its end.

        When one stumbles on the way, the next goes on where it stood: both count the same frames.
        """
        for decoder in container.decoders:
            part.file.seek(0)
            blocks = decoder(
                part.file,
                limits=self._limits,
                block_frames=self._block_frames,
                on_packet=self._effort.check,
            )
            try:
                yield from self._counted(progress.fresh(self._effort.measured(blocks)))
            except DecoderError as fault:
                logger.debug("%s", fault)
                progress.faults.append(fault)
                if part.has_all_pages and _is_at_the_end(_worst(progress.faults)):
                    return True
            else:
                return True
        return False

    def _salvaged(self, part: Part, progress: _Progress) -> Generator[DecodedBlock, None, bool]:
        """Yield the sound after damage, and return whether it goes on to the end of the part."""
        if _worst(progress.faults).rank[0] is not FaultDepth.DAMAGED_AUDIO:
            return False
        began_s = progress.began_s
        part.file.seek(0)
        blocks = salvage(
            part.file,
            limits=self._limits,
            block_frames=self._block_frames,
            on_fault=lambda fault: self.tell("damaged", began_s + fault.rank[1]),
            on_packet=self._effort.check,
        )
        try:
            yield from self._counted(progress.fresh(self._effort.measured(blocks)))
        except DecoderError as fault:
            logger.debug("%s", fault)
            self._note_stated(fault.declared_s)
            return False
        return True

    def _counted(self, blocks: Iterator[DecodedBlock]) -> Iterator[DecodedBlock]:
        """Yield ``blocks`` that follow what came before, and tell of what is missing between."""
        for block in blocks:
            self._check_stated(block.stated_s)
            if self._break_s is not None:
                self.tell("damaged", self._break_s)
                self._break_s = None
            self.decoded_s += block.n_frames / block.sample_rate_hz
            yield block

    def _check_stated(self, stated_s: float | None) -> None:
        """Tell, or raise, before the work begins when a file states that it is too long."""
        self._note_stated(stated_s)
        if stated_s is None or stated_s <= self._limits.max_duration_s:
            return
        if self._on_cut is None:
            self._limits.check_duration(stated_s)
        self.tell("too long", self._limits.max_duration_s)

    def _note_stated(self, stated_s: float | None) -> None:
        if stated_s is not None and self._is_one_part:
            self._stated_s = max(stated_s, self._stated_s or 0.0)

    def _break(self) -> None:
        """Remember where a part ends too early; whether sound follows shows later."""
        if self._break_s is None:
            self._break_s = self.decoded_s


class _Progress:
    """What the decoders of one part have given so far, and how they failed."""

    def __init__(
        self,
        limits: AudioLimits,
        began_s: float,
        on_unusable: Callable[[float], None] | None,
    ) -> None:
        self.faults: list[DecoderError] = []
        self.began_s = began_s
        self._limits = limits
        self._on_unusable = on_unusable
        self._refusal: AudioRefusedError | None = None
        self._sounds = False
        self._rate_hz = 0
        self._n_yielded = 0

    def fresh(self, blocks: Iterator[DecodedBlock]) -> Iterator[DecodedBlock]:
        """Yield the part of one decoder's ``blocks`` that no earlier one has given, checked."""
        n_before, position, position_s = self._n_yielded, 0, 0.0
        for block in blocks:
            rate_hz = block.sample_rate_hz
            if not position and n_before and rate_hz != self._rate_hz:
                raise damaged(n_before / self._rate_hz, None)
            self._rate_hz = self._rate_hz or rate_hz
            n_allowed = round((self._limits.max_duration_s - self.began_s - position_s) * rate_hz)
            new = block.channels[:, max(0, n_before - position) : n_allowed]
            if new.size:
                self._n_yielded += new.shape[1]
                yield block._replace(channels=self._usable(new, self.began_s + position_s))
            position += block.n_frames
            position_s += block.n_frames / rate_hz
            self._limits.check_duration(self.began_s + position_s)
        if self._refusal is not None and not self._sounds:
            raise self._refusal
        if position < n_before or position_s <= self._stumbled_s:
            # It took for the end of the file what an earlier decoder had read past.
            raise damaged(position_s, None)

    def _usable(self, samples: NDArray[np.float32], position_s: float) -> NDArray[np.float32]:
        """Return samples with silence for those that are no numbers or absurd, if that is told."""
        try:
            _check_level(samples, position_s, self._limits)
        except AudioRefusedError as refusal:
            if self._on_unusable is None:
                raise
            self._refusal = refusal
            is_usable = np.abs(samples) <= self._limits.max_level  # false for NaN
            self._on_unusable(position_s)
            samples = np.where(is_usable, samples, np.float32(0))
        self._sounds = self._sounds or bool(samples.any())
        return samples

    @property
    def _stumbled_s(self) -> float:
        """Last place in seconds where an earlier decoder stumbled; -1 when none did."""
        ranks = [fault.rank for fault in self.faults]
        return max(
            (at_s for found, at_s in ranks if found is FaultDepth.DAMAGED_AUDIO), default=-1.0
        )


def _check_level(samples: NDArray[np.float32], position_s: float, limits: AudioLimits) -> None:
    """Raise `AudioRefusedError` when ``samples`` hold NaN, infinities or absurd values."""
    # Either comparison is false for NaN.
    if samples.max() <= limits.max_level and samples.min() >= -limits.max_level:
        return
    finite = np.isfinite(samples).all()
    what = f"louder than {limits.max_level:g} × full scale" if finite else "not finite numbers"
    raise AudioRefusedError(f"holds samples that are {what} after {position_s:.2f} s")


def _worst(faults: list[DecoderError]) -> DecoderError:
    """Return the fault that came farthest."""
    return max(faults, key=lambda fault: fault.rank)


def _is_at_the_end(fault: DecoderError) -> bool:
    """Whether a fault in an Ogg file that has all of its pages leaves all of the sound.

    The last page may count more than there is, or hold a packet without sound.
    """
    depth, position_s = fault.rank
    is_reached = fault.declared_s is not None and position_s >= fault.declared_s - OGG_TOLERANCE_S
    return depth is FaultDepth.TOO_LITTLE_AUDIO or (
        depth is FaultDepth.DAMAGED_AUDIO and is_reached
    )


def _verdict(container: Container, faults: list[DecoderError]) -> DecoderError | AudioRefusedError:
    """Return what to tell of a file that no decoder read."""
    worst = _worst(faults)
    if worst.rank[0] is not FaultDepth.NOTHING:
        return worst
    if container.name:
        return AudioRefusedError(
            f"looks like {container.name}, but is damaged, cut off or of an "
            "unsupported kind: use a complete copy or convert it to WAV or FLAC"
        )
    return UnknownKindError(NO_KNOWN_KIND)


def _later(
    fault: DecoderError | AudioRefusedError, began_s: float
) -> DecoderError | AudioRefusedError:
    """Return a fault of a part that begins at ``began_s`` as one of the whole file."""
    if not began_s or not isinstance(fault, DecoderError):
        return fault
    return damaged(began_s + fault.rank[1], None)
