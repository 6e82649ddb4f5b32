"""Units of time and frequency: frames and seconds, bins and hertz, and how they are rounded.

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
    """Return the duration in seconds of ``frames`` hops of ``hop_s`` seconds each.

    >>> frames_to_s(100, hop_s=0.0125)
    1.25
    """
    return frames * hop_s


def s_to_frames(seconds: float, hop_s: float) -> int:
    """Return the number of whole hops of ``hop_s`` seconds that is nearest to ``seconds``.

    >>> s_to_frames(1.26, hop_s=0.0125)
    101
    """
    return round(seconds / hop_s)


def hz_to_bins(hz: float, bin_hz: float) -> int:
    """Return the FFT bin nearest to ``hz``, with bins ``bin_hz`` hertz apart.

    >>> hz_to_bins(440.0, bin_hz=22050 / 4096)
    82
    """
    return round(hz / bin_hz)


def to_level_step(level_db: float) -> float:
    """Return the whole multiple of `LEVEL_STEP_DB` nearest to a level in dB."""
    return round(level_db / LEVEL_STEP_DB) * LEVEL_STEP_DB


def n_frames(n_samples: int, n_fft: int, hop_length: int) -> int:
    """Return how many whole frames fit into a signal; 0 when not even one does.

    Parameters
    ----------
    n_samples : int
        Length of the signal in samples, >= 0.
    n_fft : int
        Length of a frame in samples.
    hop_length : int
        Samples from one frame to the next, >= 1.

    Returns
    -------
    int
        The number of frames.

    Examples
    --------
    >>> n_frames(22050, n_fft=4096, hop_length=1024), n_frames(4095, 4096, 1024)
    (18, 0)
    """
    return 0 if n_samples < n_fft else 1 + (n_samples - n_fft) // hop_length


def clock(seconds: float, *, decimals: int = 1) -> str:
    """Return a time in seconds such as ``1:23.4``, or ``1:02:03.4`` from an hour on.

    >>> clock(83.44), clock(3723.4, decimals=0), clock(-0.5)
    ('1:23.4', '1:02:03', '-0:00.5')
    """
    units = round(abs(seconds) * 10**decimals)
    sign = "-" if seconds < 0 < units else ""
    whole_s, fraction = divmod(units, 10**decimals)
    minutes, whole_s = divmod(whole_s, 60)
    hours, minutes = divmod(minutes, 60)
    head = f"{hours}:{minutes:02d}" if hours else f"{minutes}"
    tail = f".{fraction:0{decimals}d}" if decimals else ""
    return f"{sign}{head}:{whole_s:02d}{tail}"
