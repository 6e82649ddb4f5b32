"""The coarse pass over many playbacks of one query: how much weight gathers at one offset."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from fpcore.kernels.sorting import sorted_part

WEIGHT_BITS = 10
"""A hit is sorted together with its weight, in steps of 1 / 2**10 of the heaviest possible."""


OUTSIDE = -1
"""The token of a pair that lies outside the band or the target zone once it is moved."""


@njit(cache=True, nogil=True)
def moved(
    position: NDArray[np.int64],
    frame: NDArray[np.int32],
    anchor: NDArray[np.int64],
    target: NDArray[np.int64],
    tempo: NDArray[np.float64],
    zone: tuple[int, int, int, int],
    ticks: tuple[int, int],
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return the token, as of `fpcore.stages.hashing`, and the tick of each pair at each playback.

    Both are (n, m), and the token of a pair that has left the zone is `OUTSIDE`.

    Parameters
    ----------
    position
        Bins of the peaks as if not so played, counted from the lowest of the band, (n, k).
    frame
        Frames of the peaks as they were heard, (k,).
    anchor, target
        Rows of the peaks that make the pairs, (m,).
    tempo
        Of each playback, (n,).
    zone
        Bins in the band, most bins between the two, fewest and most frames.
    ticks
        Ticks in a frame, and those left out at the start.
    """
    n_bins, max_bins, min_frames, max_frames = zone
    ticks_per_frame, shift = ticks
    token = np.full((len(position), len(anchor)), OUTSIDE, np.int64)
    tick = np.empty(token.shape, np.int32)
    for i in range(len(position)):
        for j in range(len(anchor)):
            start, end = frame[anchor[j]], frame[target[j]]
            tick[i, j] = np.rint((start * ticks_per_frame + shift) * tempo[i])
            f1, f2 = position[i, anchor[j]], position[i, target[j]]
            delta = np.int64(np.rint((end - start) * tempo[i]))
            in_band = min(f1, f2) >= 0 and max(f1, f2) < n_bins
            if in_band and abs(f2 - f1) <= max_bins and min_frames <= delta <= max_frames:
                token[i, j] = (f1 * n_bins + f2) * (max_frames + 1) + delta
    return token, tick


@njit(cache=True, nogil=True)
def heaviest_offsets(
    row: NDArray[np.int64],
    tick: NDArray[np.int32],
    ends: NDArray[np.int64],
    weight: NDArray[np.float64],
    song: NDArray[np.int32],
    song_tick: NDArray[np.int64],
    width_ticks: int,
) -> NDArray[np.float64]:
    """Return the weight of the heaviest window of offsets of one song, for each playback.

    Hash ``j`` of playback ``i`` has the token ``row[i, j]`` and the time ``tick[i, j]``, both
    (n, m). The postings of token ``t`` end before ``ends[t]``, each weighs ``weight[t]`` in
    [0, 1]. ``song``, numbered from 0, and ``song_tick`` are those of the postings. A window
    holds the hits of one song whose offsets lie within ``width_ticks``.
    """
    result = np.zeros(len(row), np.float64)
    if not len(song):
        return result
    steps = (weight * (2**WEIGHT_BITS - 1)).astype(np.int64)
    first = np.empty(song.max() + 2, np.int64)
    lowest = np.int64(song_tick.min()) - tick.max()
    highest = np.int64(song_tick.max()) - tick.min() - lowest
    n_bits = WEIGHT_BITS
    while highest >> (n_bits - WEIGHT_BITS):
        n_bits += 1
    for i in range(len(row)):
        _count(first, row[i], ends, song)
        key = np.empty(first[-1], np.int64)
        for j in range(row.shape[1]):
            t = row[i, j]
            for p in range(ends[t - 1] if t else 0, ends[t]):
                place = song_tick[p] - tick[i, j] - lowest
                key[first[song[p]]] = place << WEIGHT_BITS | steps[t]
                first[song[p]] += 1
        result[i] = _heaviest(key, first, width_ticks, n_bits)
    scaled: NDArray[np.float64] = result / (2**WEIGHT_BITS - 1)
    return scaled


@njit(cache=True, nogil=True)
def _count(
    first: NDArray[np.int64],
    row: NDArray[np.int64],
    ends: NDArray[np.int64],
    song: NDArray[np.int32],
) -> None:
    """Write into ``first`` where the hits of each song begin, and how many there are in all."""
    first[:] = 0
    for t in row:
        for p in range(ends[t - 1] if t else 0, ends[t]):
            first[song[p] + 1] += 1
    for i in range(1, len(first)):
        first[i] += first[i - 1]


@njit(cache=True, nogil=True)
def _heaviest(
    key: NDArray[np.int64], past: NDArray[np.int64], width_ticks: int, n_bits: int
) -> int:
    """Return the most weight of hits whose places lie within ``width_ticks``.

    The keys of song ``i`` end before ``past[i]``, where those of the next one begin.
    """
    mask = 2**WEIGHT_BITS - 1
    other = np.empty(len(key), np.int64)
    heaviest = begin = 0
    for song in range(len(past) - 1):
        n = past[song] - begin
        part = sorted_part(key[begin : past[song]], other, n, WEIGHT_BITS, n_bits)
        begin = past[song]
        total = start = 0
        for end in range(n):
            total += part[end] & mask
            while (part[end] >> WEIGHT_BITS) - (part[start] >> WEIGHT_BITS) > width_ticks:
                total -= part[start] & mask
                start += 1
            heaviest = max(heaviest, total)
    return heaviest
