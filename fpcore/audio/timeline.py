"""Places of decoded frames by a container's clock: late starts and holes become silence.

The clock of a container says when each frame is heard. Sound that is not there, because packets
were lost or a track was muted, leaves a hole in it. A clock may also be wrong for a while, or be
set back; then the sound goes on without a hole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fpcore.audio.decoding import DecoderError

HELD_S = 2.0
"""So much sound must agree on a jump ahead before it is believed: a page of an Ogg file, at most a
second as a rule, may bear a wrong time."""

_SILENT_FRAMES = 32_768
"""Silence is yielded in pieces of this many frames: a hole may last for hours."""


class Frame(NamedTuple):
    """Decoded ``channels`` (n_channels, n) that begin at ``begin_s`` of the container's clock.

    ``begin_s`` is None where the container has no clock.
    """

    channels: NDArray[Any]
    sample_rate_hz: int
    begin_s: float | None

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return float(self.channels.shape[1] / self.sample_rate_hz)


class Timeline:
    """The frames of one stream on their way to where they belong in time.

    Parameters
    ----------
    tolerance_s : float or None
        How far the clock may be from the count of samples, in seconds; None follows the count
        alone.
    start_s : float or None
        What the clock says at the beginning of the recording; None when that is its first frame.
    max_s : float
        A clock that goes beyond this is not believed.
    longest_hole_s : float
        A jump ahead that is longer is not believed.
    on_hole : callable
        Told where a hole begins, in seconds of the recording, before silence fills it.
    """

    def __init__(
        self,
        *,
        tolerance_s: float | None,
        start_s: float | None,
        max_s: float,
        on_hole: Callable[[float], None],
        longest_hole_s: float = np.inf,
    ) -> None:
        self._tolerance_s = np.inf if tolerance_s is None else tolerance_s
        self._start_s = start_s
        self._max_s = max_s
        self._longest_hole_s = longest_hole_s
        self._on_hole = on_hole
        self._placed_s = 0.0
        self._origin_s: float | None = None
        self._left_origin_s: float | None = None
        self._held: list[Frame] = []
        self._held_s = 0.0
        self._held_lead_s = 0.0

    @property
    def origin_s(self) -> float:
        """What the clock says at the beginning of the recording, as far as it is known by now."""
        return self._origin_s or 0.0

    @property
    def position_s(self) -> float:
        """Where the last frame that came in ends, in seconds of the recording."""
        return self._placed_s + self._held_lead_s + self._held_s

    def placed(self, frames: Iterator[Frame]) -> Iterator[Frame]:
        """Yield ``frames`` in their order, with silence for what is missing between them."""
        try:
            for frame in frames:
                yield from self._place(frame)
        except DecoderError:
            yield from self._release(self._held_lead_s)
            raise
        yield from self._release(self._held_lead_s)

    def _place(self, frame: Frame) -> Iterator[Frame]:
        """Yield a frame, or hold it until it is known whether the clock is to be believed."""
        lead_s = self._lead_s(frame)
        if self._held and lead_s <= self._tolerance_s:
            yield from self._release(0.0)  # the clock was wrong for a while
        elif self._held and abs(lead_s - self._held_lead_s) > self._tolerance_s:
            yield from self._release(self._held_lead_s)
            yield from self._place(frame)
            return
        if lead_s > self._tolerance_s:
            self._held.append(frame)
            self._held_s += frame.duration_s
            self._held_lead_s = self._held_lead_s or lead_s
            if self._held_s >= HELD_S:
                yield from self._release(self._held_lead_s)
            return
        if lead_s < -self._tolerance_s:
            self._set_clock(frame)
        yield self._counted(frame)

    def _lead_s(self, frame: Frame) -> float:
        """Return by how much a frame is later, by the clock, than the one before it ended."""
        if frame.begin_s is None:
            return 0.0
        if self._origin_s is None:
            start_s = frame.begin_s if self._start_s is None else self._start_s
            is_far = frame.begin_s - start_s > self._max_s
            self._origin_s = frame.begin_s if is_far else start_s
        end_s = self._placed_s + self._held_s
        lead_s = frame.begin_s - self._origin_s - end_s
        if lead_s > self._tolerance_s and self._left_origin_s is not None:
            lead_before_s = frame.begin_s - self._left_origin_s - end_s
            if abs(lead_before_s) <= self._tolerance_s:  # it was set back for a while only
                self._origin_s, self._left_origin_s = self._left_origin_s, None
                return lead_before_s
        return lead_s

    def _set_clock(self, frame: Frame) -> None:
        """Let the clock be right at ``frame``, which follows the sound before it."""
        if frame.begin_s is not None:
            self._left_origin_s = self._origin_s
            self._origin_s = frame.begin_s - self._placed_s

    def _release(self, hole_s: float) -> Iterator[Frame]:
        """Yield what is held, after a hole of ``hole_s`` seconds."""
        held, self._held = self._held, []
        self._held_s = self._held_lead_s = 0.0
        if not held:
            return
        if hole_s > self._longest_hole_s or self._placed_s + hole_s > self._max_s:
            self._set_clock(held[0])
        elif hole_s:
            if self._placed_s:
                self._on_hole(self._placed_s)
            for silent in silence(hole_s, like=held[0]):
                yield self._counted(silent)
        for frame in held:
            yield self._counted(frame)

    def _counted(self, frame: Frame) -> Frame:
        self._placed_s += frame.duration_s
        return frame


def silence(duration_s: float, *, like: Frame) -> Iterator[Frame]:
    """Yield frames of silence, of the channels and the sample type of ``like``."""
    dtype = like.channels.dtype
    level = 2 ** (8 * dtype.itemsize - 1) if dtype.kind == "u" else 0
    n_left = round(duration_s * like.sample_rate_hz)
    while n_left > 0:
        n = min(n_left, _SILENT_FRAMES)
        channels = np.full((like.channels.shape[0], n), level, dtype)
        yield Frame(channels, like.sample_rate_hz, None)
        n_left -= n
