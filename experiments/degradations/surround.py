"""Recordings that are not music throughout: fades, and other sound before, after and in between.

People press the button before the music begins and let go when it is over, and of two pieces they
record the end of one and the beginning of the other. Seconds, and decibels of full scale.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from experiments.degradations.config import Fade, Surround
from fpcore.records import FloatArray, Signal


def fade(signal: Signal, how: Fade) -> Signal:
    """Return ``signal`` with its amplitude rising from 0 at its beginning, and falling at its end.

    Examples
    --------
    >>> ones = Signal(np.ones(5, np.float32), 1)
    >>> fade(ones, Fade(in_s=2, out_s=1)).samples.tolist()
    [0.25, 0.75, 1.0, 1.0, 0.5]
    """
    n = len(signal.samples)
    n_in, n_out = (round(s * signal.sample_rate_hz) for s in (how.in_s, how.out_s))
    if n_in + n_out > n:
        n_in = round(n * n_in / (n_in + n_out))
        n_out = n - n_in
    gain = np.ones(n, np.float32)
    gain[:n_in] = _ramp(n_in)
    gain[n - n_out :] = _ramp(n_out)[::-1]
    return Signal(signal.samples * gain, signal.sample_rate_hz)


def _ramp(n: int) -> FloatArray:
    return ((np.arange(n) + 0.5) / max(n, 1)).astype(np.float32)


def surround(signal: Signal, how: Surround, fill: Callable[[Signal], Signal] | None) -> Signal:
    """Return ``signal`` with other sound around it and in its middle.

    Parameters
    ----------
    signal : Signal, float32 (n,)
        The excerpt.
    how : Surround
        How long the other sound is.
    fill : callable, optional
        Adds the other sound to a signal; by default there is silence.

    Returns
    -------
    Signal, float32
        Longer by the seconds of ``how``. The samples of ``signal`` stay as they are.

    Examples
    --------
    >>> tone = Signal(np.ones(4, np.float32), 1)
    >>> surround(tone, Surround(before_s=1, between_s=2), None).samples.tolist()
    [0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0]
    """
    seconds = (how.before_s, how.between_s, how.after_s)
    n_before, n_between, n_after = (round(s * signal.sample_rate_hz) for s in seconds)
    first, second = np.array_split(signal.samples, 2)
    silences = (np.zeros(n, np.float32) for n in (n_before, n_between, n_after))
    before, between, after = silences
    parts = [before, first, between, second, after]
    laid = Signal(np.concatenate(parts), signal.sample_rate_hz)
    if fill is None or not n_before + n_between + n_after:
        return laid
    is_other = np.concatenate([np.full(len(part), i % 2 == 0) for i, part in enumerate(parts)])
    return Signal(np.where(is_other, fill(laid).samples, laid.samples), signal.sample_rate_hz)
