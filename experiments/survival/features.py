"""What the surroundings of a peak in the clean spectrogram look like.

Levels are in dB. Around a peak lies a patch of `REACH_FRAMES` and `REACH_BINS` to either side;
where the spectrogram ends its last row or column is repeated.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fpcore.records import DoubleArray, FloatArray, Peaks, Spectrogram

NAMES = (
    "height_db",
    "level_db",
    "over_loudest_db",
    "sharpness_in_time_db",
    "sharpness_in_frequency_db",
    "gap_to_rival_db",
    "ridge_frames",
    "rise_db",
    "peakiness_db",
    "octaves",
    "octaves_squared",
)
"""The columns of `features`, in order."""

REACH_FRAMES = 7
REACH_BINS = 20
LOBE_FRAMES = 3
"""Frames on either side that share samples with that of the peak, at four frames to a window."""
LOBE_BINS = 3
"""Bins on either side that a tone fills under a Hann window, and one more."""
RIDGE_DROP_DB = 6.0
LOUD_PERCENTILE = 95.0
MIDDLE_HZ = 1000.0
CHUNK = 4096  # peaks at a time: the patches of a long song would fill the memory


def features(spectrogram: Spectrogram, height_db: FloatArray, peaks: Peaks) -> DoubleArray:
    """Return a description of each peak, float64 (n, len(NAMES)).

    Parameters
    ----------
    spectrogram
        Of the whole song: ``level_db`` is relative to its loud passages.
    height_db
        Its whitened levels, float32 of the same shape.
    peaks
        Peaks of that spectrogram.

    Notes
    -----
    ``height_db`` is the whitened level of the peak, ``level_db`` its level above the song's 95th
    percentile, ``over_loudest_db`` above the loudest bin of the same frame. The sharpness is how
    far the level has fallen by a lobe's width in time or frequency, on average of both sides.
    ``gap_to_rival_db`` is by how much it is higher than anything in the patch outside its own
    lobe. ``ridge_frames`` counts the frames before and after, without a gap, whose level is within
    6 dB at the bin or one beside it; ``rise_db`` is how much louder the bin is after the peak than
    before it. ``peakiness_db`` is the mean power of the bins around it over their geometric mean:
    0 where the spectrum is flat. ``octaves`` is its frequency above 1 kHz.
    """
    loud_db = np.percentile(spectrogram.level_db, LOUD_PERCENTILE) if len(peaks) else 0.0
    parts = [
        _described(spectrogram, height_db, float(loud_db), peaks, slice(start, start + CHUNK))
        for start in range(0, len(peaks), CHUNK)
    ]
    return np.concatenate(parts) if parts else np.empty((0, len(NAMES)))


def _described(
    spectrogram: Spectrogram, height_db: FloatArray, loud_db: float, peaks: Peaks, part: slice
) -> DoubleArray:
    row = peaks.frame[part] - spectrogram.first_frame
    column = peaks.bin[part] - spectrogram.first_bin
    level = _patches(spectrogram.level_db, row, column)
    height = _patches(height_db, row, column)
    middle, centre = REACH_FRAMES, REACH_BINS
    own = level[:, middle, centre]
    octaves = np.log2(peaks.bin[part] * spectrogram.bin_hz / MIDDLE_HZ)
    in_time = (level[:, middle - LOBE_FRAMES, centre] + level[:, middle + LOBE_FRAMES, centre]) / 2
    in_frequency = (level[:, middle, centre - LOBE_BINS] + level[:, middle, centre + LOBE_BINS]) / 2
    after = level[:, middle + 1 : middle + 1 + LOBE_FRAMES, centre].mean(axis=1)
    before = level[:, middle - LOBE_FRAMES : middle, centre].mean(axis=1)
    columns = {
        "height_db": height[:, middle, centre],
        "level_db": own - loud_db,
        "over_loudest_db": own - spectrogram.level_db.max(axis=1)[row],
        "sharpness_in_time_db": own - in_time,
        "sharpness_in_frequency_db": own - in_frequency,
        "gap_to_rival_db": height[:, middle, centre] - _highest_outside_lobe(height),
        "ridge_frames": _ridge_frames(level),
        "rise_db": after - before,
        "peakiness_db": _peakiness_db(level[:, middle]),
        "octaves": octaves,
        "octaves_squared": octaves**2,
    }
    return np.stack([columns[name].astype(np.float64) for name in NAMES], axis=1)


def _patches(matrix: FloatArray, row: NDArray[np.int32], column: NDArray[np.int32]) -> DoubleArray:
    """Return what lies around each place, float64 (n, 2 REACH_FRAMES + 1, 2 REACH_BINS + 1)."""
    n_rows, n_columns = matrix.shape
    rows = row[:, None] + np.arange(-REACH_FRAMES, REACH_FRAMES + 1)
    columns = column[:, None] + np.arange(-REACH_BINS, REACH_BINS + 1)
    patches: DoubleArray = matrix[
        np.clip(rows, 0, n_rows - 1)[:, :, None], np.clip(columns, 0, n_columns - 1)[:, None, :]
    ].astype(np.float64)
    return patches


def _highest_outside_lobe(height: DoubleArray) -> DoubleArray:
    lobe = np.zeros(height.shape[1:], bool)
    lobe[
        REACH_FRAMES - LOBE_FRAMES : REACH_FRAMES + LOBE_FRAMES + 1,
        REACH_BINS - LOBE_BINS : REACH_BINS + LOBE_BINS + 1,
    ] = True
    highest: DoubleArray = height[:, ~lobe].max(axis=1)
    return highest


def _ridge_frames(level: DoubleArray) -> DoubleArray:
    beside = level[:, :, REACH_BINS - 1 : REACH_BINS + 2].max(axis=2)
    loud = beside >= level[:, REACH_FRAMES, REACH_BINS, None] - RIDGE_DROP_DB
    before = np.cumprod(loud[:, :REACH_FRAMES][:, ::-1], axis=1).sum(axis=1)
    after = np.cumprod(loud[:, REACH_FRAMES + 1 :], axis=1).sum(axis=1)
    n_frames: DoubleArray = (before + after).astype(np.float64)
    return n_frames


def _peakiness_db(level: DoubleArray) -> DoubleArray:
    """Return the mean power of levels (n, k) over their geometric mean."""
    power_db = 10 * np.log10((10 ** (level / 10)).mean(axis=1))
    peakiness_db: DoubleArray = power_db - level.mean(axis=1)
    return peakiness_db
