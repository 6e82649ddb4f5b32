"""Gain, clipping and small loudspeakers: what a playback chain does to levels and bands.

All three keep length, sample rate and timing, draw nothing at random, and leave silence silent.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from experiments.degradations.config import BandPass, Clipping, Gain
from experiments.degradations.filters import butterworth, zero_phase
from fpcore.records import Signal


def change_gain(signal: Signal, gain: Gain) -> Signal:
    """Return ``signal`` louder by ``gain.gain_db``, in dB; it may exceed full scale."""
    factor = np.float32(10 ** (gain.gain_db / 20))
    return Signal(signal.samples * factor, signal.sample_rate_hz)


def clip_peaks(signal: Signal, clip: Clipping) -> Signal:
    """Return ``signal`` limited to ``clip.ceiling_share`` of its peak, without make-up gain."""
    ceiling = np.float32(clip.ceiling_share) * np.max(np.abs(signal.samples))
    return Signal(np.clip(signal.samples, -ceiling, ceiling), signal.sample_rate_hz)


def pass_band(signal: Signal, band: BandPass) -> Signal:
    """Return ``signal`` through the magnitude response of a small loudspeaker, without delay."""
    response = partial(butterworth, low_hz=band.low_hz, high_hz=band.high_hz, order=band.order)
    filtered = zero_phase(signal.samples, signal.sample_rate_hz, response)
    return Signal(filtered, signal.sample_rate_hz)
