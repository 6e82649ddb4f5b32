"""Whitening by a box: the mean level around each element, subtracted from it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fpcore.kernels.compiling import kernel


@kernel
def subtract_box_mean(
    level_db: NDArray[np.float32], radius_frames: int, radius_bins: int
) -> NDArray[np.float32]:
    """Return levels minus their mean over a box around each element.

    Running sums of each bin over the frames are summed along the bins, and the sum of a box is the
    difference of two such sums. The levels are whole multiples of 2**-10 dB, so in float64 every
    sum is exact and the result does not depend on where the running sums began.

    Parameters
    ----------
    level_db : float32 (n_frames, n_bins)
        Levels in dB.
    radius_frames, radius_bins : int
        How far the box reaches to either side, >= 0; it is cut off at the edges.

    Returns
    -------
    float32 (n_frames, n_bins)
        Heights in dB.
    """
    n_frames, n_bins = level_db.shape
    result = np.empty((n_frames, n_bins), np.float32)
    of_bin = np.zeros(n_bins, np.float64)
    below = np.zeros(n_bins + 1, np.float64)  # sums of ``of_bin`` over all lower bins
    for i in range(min(radius_frames, n_frames)):
        for j in range(n_bins):
            of_bin[j] += level_db[i, j]
    for i in range(n_frames):
        newest, oldest = i + radius_frames, i - radius_frames - 1
        if newest < n_frames:
            for j in range(n_bins):
                of_bin[j] += level_db[newest, j]
        if oldest >= 0:
            for j in range(n_bins):
                of_bin[j] -= level_db[oldest, j]
        height = min(newest, n_frames - 1) - max(oldest + 1, 0) + 1
        for j in range(n_bins):
            below[j + 1] = below[j] + of_bin[j]
        for j in range(n_bins):
            first, end = max(j - radius_bins, 0), min(j + radius_bins + 1, n_bins)
            mean = (below[end] - below[first]) / (height * (end - first))
            result[i, j] = np.float32(level_db[i, j] - mean)
    return result
