"""Windows of the offset histogram in which the hits of a song gather weight.

A window holds the hits of one song whose offsets lie in ``[o, o + width_ticks]`` for the offset
``o`` of its first hit. It weighs what its distinct query hashes weigh: a hash that is in it
several times counts once. Hits are given as the keys of `fpcore.kernels.sorting`. Sums of
weights must be exact, because they are carried along from one window to the next.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from fpcore.kernels.sorting import Keys, sorted_part


@njit(cache=True, nogil=True)
def windows(
    key: Keys, weight: NDArray[np.float64], width_ticks: int, row_bits: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the past-the-last hit and the weight of the window that begins at each hit.

    Parameters
    ----------
    key : int32 or int64 (n,)
        The keys of one song, sorted.
    weight : float64 (m,)
        Weight of each of the query's hashes.
    width_ticks : int
        Width of a window, >= 0.
    row_bits : int
        Low bits of a key that hold the row.

    Returns
    -------
    ends : int64 (n,)
        Where the window of each hit ends, past its last hit.
    totals : float64 (n,)
        What it weighs.
    """
    n = len(key)
    ends = np.empty(n, np.int64)
    totals = np.empty(n, np.float64)
    n_inside = np.zeros(len(weight), np.int32)  # hits of each query hash in the window
    row_mask = (1 << row_bits) - 1
    end = 0
    total = 0.0
    for start in range(n):
        while end < n and (key[end] >> row_bits) - (key[start] >> row_bits) <= width_ticks:
            row = key[end] & row_mask
            if n_inside[row] == 0:
                total += weight[row]
            n_inside[row] += 1
            end += 1
        ends[start], totals[start] = end, total
        row = key[start] & row_mask
        n_inside[row] -= 1
        if n_inside[row] == 0:
            total -= weight[row]
    return ends, totals


@njit(cache=True, nogil=True)
def heaviest_windows(
    key: Keys,
    first: NDArray[np.int64],
    weight: NDArray[np.float64],
    width_ticks: int,
    row_bits: int,
) -> NDArray[np.float64]:
    """Return what the heaviest window of each song weighs.

    Parameters
    ----------
    key : int32 or int64 (k,)
        The keys of all songs, each song's sorted.
    first : int64 (s + 1,)
        Where the keys of each song begin, and last where those of all end.
    weight : float64 (m,)
        Weight of each of the query's hashes.
    width_ticks : int
        Width of a window, >= 0.
    row_bits : int
        Low bits of a key that hold the row.

    Returns
    -------
    float64 (s,)
        Weights; 0 for a song without hits.
    """
    heaviest = np.empty(len(first) - 1, np.float64)
    n_inside = np.zeros(len(weight), np.int32)
    for song in range(len(first) - 1):
        heaviest[song] = _heaviest(
            key[first[song] : first[song + 1]], weight, width_ticks, row_bits, n_inside
        )
    return heaviest


@njit(cache=True, nogil=True)
def heaviest_decoys(
    key: Keys,
    first: NDArray[np.int64],
    weight: NDArray[np.float64],
    width_ticks: int,
    row_bits: int,
    moved_ticks: NDArray[np.int64],
    n_bits: int,
) -> NDArray[np.float64]:
    """Return what the heaviest window of each song weighs once its hits are moved.

    Parameters
    ----------
    key, first, weight, width_ticks, row_bits : array or int
        As for `heaviest_windows`.
    moved_ticks : int64 (m,)
        By how much the hits of each query hash move. Moved offsets must lie in
        ``[0, 2 ** n_bits)``.
    n_bits : int
        Bits of a moved offset.

    Returns
    -------
    float64 (s,)
        Weights; 0 for a song without hits.
    """
    heaviest = np.empty(len(first) - 1, np.float64)
    n_inside = np.zeros(len(weight), np.int32)
    longest = 0
    for song in range(len(first) - 1):
        longest = max(longest, first[song + 1] - first[song])
    one, other = np.empty(longest, np.int64), np.empty(longest, np.int64)
    row_mask = (1 << row_bits) - 1
    for song in range(len(first) - 1):
        n = first[song + 1] - first[song]
        for i in range(n):
            moved = np.int64(key[first[song] + i])
            one[i] = moved + (moved_ticks[moved & row_mask] << row_bits)
        moved_key = sorted_part(one, other, n, row_bits, row_bits + n_bits)
        heaviest[song] = _heaviest(moved_key[:n], weight, width_ticks, row_bits, n_inside)
    return heaviest


@njit(cache=True, nogil=True)
def _heaviest(
    key: Keys,
    weight: NDArray[np.float64],
    width_ticks: int,
    row_bits: int,
    n_inside: NDArray[np.int32],
) -> float:
    """Return what the heaviest window of one song weighs; ``n_inside`` are zeros, then again."""
    heaviest = total = 0.0
    row_mask = (1 << row_bits) - 1
    start = 0
    for end in range(len(key)):
        offset = key[end] >> row_bits
        while offset - (key[start] >> row_bits) > width_ticks:
            row = key[start] & row_mask
            n_inside[row] -= 1
            if n_inside[row] == 0:
                total -= weight[row]
            start += 1
        row = key[end] & row_mask
        if n_inside[row] == 0:
            total += weight[row]
        n_inside[row] += 1
        heaviest = max(heaviest, total)
    for i in range(start, len(key)):
        n_inside[key[i] & row_mask] = 0
    return heaviest


@njit(cache=True, nogil=True)
def top_windows(
    ends: NDArray[np.int64], totals: NDArray[np.float64], n_windows: int
) -> NDArray[np.int64]:
    """Return the heaviest windows of one song, none overlapping.

    A window that shares a hit with one taken before is left out.

    Parameters
    ----------
    ends, totals : int64 (n,), float64 (n,)
        What `windows` returns.
    n_windows : int
        Most windows wanted, >= 1.

    Returns
    -------
    int64 (w, 2)
        First and past-the-last hit of each, heaviest first; of equal weights the first one.
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
