"""Offset histogram: the windows of offsets in which the hits of a song gather weight.

A window holds the hits of one song whose offsets lie in ``[o, o + width_ticks]`` for the offset
``o`` of its first hit. It weighs what its distinct query hashes weigh: a hash that is in it
several times counts once.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, nogil=True)
def windows(
    song_id: NDArray[np.int64],
    offset_ticks: NDArray[np.int64],
    row: NDArray[np.int64],
    weight: NDArray[np.float64],
    width_ticks: int,
    n_rows: int,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the past-the-last hit and the weight of the window that begins at each hit.

    Hits must be sorted by (song_id, offset_ticks). ``row`` says which of the query's ``n_rows``
    hashes a hit is of; all hits of a row weigh the same. Weights must be such that their sums
    are exact, because the sum is carried along.
    """
    n = len(song_id)
    ends = np.empty(n, np.int64)
    totals = np.empty(n, np.float64)
    n_inside = np.zeros(n_rows, np.int32)  # hits of each query hash in the window
    end = 0
    total = 0.0
    for start in range(n):
        while (
            end < n
            and song_id[end] == song_id[start]
            and offset_ticks[end] - offset_ticks[start] <= width_ticks
        ):
            if n_inside[row[end]] == 0:
                total += weight[end]
            n_inside[row[end]] += 1
            end += 1
        ends[start], totals[start] = end, total
        n_inside[row[start]] -= 1
        if n_inside[row[start]] == 0:
            total -= weight[start]
    return ends, totals


@njit(cache=True, nogil=True)
def heaviest_windows(
    key: NDArray[np.int64],
    weight: NDArray[np.float64],
    width_ticks: int,
    n_bits: int,
    row_bits: int,
    n_songs: int,
) -> NDArray[np.float64]:
    """Return what the heaviest window of each song weighs, 0 for one without hits.

    ``key`` holds the hits as `fpcore.kernels.sorting` says, sorted by song and offset;
    ``weight`` is that of each of the query's hashes, as for `windows`.
    """
    heaviest = np.zeros(n_songs, np.float64)
    n_inside = np.zeros(len(weight), np.int32)
    row_mask = (1 << row_bits) - 1
    start = 0
    total = 0.0
    for end in range(len(key)):
        song = key[end] >> (n_bits + row_bits)
        place = key[end] >> row_bits
        while (
            key[start] >> (n_bits + row_bits) != song
            or place - (key[start] >> row_bits) > width_ticks
        ):
            row = key[start] & row_mask
            n_inside[row] -= 1
            if n_inside[row] == 0:
                total -= weight[row]
            start += 1
        row = key[end] & row_mask
        if n_inside[row] == 0:
            total += weight[row]
        n_inside[row] += 1
        heaviest[song] = max(heaviest[song], total)
    return heaviest


@njit(cache=True, nogil=True)
def top_windows(
    ends: NDArray[np.int64], totals: NDArray[np.float64], n_windows: int
) -> NDArray[np.int64]:
    """Return (start, end) rows of one song's heaviest windows, heaviest first, none overlapping.

    ``ends`` and ``totals`` are those of `windows`, with ends counted from the song's first hit.
    Of equal weights the first is taken; a window that shares a hit with one taken before is
    left out. At most ``n_windows`` rows.
    """
    n = len(totals)
    left = totals.copy()
    found = np.empty((n_windows, 2), np.int64)
    n_found = 0
    while n_found < n_windows:
        best = 0
        for start in range(n):
            if left[start] > left[best]:
                best = start
        if n == 0 or left[best] <= 0:
            break
        found[n_found, 0], found[n_found, 1] = best, ends[best]
        n_found += 1
        first = best
        while first > 0 and ends[first - 1] > best:
            first -= 1
        left[first : ends[best]] = 0.0
    return found[:n_found].copy()
