"""Mean level over a box around each bin, subtracted in place of a global normalisation."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, nogil=True)
def subtract_box_mean(
    level_db: NDArray[np.float32], radius_frames: int, radius_bins: int
) -> NDArray[np.float32]:
    """Return ``level_db`` (n_frames, n_bins) minus its mean over a box around each element.

    The box reaches ``radius_frames`` and ``radius_bins`` to either side and is cut off at the
    edges. Sums run along bins within a frame, then along frames; the levels are whole
    multiples of 2**-10 dB, so that in float64 every sum is exact and the result does not
    depend on where the running sums began.
    """
    n_frames, n_bins = level_db.shape
    row_sums = np.empty((n_frames, n_bins), np.float64)
    width = np.empty(n_bins, np.float64)
    for j in range(n_bins):
        width[j] = min(j + radius_bins, n_bins - 1) - max(j - radius_bins, 0) + 1
    for i in range(n_frames):
        total = 0.0
        for j in range(min(radius_bins, n_bins)):
            total += level_db[i, j]
        for j in range(n_bins):
            if j + radius_bins < n_bins:
                total += level_db[i, j + radius_bins]
            if j - radius_bins > 0:
                total -= level_db[i, j - radius_bins - 1]
            row_sums[i, j] = total
    return _subtract_column_means(level_db, row_sums, width, radius_frames)


@njit(cache=True, nogil=True)
def _subtract_column_means(
    level_db: NDArray[np.float32],
    row_sums: NDArray[np.float64],
    width: NDArray[np.float64],
    radius_frames: int,
) -> NDArray[np.float32]:
    n_frames, n_bins = level_db.shape
    result = np.empty((n_frames, n_bins), np.float32)
    totals = np.zeros(n_bins, np.float64)
    for i in range(min(radius_frames, n_frames)):
        for j in range(n_bins):
            totals[j] += row_sums[i, j]
    for i in range(n_frames):
        newest, oldest = i + radius_frames, i - radius_frames - 1
        if newest < n_frames:
            for j in range(n_bins):
                totals[j] += row_sums[newest, j]
        if oldest >= 0:
            for j in range(n_bins):
                totals[j] -= row_sums[oldest, j]
        height = min(newest, n_frames - 1) - max(oldest + 1, 0) + 1
        for j in range(n_bins):
            result[i, j] = np.float32(level_db[i, j] - totals[j] / (height * width[j]))
    return result
