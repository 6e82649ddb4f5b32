"""Level of the active parts of a signal, and mixing at a signal-to-noise ratio.

What counts as active follows method B of ITU-T P.56 (12/2011): the rectified signal is smoothed
by two one-pole filters of 30 ms; a part is active while this envelope, or its maximum over the
past 200 ms (the hangover), is at or above a threshold that lies 15.9 dB below the active level
itself. We differ in that the envelope is taken of blocks of 5 ms, and that the threshold is
searched in steps of 0.5 dB.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d

from fpcore.errors import FpError
from fpcore.records import BoolArray, FloatArray, Signal

_BLOCK_S = 0.005
_TIME_CONSTANT_S = 0.03
_HANGOVER_S = 0.2
_MARGIN_DB = 15.9
_STEP_DB = 0.5
_RANGE_DB = 100.0
_SILENCE_PEAK = 1e-6
"""-120 dB of full scale: below the last bit of 16-bit and 20-bit recordings."""


class SilentSignalError(FpError):
    """A signal without any active part, to which no level and no ratio can be related."""


class SilentNoiseError(SilentSignalError):
    """A noise that is silent where the signal is active, and cannot be scaled to a ratio."""


def active_mask(samples: FloatArray, sample_rate_hz: int) -> BoolArray:
    """Return which samples belong to active parts, as bool (n,).

    Raises
    ------
    SilentSignalError
        When no sample exceeds -120 dB of full scale.
    """
    if not len(samples) or float(np.max(np.abs(samples))) < _SILENCE_PEAK:
        raise SilentSignalError(
            "the signal is silent, so that it has no active level and a signal-to-noise ratio "
            "is not defined: cut the excerpt where there is sound"
        )
    block = max(1, round(_BLOCK_S * sample_rate_hz))
    envelope = _envelope(samples, block, block / sample_rate_hz)
    hangover_blocks = round(_HANGOVER_S / _BLOCK_S)
    held = maximum_filter1d(
        envelope, hangover_blocks + 1, origin=hangover_blocks // 2, mode="constant"
    )
    power = float(np.sum(np.square(samples, dtype=np.float64))) / block
    active = held >= _threshold(held, power)
    return np.repeat(active, block)[: len(samples)]


def active_level_db(signal: Signal) -> float:
    """Return the mean level of the active parts in dB, where a square wave of 1 has 0 dB.

    Raises
    ------
    SilentSignalError
        When no sample exceeds -120 dB of full scale.
    """
    mask = active_mask(signal.samples, signal.sample_rate_hz)
    return float(10 * np.log10(mean_square(signal.samples[mask])))


def mean_square(samples: FloatArray) -> float:
    """Return the mean of the squares, summed in double precision."""
    return float(np.mean(np.square(samples, dtype=np.float64)))


def headroom_gain(samples: FloatArray, *, peak: float) -> float:
    """Return the factor, at most 1, that brings ``samples`` down to ``peak``."""
    highest = float(np.max(np.abs(samples), initial=0.0))
    return peak / highest if highest > peak else 1.0


def mix_at_snr(signal: Signal, noise: FloatArray, *, snr_db: float) -> Signal:
    """Return ``signal`` plus ``noise`` at a stated signal-to-noise ratio.

    Both powers are means over the samples at which ``signal`` is active, so that pauses in the
    signal make the noise neither louder nor softer.

    Parameters
    ----------
    signal : Signal, float32 (n,), not silent
        Stays as loud as it is.
    noise : float32 (n,)
        At the sample rate of ``signal`` and of any level above silence: it is scaled.
    snr_db : float
        Power of the signal over that of the scaled noise, in dB; below 0 the noise is louder.

    Returns
    -------
    Signal, float32 (n,)
        It may exceed full scale.

    Raises
    ------
    SilentSignalError
        When the signal is silent.
    SilentNoiseError
        When the noise is silent where the signal is active.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> signal = Signal(rng.standard_normal(8000, dtype=np.float32), 8000)
    >>> noisy = mix_at_snr(signal, rng.standard_normal(8000, dtype=np.float32), snr_db=-6)
    >>> noise = noisy.samples - signal.samples
    >>> round(float(10 * np.log10(mean_square(signal.samples) / mean_square(noise))), 1)
    -6.0
    """
    mask = active_mask(signal.samples, signal.sample_rate_hz)
    noise_power = mean_square(noise[mask])
    if noise_power < _SILENCE_PEAK**2:
        raise SilentNoiseError(
            "the noise is silent where the signal is active, so that no signal-to-noise ratio "
            "can be set: use a noise without long pauses"
        )
    gain = np.sqrt(mean_square(signal.samples[mask]) / noise_power / 10 ** (snr_db / 10))
    return Signal(signal.samples + np.float32(gain) * noise, signal.sample_rate_hz)


def _envelope(samples: FloatArray, block: int, block_s: float) -> NDArray[np.float64]:
    """Return the envelope of P.56 at the end of each block of samples."""
    from scipy.signal import lfilter  # a second to import

    padded = np.zeros(-(-len(samples) // block) * block, dtype=np.float32)
    np.abs(samples, out=padded[: len(samples)])
    rectified: NDArray[np.float64] = padded.reshape(-1, block).mean(axis=1, dtype=np.float64)
    decay = np.exp(-block_s / _TIME_CONSTANT_S)
    for _ in range(2):
        rectified = lfilter([1 - decay], [1, -decay], rectified)
    return rectified


def _threshold(held: NDArray[np.float64], power: float) -> float:
    """Return the highest threshold that stays the margin below the level active above it.

    ``power`` is the sum of squares divided by the samples in a block, so that dividing it by a
    number of active blocks gives their mean square. The search goes upward, since near the
    top few blocks are left and their level soars. Where even there the margin is exceeded, as
    by a lone click, the threshold is the margin below the top.
    """
    top_db = 20 * np.log10(held.max())
    thresholds_db = top_db - np.arange(_RANGE_DB, 0.0, -_STEP_DB)
    n_active = len(held) - np.searchsorted(np.sort(held), 10 ** (thresholds_db / 20))
    too_near = 10 * np.log10(power / n_active) - thresholds_db < _MARGIN_DB
    if not np.any(too_near):
        return float(10 ** ((top_db - _MARGIN_DB) / 20))
    return float(10 ** (thresholds_db[max(0, int(np.argmax(too_near)) - 1)] / 20))
