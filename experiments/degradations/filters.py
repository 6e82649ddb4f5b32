"""Filters without delay, and resampling that keeps time zero in its place.

Both act through a symmetric impulse response: a causal filter would shift the sound by its
group delay, and the reported offset of a match with it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import soxr
from scipy import fft

from fpcore.records import DoubleArray, FloatArray

_PADDING_S = 0.25
"""Room for the impulse response, so that the end does not wrap around to the start."""


def zero_phase(
    samples: FloatArray, sample_rate_hz: float, magnitude: Callable[[DoubleArray], DoubleArray]
) -> FloatArray:
    """Return ``samples`` filtered by a frequency response of real gains, without delay.

    Parameters
    ----------
    samples : float32 (n,) or (k, n)
        A signal, or k of them, each of which is filtered by itself.
    sample_rate_hz : float
        Samples per second.
    magnitude : callable
        Maps frequencies in Hz, float64 (m,), to gains, float64 (m,).

    Returns
    -------
    float32, of the shape of ``samples``

    Examples
    --------
    >>> impulse = np.zeros(1000, dtype=np.float32)
    >>> impulse[500] = 1
    >>> heard = zero_phase(impulse, 8000, lambda hz: 1 / (1 + (hz / 1000) ** 2))
    >>> int(np.argmax(heard))  # lower and wider, but where it was
    500
    """
    n_samples = samples.shape[-1]
    n_fft = fft.next_fast_len(n_samples + round(_PADDING_S * sample_rate_hz), real=True)
    gains = magnitude(fft.rfftfreq(n_fft, 1 / sample_rate_hz)).astype(np.float32)
    filtered = fft.irfft(fft.rfft(samples, n_fft) * gains, n_fft)
    return np.ascontiguousarray(filtered[..., :n_samples], dtype=np.float32)


def butterworth(
    frequency_hz: DoubleArray, *, low_hz: float, high_hz: float, order: int
) -> DoubleArray:
    """Return the gain of a Butterworth high-pass and low-pass in cascade.

    Parameters
    ----------
    frequency_hz : float64 (m,), at least 0
        Where the gain is wanted.
    low_hz, high_hz : float, above 0
        Limits of the high-pass and of the low-pass, at each of which its gain is -3 dB.
    order : int, at least 1
        Each slope falls by ``6 * order`` dB an octave.

    Returns
    -------
    float64 (m,), from 0 to 1

    Examples
    --------
    >>> gain = butterworth(np.array([100.0, 1000.0]), low_hz=100.0, high_hz=1e5, order=2)
    >>> np.round(20 * np.log10(gain), 1)
    array([-3., -0.])
    """
    with np.errstate(over="ignore", invalid="ignore"):  # far above a limit a power is infinite
        above = (frequency_hz / low_hz) ** (2 * order)
        below = (frequency_hz / high_hz) ** (2 * order)
        passed = np.where(np.isinf(above), 1.0, above / (1 + above))
        return np.asarray(np.sqrt(passed / (1 + below)))


def resample(samples: FloatArray, from_hz: float, to_hz: float) -> FloatArray:
    """Return ``samples`` at another sample rate, by soxr at its quality HQ.

    Parameters
    ----------
    samples : float32 (n,)
        A mono signal.
    from_hz, to_hz : float, above 0
        Sample rates of ``samples`` and of the result. Where they are equal, ``samples`` itself is
        returned.

    Returns
    -------
    float32 (round(n * to_hz / from_hz),)
    """
    if from_hz == to_hz:
        return samples
    resampled = soxr.resample(samples, from_hz, to_hz, quality="HQ")
    return fit_length(resampled, round(len(samples) * to_hz / from_hz))


def fit_length(samples: FloatArray, n_samples: int) -> FloatArray:
    """Return the first ``n_samples``, with silence appended where there are fewer."""
    fitted = np.zeros(n_samples, dtype=np.float32)
    kept = min(n_samples, len(samples))
    fitted[:kept] = samples[:kept]
    return fitted
