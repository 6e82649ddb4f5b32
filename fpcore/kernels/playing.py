"""Playbacks of one query: its tokens at each, and the weight that they gather at one offset."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fpcore.kernels.compiling import kernel
from fpcore.kernels.pairing import PeakPairs, TargetZone
from fpcore.kernels.sorting import sorted_part

WEIGHT_BITS = 10
"""A hit is sorted together with its weight, in steps of 1 / 2**10 of the heaviest possible."""


OUTSIDE = -1
"""The token of a pair that lies outside the band or the target zone once it is moved."""


class MovedPeaks(NamedTuple):
    """Peaks of a query as if it had not been played at each of n playbacks.

    Attributes
    ----------
    position : int64 (n, k)
        For each playback the bins of the peaks, counted from the lowest of the band.
    frame : int32 (k,)
        Frames of the peaks as they were heard.
    tempo : float64 (n,)
        Tempo of each playback, a factor.
    n_bins : int
        Bins in the band.
    """

    position: NDArray[np.int64]
    frame: NDArray[np.int32]
    tempo: NDArray[np.float64]
    n_bins: int


class TickClock(NamedTuple):
    """How frames become ticks.

    Attributes
    ----------
    ticks_per_frame : int
        Ticks in a frame, >= 1.
    shift : int
        Ticks that were left out before the first frame.
    """

    ticks_per_frame: int
    shift: int


class MovedHashes(NamedTuple):
    """Hashes of a query at each of n playbacks.

    Attributes
    ----------
    token : int64 (n, m)
        Tokens as `fpcore.stages.hashing` packs them; `OUTSIDE` for a pair that left the band or the
        target zone.
    tick : int32 (n, m)
        Times of the anchors in ticks.
    """

    token: NDArray[np.int64]
    tick: NDArray[np.int32]


class WeighedPostings(NamedTuple):
    """Postings of tokens, those of one token after those of another, with their weights.

    Attributes
    ----------
    ends : int64 (t,)
        The postings of token ``k`` end before ``ends[k]``, where those of the next one begin.
    weight : float64 (t,)
        Weight of each posting of a token, in [0, 1].
    song : int32 (p,)
        The song of each posting, numbered from 0.
    tick : int64 (p,)
        The time of each posting in ticks.
    """

    ends: NDArray[np.int64]
    weight: NDArray[np.float64]
    song: NDArray[np.int32]
    tick: NDArray[np.int64]


@kernel
def moved(peaks: MovedPeaks, pairs: PeakPairs, zone: TargetZone, clock: TickClock) -> MovedHashes:
    """Return the hash of each pair of peaks at each playback.

    Parameters
    ----------
    peaks : MovedPeaks
        The k peaks, at n playbacks.
    pairs : PeakPairs
        Which of the peaks make the m pairs.
    zone : TargetZone
        Where a target must lie once the peaks are moved.
    clock : TickClock
        How frames become ticks.
    """
    position, frame, n_bins = peaks.position, peaks.frame, peaks.n_bins
    token = np.full((len(position), len(pairs.anchor)), OUTSIDE, np.int64)
    tick = np.empty(token.shape, np.int32)
    for i in range(len(position)):
        tempo = peaks.tempo[i]
        for j in range(len(pairs.anchor)):
            anchor, target = pairs.anchor[j], pairs.target[j]
            start, end = frame[anchor], frame[target]
            tick[i, j] = np.rint((start * clock.ticks_per_frame + clock.shift) * tempo)
            f1, f2 = position[i, anchor], position[i, target]
            delta = np.int64(np.rint((end - start) * tempo))
            in_band = min(f1, f2) >= 0 and max(f1, f2) < n_bins
            in_reach = zone.min_delta_frames <= delta <= zone.max_delta_frames
            if in_band and in_reach and abs(f2 - f1) <= zone.max_delta_bins:
                token[i, j] = (f1 * n_bins + f2) * (zone.max_delta_frames + 1) + delta
    return MovedHashes(token, tick)


@kernel
def heaviest_offsets(
    row: NDArray[np.int64], tick: NDArray[np.int32], postings: WeighedPostings, width_ticks: int
) -> NDArray[np.float64]:
    """Return the weight of the heaviest window of offsets of one song, for each playback.

    A window holds the hits of one song whose offsets lie within ``width_ticks``.

    Parameters
    ----------
    row : int64 (n, m)
        The token of hash ``j`` at playback ``i``, as its number in ``postings``.
    tick : int32 (n, m)
        The time of that hash in ticks.
    postings : WeighedPostings
        The postings of these tokens.
    width_ticks : int
        Width of a window, >= 0.

    Returns
    -------
    float64 (n,)
        Weights in steps of 1 / 2**`WEIGHT_BITS`, each rounded down.
    """
    ends, weight, song, song_tick = postings
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


@kernel
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


@kernel
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
