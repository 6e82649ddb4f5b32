"""Pauses: silence within a recording, and the recording as it would be without.

A player that was halted leaves music of which neither half may be enough by itself: at one offset
lies the first half, at another the second. Without the silence both lie at one. Silence before and
after the music is no pause, for it divides nothing. Positions and lengths are in samples, and where
a pause begins and ends is known to a hop.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fpcore.config import FingerprintConfig
from fpcore.records import BoolArray, FloatArray, Signal

SHORTEST_S = 1.0
"""Shorter silence is taken for a part of the music."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Silence from sample ``start`` to before sample ``end`` of a recording."""

    start: int
    end: int

    @property
    def length(self) -> int:
        """Samples of silence."""
        return self.end - self.start


def pauses(sounding: BoolArray, config: FingerprintConfig) -> tuple[Pause, ...]:
    """Return the pauses of a recording, in their order.

    Parameters
    ----------
    sounding : bool (n_frames,)
        Which frames of the recording are not silent.
    config : FingerprintConfig
        Tells which samples a frame is of.

    Examples
    --------
    >>> sounding = np.ones(100, bool)
    >>> sounding[:30] = sounding[50:80] = False
    >>> pauses(sounding, FingerprintConfig())
    (Pause(start=51200, end=84992),)
    """
    n_fft, hop = config.spectrogram.n_fft, config.spectrogram.hop_length
    heard = np.flatnonzero(sounding)
    before = heard[:-1][np.diff(heard) > 1]
    after = heard[1:][np.diff(heard) > 1]
    found = [
        Pause((first + 1) * hop, (last - 1) * hop + n_fft)
        for first, last in zip(before.tolist(), after.tolist(), strict=True)
    ]
    least = SHORTEST_S * config.sample_rate_hz
    return tuple(one for one in found if one.length >= least)


def without(signal: Signal, cut_out: Sequence[Pause]) -> Signal:
    """Return a recording without its pauses.

    >>> without(Signal(np.arange(5, dtype=np.float32), 1), [Pause(1, 3)]).samples.tolist()
    [0.0, 3.0, 4.0]
    """
    starts = [0, *(one.end for one in cut_out)]
    ends = [*(one.start for one in cut_out), len(signal.samples)]
    parts: list[FloatArray] = [
        signal.samples[start:end] for start, end in zip(starts, ends, strict=True)
    ]
    return Signal(np.concatenate(parts), signal.sample_rate_hz)


def recorded_s(heard_s: float, cut_out: Sequence[Pause], sample_rate_hz: int) -> float:
    """Return the time in a recording of a time in the recording without its pauses.

    Parameters
    ----------
    heard_s : float
        Seconds without the pauses.
    cut_out : sequence of Pause
        What was cut out, in order.
    sample_rate_hz : int
        Samples in a second.

    Examples
    --------
    >>> [recorded_s(at_s, [Pause(2, 5)], 1) for at_s in (1.0, 2.0, 3.0)]
    [1.0, 2.0, 6.0]
    """
    for one in cut_out:
        if heard_s * sample_rate_hz <= one.start:
            break
        heard_s += one.length / sample_rate_hz
    return heard_s
