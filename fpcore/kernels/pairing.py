"""Anchor and target zone: which peaks are paired."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, nogil=True)
def pairs(
    frame: NDArray[np.int32],
    bin_: NDArray[np.int32],
    fan_out: int,
    min_delta_frames: int,
    max_delta_frames: int,
    max_delta_bins: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the indices of anchors and targets of peaks sorted by (frame, bin).

    Each peak is the anchor of at most ``fan_out`` pairs: with the first peaks after it, in
    order, that lie within the frame and bin limits.
    """
    n = len(frame)
    anchors = np.empty(n * fan_out, np.int64)
    targets = np.empty(n * fan_out, np.int64)
    n_pairs = 0
    start = 0
    for i in range(n):
        start = max(start, i + 1)
        while start < n and frame[start] - frame[i] < min_delta_frames:
            start += 1
        n_left = fan_out
        j = start
        while n_left > 0 and j < n and frame[j] - frame[i] <= max_delta_frames:
            if abs(bin_[j] - bin_[i]) <= max_delta_bins:
                anchors[n_pairs], targets[n_pairs] = i, j
                n_pairs += 1
                n_left -= 1
            j += 1
    return anchors[:n_pairs].copy(), targets[:n_pairs].copy()
