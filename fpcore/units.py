"""Frames and seconds, bins and hertz: what they mean, and how they are rounded.

Conventions used throughout the package:

* Frame ``k`` covers samples ``[k * hop, k * hop + n_fft)``; its time is its first sample's.
  There is no centring and no padding, so a stream can be cut anywhere.
* Bin ``b`` of a real FFT of length ``n_fft`` lies at ``b * sample_rate_hz / n_fft``.
* Extents (widths, limits) are rounded to the nearest whole frame or bin.
"""

from __future__ import annotations

LEVEL_STEP_DB = 2.0**-10
"""Levels are whole multiples of this, so that sums of them are exact in float64."""


def frames_to_s(frames: float, hop_s: float) -> float:
    """Return the duration in seconds of ``frames`` hops of ``hop_s`` seconds each."""
    return frames * hop_s


def s_to_frames(seconds: float, hop_s: float) -> int:
    """Return the number of whole hops nearest to ``seconds``."""
    return round(seconds / hop_s)


def hz_to_bins(hz: float, bin_hz: float) -> int:
    """Return the FFT bin nearest to ``hz``."""
    return round(hz / bin_hz)


def to_level_step(level_db: float) -> float:
    """Return the whole multiple of `LEVEL_STEP_DB` nearest to a level."""
    return round(level_db / LEVEL_STEP_DB) * LEVEL_STEP_DB


def n_frames(n_samples: int, n_fft: int, hop_length: int) -> int:
    """Return how many whole frames fit into ``n_samples``; 0 when not even one does."""
    return 0 if n_samples < n_fft else 1 + (n_samples - n_fft) // hop_length
