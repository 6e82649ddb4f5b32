"""A landline telephone: narrow band and µ-law companding (ITU-T G.711, G.712).

The 8-bit code of G.711 is a sign, an exponent of 3 bits and a mantissa of 4 bits; decoding gives
one of 255 different levels, close together near zero and far apart near full scale. Encoding
picks the nearest of them.
"""

from __future__ import annotations

from functools import lru_cache, partial

import numpy as np

from experiments.degradations.config import Telephone
from experiments.degradations.filters import butterworth, fit_length, resample, zero_phase
from experiments.degradations.levels import headroom_gain
from fpcore.records import FloatArray, Signal

RATE_HZ = 8000
LOW_HZ = 300.0
HIGH_HZ = 3400.0
_ORDER = 10
"""60 dB an octave, about the steepness of the channel filters that G.712 asks for."""


def call(signal: Signal, _telephone: Telephone) -> Signal:
    """Return ``signal`` as heard at the other end of the line, at its own sample rate.

    What exceeds full scale is turned down before the companding, and up again after it.
    """
    narrow = resample(signal.samples, signal.sample_rate_hz, RATE_HZ)
    channel = partial(butterworth, low_hz=LOW_HZ, high_hz=HIGH_HZ, order=_ORDER)
    narrow = zero_phase(narrow, RATE_HZ, channel)
    gain = headroom_gain(narrow, peak=float(mu_law_levels()[-1]))
    received = compand(narrow * np.float32(gain)) / np.float32(gain)
    wide = resample(received, RATE_HZ, signal.sample_rate_hz)
    return Signal(fit_length(wide, len(signal.samples)), signal.sample_rate_hz)


def compand(samples: FloatArray) -> FloatArray:
    """Return each sample (n,) replaced by the nearest of the µ-law's levels.

    Samples beyond full scale become the last level on their side.
    """
    levels = mu_law_levels()
    limits = (levels[1:] + levels[:-1]) / 2
    return np.asarray(levels[np.searchsorted(limits, samples)], dtype=np.float32)


@lru_cache(maxsize=1)
def mu_law_levels() -> FloatArray:
    """Return the levels of G.711's µ-law, float32 (255,), ascending, as shares of full scale."""
    exponent, mantissa = np.divmod(np.arange(128), 16)
    positive = ((2 * mantissa + 33) << exponent) - 33  # Table 2 of G.711, in 14-bit units
    levels = np.concatenate([-positive[:0:-1], positive]).astype(np.float32) * np.float32(4 / 32768)
    levels.flags.writeable = False
    return levels
