"""Which peaks of a song a query has too, at a given alignment."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, nogil=True)
def nearness(
    song_tick: NDArray[np.float64],
    song_bin: NDArray[np.int32],
    song_level_db: NDArray[np.float32],
    query_tick: NDArray[np.int32],
    query_bin: NDArray[np.int32],
    query_level_db: NDArray[np.float32],
    near_ticks: float,
    reach_ticks: float,
    reach_bins: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return for each song peak how near in time the nearest query peak of its bin lies.

    1 up to ``near_ticks``, then falling linearly to 0 at ``reach_ticks``; 0 without a query peak
    within ``reach_bins``. Then the least difference in level, in dB, to a query peak in reach;
    infinite without one. Both constellations must be sorted by tick, on the query's time.
    """
    near = np.zeros(len(song_tick), np.float64)
    difference_db = np.full(len(song_tick), np.inf)
    first = 0
    for i in range(len(song_tick)):
        while first < len(query_tick) and query_tick[first] <= song_tick[i] - reach_ticks:
            first += 1
        j = first
        while j < len(query_tick) and query_tick[j] < song_tick[i] + reach_ticks:
            if abs(query_bin[j] - song_bin[i]) <= reach_bins:
                distance = abs(query_tick[j] - song_tick[i])
                weight = (reach_ticks - distance) / (reach_ticks - near_ticks)
                near[i] = max(near[i], min(weight, 1.0))
                apart_db = abs(np.float64(query_level_db[j]) - song_level_db[i])
                difference_db[i] = min(difference_db[i], apart_db)
            j += 1
    return near, difference_db


@njit(cache=True, nogil=True)
def louder_share(near: NDArray[np.float64], level_db: NDArray[np.float32]) -> float:
    """Return the mean of ``near`` over the elements with at least the median level; 0 of none."""
    if not len(near):
        return 0.0
    middle = np.median(level_db)
    total, n = 0.0, 0
    for i in range(len(near)):
        if level_db[i] >= middle:
            total += near[i]
            n += 1
    return total / n
