"""The first look at many playbacks of one query: how much weight gathers at one offset."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

WEIGHT_BITS = 10
"""A hit is sorted together with its weight, in steps of 1 / 2**10 of the heaviest possible."""


@njit(cache=True, nogil=True)
def heaviest_offsets(
    row: NDArray[np.int64],
    tick: NDArray[np.int32],
    ends: NDArray[np.int64],
    weight: NDArray[np.float64],
    song: NDArray[np.int64],
    song_tick: NDArray[np.int64],
    width_ticks: int,
) -> NDArray[np.float64]:
    """Return the weight of the heaviest window of offsets of one song, for each playback.

    Hash ``j`` of playback ``i`` has the token ``row[i, j]`` and the time ``tick[i, j]``, both
    (n, m). The postings of token ``t`` end before ``ends[t]``, each weighs ``weight[t]`` in
    [0, 1]. ``song``, numbered from 0, and ``song_tick`` are those of the postings. A window
    holds the hits of one song whose offsets lie within ``width_ticks``.
    """
    n, m = row.shape
    result = np.zeros(n, np.float64)
    if not len(song):
        return result
    lowest = -np.int64(tick.max())
    span = song_tick.max() - lowest + width_ticks + 2
    steps = (weight * (2**WEIGHT_BITS - 1)).astype(np.int64)
    for i in range(n):
        n_hits = 0
        for j in range(m):
            t = row[i, j]
            n_hits += ends[t] - (ends[t - 1] if t else 0)
        keys = np.empty(n_hits, np.int64)
        k = 0
        for j in range(m):
            t = row[i, j]
            for p in range(ends[t - 1] if t else 0, ends[t]):
                place = song[p] * span + song_tick[p] - tick[i, j] - lowest
                keys[k] = (place << WEIGHT_BITS) | steps[t]
                k += 1
        keys.sort()
        result[i] = _heaviest(keys, width_ticks)
    scaled: NDArray[np.float64] = result / (2**WEIGHT_BITS - 1)
    return scaled


@njit(cache=True, nogil=True)
def _heaviest(keys: NDArray[np.int64], width_ticks: int) -> float:
    """Return the most weight of sorted keys whose places lie within ``width_ticks``."""
    mask = 2**WEIGHT_BITS - 1
    total = heaviest = 0
    start = 0
    for end in range(len(keys)):
        total += keys[end] & mask
        while (keys[end] >> WEIGHT_BITS) - (keys[start] >> WEIGHT_BITS) > width_ticks:
            total -= keys[start] & mask
            start += 1
        heaviest = max(heaviest, total)
    return float(heaviest)
