"""Hough transform of one song's hits: votes along slanted lines of offset against time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fpcore.kernels.compiling import kernel


class HeaviestLines(NamedTuple):
    """The heaviest line of each slope.

    Attributes
    ----------
    weight : float64 (m,)
        What it weighs; 0 without hits.
    lowest : int64 (m,)
        Its lowest level, that of the highest line if several weigh the same; 0 without hits.
    """

    weight: NDArray[np.float64]
    lowest: NDArray[np.int64]


@kernel
def heaviest_lines(
    tick: NDArray[np.float64],
    offset_ticks: NDArray[np.int64],
    weight: NDArray[np.float64],
    width_ticks: int,
    slopes: NDArray[np.float64],
) -> HeaviestLines:
    """Return the line of each slope that covers most weight.

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
    return HeaviestLines(heaviest, lowest)
