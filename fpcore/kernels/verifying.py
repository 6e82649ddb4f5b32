"""Which peaks of a song a query has too, at a given alignment."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, nogil=True)
def nearness(
    song_tick: NDArray[np.float64],
    song_bin: NDArray[np.int32],
    query_tick: NDArray[np.int32],
    query_bin: NDArray[np.int32],
    near_ticks: float,
    reach_ticks: float,
    reach_bins: int,
) -> NDArray[np.float64]:
    """Return for each song peak how near in time the nearest query peak of its bin lies.

    1 up to ``near_ticks``, then falling linearly to 0 at ``reach_ticks``; 0 without a query peak
    within ``reach_bins``. Both constellations must be sorted by tick, on the query's time.
    """
    result = np.zeros(len(song_tick), np.float64)
    first = 0
    for i in range(len(song_tick)):
        while first < len(query_tick) and query_tick[first] <= song_tick[i] - reach_ticks:
            first += 1
        j = first
        while j < len(query_tick) and query_tick[j] < song_tick[i] + reach_ticks:
            if abs(query_bin[j] - song_bin[i]) <= reach_bins:
                distance = abs(query_tick[j] - song_tick[i])
                near = (reach_ticks - distance) / (reach_ticks - near_ticks)
                result[i] = max(result[i], min(near, 1.0))
            j += 1
    return result
