"""Hits gathered by song and sorted by offset, through keys that hold the rest of a hit.

A key is ``offset << row_bits | row``, with the offset counted from the lowest possible one and
``row`` that of the query's hash. The keys of a song stand together, and of song ``i`` those from
``first[i]`` to before ``first[i + 1]``. A song has few of them even where the index has many
songs: to sort one after the other stays in the nearest cache, where to sort all of them at once
goes through the memory several times.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Keys = NDArray[np.signedinteger[Any]]

_FEW = 24
"""So many keys are sorted faster by insertion than by counting digits."""

_MANY = 4096
"""From here on a digit of more bits, which takes one pass less, makes up for counting it."""

_DIGIT_BITS, _LONG_DIGIT_BITS = 8, 11


@njit(cache=True, nogil=True)
def numbered(
    song_id: NDArray[np.int64], lowest: int, span: int
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return the distinct ids, ascending, and the number of each ``song_id`` among them.

    All must lie in ``[lowest, lowest + span)``.
    """
    number_of = np.zeros(span, np.int32)
    for i in range(len(song_id)):
        number_of[song_id[i] - lowest] = 1
    ids = np.empty(number_of.sum(), np.int64)
    n = 0
    for i in range(span):
        if number_of[i]:
            ids[n], number_of[i] = lowest + i, n
            n += 1
    number = np.empty(len(song_id), np.int32)
    for i in range(len(song_id)):
        number[i] = number_of[song_id[i] - lowest]
    return ids, number


@njit(cache=True, nogil=True)
def count_hits(
    song: NDArray[np.int32],
    posting_ends: NDArray[np.int64],
    row_ends: NDArray[np.int64],
    n_songs: int,
) -> NDArray[np.int64]:
    """Return how many hits each song has.

    Of token ``t`` are the postings up to ``posting_ends[t]``, which are in the songs ``song``,
    and as many of the query's hashes as ``row_ends`` says likewise.
    """
    count = np.zeros(n_songs, np.int64)
    posting = n_before = 0
    for token in range(len(posting_ends)):
        n_rows = row_ends[token] - n_before
        n_before = row_ends[token]
        while posting < posting_ends[token]:
            count[song[posting]] += n_rows
            posting += 1
    return count


@njit(cache=True, nogil=True)
def fill_keys(
    key: Keys,
    place: NDArray[np.int64],
    song: NDArray[np.int32],
    frame: NDArray[np.int32],
    posting_ends: NDArray[np.int64],
    key_of_row: NDArray[np.int64],
    row_ends: NDArray[np.int64],
    key_of_frame: int,
) -> None:
    """Write into ``key`` that of each posting against each query hash of its token.

    Song ``i`` gets its keys from ``place[i]`` on, which is moved past them. Postings are as for
    `count_hits`. Those of a token meet the query hashes that give ``key_of_row`` up to where
    ``row_ends`` says: the key of a hit at frame 0. Each frame adds ``key_of_frame``.
    """
    posting = first_row = 0
    for token in range(len(posting_ends)):
        end_row = row_ends[token]
        while posting < posting_ends[token]:
            number = song[posting]
            at_frame = np.int64(frame[posting]) * key_of_frame
            n = place[number]
            for i in range(first_row, end_row):
                key[n] = at_frame + key_of_row[i]
                n += 1
            place[number] = n
            posting += 1
        first_row = end_row


@njit(cache=True, nogil=True)
def sort_songs(key: Keys, first: NDArray[np.int64], row_bits: int, n_bits: int) -> None:
    """Sort the keys of each song by their offset, of ``n_bits``; equal ones keep their order."""
    longest = 0
    for i in range(len(first) - 1):
        longest = max(longest, first[i + 1] - first[i])
    one, other = np.empty(longest, np.int64), np.empty(longest, np.int64)
    for i in range(len(first) - 1):
        n = first[i + 1] - first[i]
        for j in range(n):
            one[j] = key[first[i] + j]
        result = sorted_part(one, other, n, row_bits, row_bits + n_bits)
        for j in range(n):
            key[first[i] + j] = result[j]


@njit(cache=True, nogil=True)
def sorted_part(
    key: NDArray[np.int64], other: NDArray[np.int64], n: int, first_bit: int, n_bits: int
) -> NDArray[np.int64]:
    """Return an array that begins with the first ``n`` keys in the order of some of their bits.

    These are the bits from ``first_bit`` to before ``n_bits``, above which there are none. Keys
    that differ only in lower ones keep their order. The result is ``key`` or ``other``, and both
    are written to.
    """
    if n <= _FEW:
        for i in range(1, n):
            moved, j = key[i], i
            while j > 0 and key[j - 1] >> first_bit > moved >> first_bit:
                key[j] = key[j - 1]
                j -= 1
            key[j] = moved
        return key
    digit_bits = _DIGIT_BITS if n < _MANY else _LONG_DIGIT_BITS
    n_passes = (n_bits - first_bit + digit_bits - 1) // digit_bits
    width = (n_bits - first_bit + n_passes - 1) // max(n_passes, 1)
    place = np.empty((1 << width) + 1, np.int64)
    for number in range(n_passes):
        _sort_by_digit(key, other, n, first_bit + number * width, width, place)
        key, other = other, key
    return key


@njit(cache=True, nogil=True)
def _sort_by_digit(
    key: NDArray[np.int64],
    target: NDArray[np.int64],
    n: int,
    shift: int,
    width: int,
    place: NDArray[np.int64],
) -> None:
    mask = (1 << width) - 1
    place[:] = 0
    for i in range(n):
        place[((key[i] >> shift) & mask) + 1] += 1
    for digit in range(1 << width):
        place[digit + 1] += place[digit]
    for i in range(n):
        digit = (key[i] >> shift) & mask
        target[place[digit]] = key[i]
        place[digit] += 1
