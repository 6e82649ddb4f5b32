"""Hough transform of one song's hits: votes along slanted lines of offset against time."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, nogil=True)
def heaviest_lines(
    tick: NDArray[np.float64],
    offset_ticks: NDArray[np.int64],
    weight: NDArray[np.float64],
    width_ticks: int,
    slopes: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the most weight along a line of each slope, and the lowest level that the line covers.

    The level of a hit is ``offset_ticks - slope * tick``, rounded. A line covers the levels from
    one to ``width_ticks`` above it. Sums of weights must be exact.

    Parameters
    ----------
    tick : float64 (n,)
        Times of the hits in the query, in ticks.
    offset_ticks : int64 (n,)
        Song time minus query time of each hit.
    weight : float64 (n,)
        Weights of the hits.
    width_ticks : int
        Width of a line, >= 0.
    slopes : float64 (m,)
        Ticks of offset for each tick of the query.

    Returns
    -------
    heaviest : float64 (m,)
        The most weight for each slope; 0 without hits.
    lowest : int64 (m,)
        Lowest level of that line, the highest one if several weigh the same; 0 without hits.
    """
    heaviest = np.zeros(len(slopes), np.float64)
    lowest = np.zeros(len(slopes), np.int64)
    level = np.empty(len(tick), np.int64)
    for i in range(len(slopes) if len(tick) else 0):
        for k in range(len(tick)):
            level[k] = np.int64(np.rint(offset_ticks[k] - slopes[i] * tick[k]))
        bottom = level.min()
        votes = np.zeros(level.max() - bottom + 1, np.float64)
        for k in range(len(tick)):
            votes[level[k] - bottom] += weight[k]
        inside = 0.0
        for low in range(len(votes) - 1, -1, -1):
            inside += votes[low]
            if low + width_ticks + 1 < len(votes):
                inside -= votes[low + width_ticks + 1]
            if inside > heaviest[i]:
                heaviest[i], lowest[i] = inside, bottom + low
    return heaviest, lowest
