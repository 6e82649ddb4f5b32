"""Pairs of anchors and targets: which peaks are paired."""

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
    """Return which peaks are paired: each anchor with the first peaks of its target zone.

    Parameters
    ----------
    frame, bin_ : int32 (n,)
        The peaks, sorted by (frame, bin).
    fan_out : int
        Most pairs of an anchor, >= 1.
    min_delta_frames, max_delta_frames : int
        Fewest and most frames from anchor to target.
    max_delta_bins : int
        Most bins, up or down, from anchor to target.

    Returns
    -------
    anchor, target : int64 (m,)
        Rows of the peaks, sorted by (anchor, target); no peak is paired with itself.
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
