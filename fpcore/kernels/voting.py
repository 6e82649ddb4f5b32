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

_N_SLOTS = 4096
"""Counters that fit into the nearest cache, many for the fifty hits that a song has by chance."""


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
    key: Keys,
    first: NDArray[np.int64],
    weighing: Weighing,
    moved_ticks: NDArray[np.int64],
    n_bits: int,
) -> NDArray[np.float64]:
    """Return what the heaviest window of each song weighs once its hits are moved.

    Chance hits are mostly *alone*: no other of the song lies within a window's width. Nothing but
    their own weight counts then, and only the few others are sorted.

    Parameters
    ----------
    key : int32 or int64 (k,)
        The keys of all songs, each song's in any order.
    first : int64 (s + 1,)
        Where the keys of each song begin, and last where those of all end.
    weighing : Weighing
        What a window holds and weighs.
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
    weight, width_ticks, row_bits = weighing
    heaviest = np.zeros(len(first) - 1, np.float64)
    n_inside = np.zeros(len(weight), np.int32)
    longest = 0
    for song in range(len(first) - 1):
        longest = max(longest, first[song + 1] - first[song])
    one, other = np.empty(longest, np.int64), np.empty(longest, np.int64)
    seen = np.empty(_N_SLOTS, np.uint8)
    row_mask = np.uint64((1 << row_bits) - 1)
    slot_bit = row_bits
    while 1 << (slot_bit - row_bits) < width_ticks:
        slot_bit += 1
    for song in range(len(first) - 1):
        n = first[song + 1] - first[song]
        alone = 0.0
        for i in range(n):
            unmoved = np.int64(key[first[song] + i])
            row = np.uint64(unmoved) & row_mask  # an index that may be negative would cost more
            one[i] = unmoved + (moved_ticks[row] << row_bits)
            alone = weight[row] if weight[row] > alone else alone
        n = _crowded(one, n, slot_bit, seen)
        by_offset = sorted_part(one, other, n, row_bits, row_bits + n_bits)
        heaviest[song] = max(alone, _heaviest(by_offset[:n], weighing, n_inside))
    return heaviest


@kernel
def _crowded(key: NDArray[np.int64], n: int, slot_bit: int, seen: NDArray[np.uint8]) -> int:
    """Move those of the first ``n`` keys to the front that may share a window; return how many.

    Offsets are counted in slots at least as wide as a window, so that hits of one window lie in the
    same slot or in neighbours. Slots far apart share a counter, which keeps some that are alone.

    Parameters
    ----------
    key : int64 (>= n,)
        The keys; written to.
    n : int
        How many keys there are.
    slot_bit : int
        The bits from here on are the slot.
    seen : uint8 (N_SLOTS,)
        Room for counters.
    """
    seen[:] = 0
    shift, mask, one = np.uint64(slot_bit), np.uint64(_N_SLOTS - 1), np.uint64(1)
    for i in range(n):
        slot = (np.uint64(key[i]) >> shift) & mask
        seen[slot] = min(seen[slot] + one, np.uint64(2))
    n_kept = 0
    for i in range(n):
        moved = key[i]
        slot = (np.uint64(moved) >> shift) & mask
        around = seen[(slot - one) & mask] + seen[slot] + seen[(slot + one) & mask]
        key[n_kept] = moved
        n_kept += around > one
    return n_kept


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
