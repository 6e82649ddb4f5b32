"""Hits sorted by song and offset, through keys that hold all of a hit.

A key is ``(song << n_bits | offset) << row_bits | row``, with song and offset counted from 0
and ``row`` that of the query's hash: to sort the keys is to sort the hits. That takes two or
three passes of a radix sort, where comparing takes one for each doubling.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

_DIGIT_BITS = 11
"""Bits of a pass at most: counts of as many digits as this stay in the nearest cache."""


@njit(cache=True, nogil=True)
def keys_of_hits(
    token_row: NDArray[np.int64],
    tick: NDArray[np.int32],
    first: NDArray[np.int64],
    posting: NDArray[np.int64],
    place: NDArray[np.int64],
    row_bits: int,
) -> NDArray[np.int64]:
    """Return the key of each posting against each query hash of its token.

    Query hash ``i``, at ``tick[i]``, is of the token whose postings are those that
    ``posting[first[token_row[i]] : first[token_row[i] + 1]]`` points to in ``place``, where each
    stands with its song and the offset that it has to a query hash at 0.
    """
    total = 0
    for i in range(len(token_row)):
        total += first[token_row[i] + 1] - first[token_row[i]]
    key = np.empty(total, np.int64)
    n = 0
    for i in range(len(token_row)):
        for j in range(first[token_row[i]], first[token_row[i] + 1]):
            key[n] = (place[posting[j]] - tick[i]) << row_bits | i
            n += 1
    return key


@njit(cache=True, nogil=True)
def decoy_keys(
    first: NDArray[np.int64],
    offset_ticks: NDArray[np.int64],
    row: NDArray[np.int64],
    tick: NDArray[np.int32],
    factor: int,
    lowest_ticks: int,
    n_bits: int,
    row_bits: int,
) -> NDArray[np.int64]:
    """Return the keys of hits at other offsets: each moved by ``factor`` times its query time.

    Song ``i`` has the hits from ``first[i]`` to before ``first[i + 1]``, the last one to the end.
    """
    n = len(row)
    key = np.empty(n, np.int64)
    for song in range(len(first)):
        end = first[song + 1] if song + 1 < len(first) else n
        for i in range(first[song], end):
            offset = offset_ticks[i] + factor * np.int64(tick[row[i]]) - lowest_ticks
            key[i] = (np.int64(song) << n_bits | offset) << row_bits | row[i]
    return key


@njit(cache=True, nogil=True)
def sorted_keys(key: NDArray[np.int64], first_bit: int, n_bits: int) -> NDArray[np.int64]:
    """Return keys in the order of their bits from ``first_bit`` to before ``n_bits``.

    Keys must lie in ``[0, 2 ** n_bits)``. Those that differ only in lower bits keep their order.
    ``key`` itself is used as scratch space.
    """
    n_passes = (n_bits - first_bit + _DIGIT_BITS - 1) // _DIGIT_BITS
    if n_passes == 0:
        return key
    width = (n_bits - first_bit + n_passes - 1) // n_passes
    mask = (1 << width) - 1
    source, target = key, np.empty_like(key)
    for number in range(n_passes):
        shift = first_bit + number * width
        place = np.zeros((1 << width) + 1, np.int64)
        for i in range(len(source)):
            place[((source[i] >> shift) & mask) + 1] += 1
        for digit in range(1 << width):
            place[digit + 1] += place[digit]
        for i in range(len(source)):
            digit = (source[i] >> shift) & mask
            target[place[digit]] = source[i]
            place[digit] += 1
        source, target = target, source
    return source


@njit(cache=True, nogil=True)
def hits_of_keys(
    key: NDArray[np.int64],
    tick: NDArray[np.int32],
    weight: NDArray[np.float64],
    song_ids: NDArray[np.int64],
    ticks_per_frame: int,
    lowest_ticks: int,
    n_bits: int,
    row_bits: int,
) -> tuple[
    NDArray[np.int64],
    NDArray[np.int64],
    NDArray[np.int32],
    NDArray[np.int64],
    NDArray[np.float64],
]:
    """Return row, song id, frame, offset and weight of each hit: what its key was made of.

    ``tick`` and ``weight`` are those of the query's hashes.
    """
    n = len(key)
    row, song_id = np.empty(n, np.int64), np.empty(n, np.int64)
    frame, offset = np.empty(n, np.int32), np.empty(n, np.int64)
    weights = np.empty(n, np.float64)
    row_mask, offset_mask = (1 << row_bits) - 1, (1 << n_bits) - 1
    for i in range(n):
        row[i] = key[i] & row_mask
        song_id[i] = song_ids[key[i] >> (n_bits + row_bits)]
        offset[i] = ((key[i] >> row_bits) & offset_mask) + lowest_ticks
        frame[i] = (offset[i] + tick[row[i]]) // ticks_per_frame
        weights[i] = weight[row[i]]
    return row, song_id, frame, offset, weights


@njit(cache=True, nogil=True)
def first_of_runs(value: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where each run of equal values begins."""
    n_runs = 0
    for i in range(len(value)):
        n_runs += i == 0 or value[i] != value[i - 1]
    first = np.empty(n_runs, np.int64)
    n_runs = 0
    for i in range(len(value)):
        if i == 0 or value[i] != value[i - 1]:
            first[n_runs] = i
            n_runs += 1
    return first
