"""Filters without delay, and resampling that keeps time zero in its place.

Both act through a symmetric impulse response: a causal filter would shift the sound by its
group delay, and the reported offset of a match with it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy import fft

from fpcore.records import FloatArray

DoubleArray = NDArray[np.float64]
_PADDING_S = 0.25
"""Room for the impulse response, so that the end does not wrap around to the start."""


def zero_phase(
    samples: FloatArray, sample_rate_hz: float, magnitude: Callable[[DoubleArray], DoubleArray]
) -> FloatArray:
    """Return ``samples`` filtered by ``magnitude``, a function of frequency in Hz, without delay.

    Parameters
    ----------
    samples
        float32 (n,) or (k, n); each row is filtered.
    sample_rate_hz
        Samples per second.
    magnitude
        Maps frequencies (m,) in Hz to real gains (m,).

    Returns
    -------
    float32 of the shape of ``samples``.
    """
    n_samples = samples.shape[-1]
    n_fft = fft.next_fast_len(n_samples + round(_PADDING_S * sample_rate_hz), real=True)
    gains = magnitude(fft.rfftfreq(n_fft, 1 / sample_rate_hz)).astype(np.float32)
    filtered = fft.irfft(fft.rfft(samples, n_fft) * gains, n_fft)
    return np.ascontiguousarray(filtered[..., :n_samples], dtype=np.float32)


def butterworth(
    frequency_hz: DoubleArray, *, low_hz: float, high_hz: float, order: int
) -> DoubleArray:
    """Return the gain of a Butterworth high-pass and low-pass, each -3 dB at its limit."""
    with np.errstate(over="ignore", invalid="ignore"):  # far above a limit a power is infinite
        above = (frequency_hz / low_hz) ** (2 * order)
        below = (frequency_hz / high_hz) ** (2 * order)
        passed = np.where(np.isinf(above), 1.0, above / (1 + above))
        return np.asarray(np.sqrt(passed / (1 + below)))


def resample(samples: FloatArray, from_hz: float, to_hz: float) -> FloatArray:
    """Return ``samples`` at another rate (soxr HQ), as float32 (round(n * to_hz / from_hz),)."""
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
