"""Windows of the offset histogram in which the hits of a song gather weight.

A window holds the hits of one song whose offsets lie in ``[o, o + width_ticks]`` for the offset
``o`` of its first hit. It weighs what its distinct query hashes weigh: a hash that is in it
several times counts once. Hits are given as the keys of `fpcore.kernels.sorting`. Sums of
weights must be exact, because they are carried along from one window to the next.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fpcore.kernels.compiling import kernel
from fpcore.kernels.sorting import Keys, sorted_part


class Weighing(NamedTuple):
    """What a window holds and what it weighs.

    Attributes
    ----------
    weight : float64 (m,)
        Weight of each of the query's hashes.
    width_ticks : int
        Width of a window, >= 0.
    row_bits : int
        Low bits of a key that hold the row.
    """

    weight: NDArray[np.float64]
    width_ticks: int
    row_bits: int


class Windows(NamedTuple):
    """The window that begins at each hit of one song.

    Attributes
    ----------
    end : int64 (n,)
        Where it ends, past its last hit, counted from the song's first.
    total : float64 (n,)
        What it weighs.
    """

    end: NDArray[np.int64]
    total: NDArray[np.float64]


class HitSpans(NamedTuple):
    """Hits in a row.

    Attributes
    ----------
    start, end : int64 (w,)
        The first hit of each span and the one past its last.
    """

    start: NDArray[np.int64]
    end: NDArray[np.int64]


@kernel
def windows(key: Keys, weighing: Weighing) -> Windows:
    """Return the window that begins at each hit of one song, whose sorted keys are ``key`` (n,)."""
    weight, width_ticks, row_bits = weighing
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
    return Windows(ends, totals)


@kernel
def heaviest_windows(
    key: Keys, first: NDArray[np.int64], weighing: Weighing
) -> NDArray[np.float64]:
    """Return what the heaviest window of each song weighs.

    Parameters
    ----------
    key : int32 or int64 (k,)
        The keys of all songs, each song's sorted.
    first : int64 (s + 1,)
        Where the keys of each song begin, and last where those of all end.
    weighing : Weighing
        What a window holds and weighs.

    Returns
    -------
    float64 (s,)
        Weights; 0 for a song without hits.
    """
    heaviest = np.empty(len(first) - 1, np.float64)
    n_inside = np.zeros(len(weighing.weight), np.int32)
    for song in range(len(first) - 1):
        heaviest[song] = _heaviest(key[first[song] : first[song + 1]], weighing, n_inside)
    return heaviest


@kernel
def heaviest_decoys(
    key: Keys,
    first: NDArray[np.int64],
    weighing: Weighing,
    moved_ticks: NDArray[np.int64],
    n_bits: int,
) -> NDArray[np.float64]:
    """Return what the heaviest window of each song weighs once its hits are moved.

    Parameters
    ----------
    key, first, weighing : array or Weighing
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
    row_bits = weighing.row_bits
    heaviest = np.empty(len(first) - 1, np.float64)
    n_inside = np.zeros(len(weighing.weight), np.int32)
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
        heaviest[song] = _heaviest(moved_key[:n], weighing, n_inside)
    return heaviest


@kernel
def _heaviest(key: Keys, weighing: Weighing, n_inside: NDArray[np.int32]) -> float:
    """Return what the heaviest window of one song weighs; ``n_inside`` are zeros, then again."""
    weight, width_ticks, row_bits = weighing
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


@kernel
def top_windows_of_songs(
    key: Keys,
    first: NDArray[np.int64],
    songs: NDArray[np.int64],
    weighing: Weighing,
    n_windows: int,
) -> HitSpans:
    """Return the heaviest windows of some songs, one song after the other; see `top_windows`.

    Parameters
    ----------
    key, first, weighing : array or Weighing
        As for `heaviest_windows`.
    songs : int64 (t,)
        Numbers of the songs that are looked at, in the order in which their windows are wanted.
    n_windows : int
        Most windows wanted of a song, >= 1.

    Returns
    -------
    HitSpans
        The windows, their hits counted from the first of all songs.
    """
    starts = np.empty(len(songs) * n_windows, np.int64)
    ends = np.empty(len(starts), np.int64)
    n = 0
    for song in songs:
        of_song = windows(key[first[song] : first[song + 1]], weighing)
        top = top_windows(of_song, n_windows)
        for i in range(len(top.start)):
            starts[n], ends[n] = first[song] + top.start[i], first[song] + top.end[i]
            n += 1
    return HitSpans(starts[:n].copy(), ends[:n].copy())


@kernel
def top_windows(of_song: Windows, n_windows: int) -> HitSpans:
    """Return at most ``n_windows`` windows of one song, the heaviest first, none overlapping.

    Of equal weights the first is taken; a window that shares a hit with one taken before is left
    out. Hits are counted from the song's first.
    """
    ends, left = of_song.end, of_song.total.copy()
    n = len(left)
    starts_found, ends_found = np.empty(n_windows, np.int64), np.empty(n_windows, np.int64)
    n_found = 0
    while n_found < n_windows:
        best = 0
        for start in range(n):
            if left[start] > left[best]:
                best = start
        if n == 0 or left[best] <= 0:
            break
        starts_found[n_found], ends_found[n_found] = best, ends[best]
        n_found += 1
        first = best
        while first > 0 and ends[first - 1] > best:
            first -= 1
        left[first : ends[best]] = 0.0
    return HitSpans(starts_found[:n_found].copy(), ends_found[:n_found].copy())
