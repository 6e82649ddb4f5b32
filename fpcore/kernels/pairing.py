"""Pairs of anchors and targets: which peaks are paired."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fpcore.kernels.compiling import kernel


class TargetZone(NamedTuple):
    """Where the targets of an anchor lie, counted from the anchor.

    Attributes
    ----------
    min_delta_frames, max_delta_frames : int
        Fewest and most frames after it.
    max_delta_bins : int
        Most bins above or below it.
    """

    min_delta_frames: int
    max_delta_frames: int
    max_delta_bins: int


class PeakPairs(NamedTuple):
    """Pairs of peaks, sorted by (anchor, target).

    Attributes
    ----------
    anchor, target : int64 (m,)
        Rows of the peaks; no peak is paired with itself.
    """

    anchor: NDArray[np.int64]
    target: NDArray[np.int64]


@kernel
def pairs(
    frame: NDArray[np.int32], bin_: NDArray[np.int32], zone: TargetZone, fan_out: int
) -> PeakPairs:
    """Return which peaks are paired: each anchor with the first peaks of its target zone.

    Parameters
    ----------
    frame, bin_ : int32 (n,)
        The peaks, sorted by (frame, bin).
    zone : TargetZone
        Where targets lie.
    fan_out : int
        Most pairs of an anchor, >= 1.
    """
    n = len(frame)
    anchors = np.empty(n * fan_out, np.int64)
    targets = np.empty(n * fan_out, np.int64)
    n_pairs = 0
    start = 0
    for i in range(n):
        start = max(start, i + 1)
        while start < n and frame[start] - frame[i] < zone.min_delta_frames:
            start += 1
        n_left = fan_out
        j = start
        while n_left > 0 and j < n and frame[j] - frame[i] <= zone.max_delta_frames:
            if abs(bin_[j] - bin_[i]) <= zone.max_delta_bins:
                anchors[n_pairs], targets[n_pairs] = i, j
                n_pairs += 1
                n_left -= 1
            j += 1
    return PeakPairs(anchors[:n_pairs].copy(), targets[:n_pairs].copy())
