"""Hits gathered by song and sorted by offset, through keys that hold the rest of a hit.

A key is ``offset << row_bits | row``, with the offset in ticks counted from the lowest possible
one and ``row`` that of the query's hash. The keys of a song stand together: song ``i`` has those
from ``first[i]`` to before ``first[i + 1]``. A song has few keys even where the index has many
songs. Sorting one song after the other stays in the nearest cache, while sorting all of them at
once goes through the memory several times.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fpcore.kernels.compiling import kernel

Keys = NDArray[np.signedinteger[Any]]

_FEW = 24
"""Up to this many keys are sorted faster by insertion than by counting digits."""

_MANY = 4096
"""From this many keys on, a longer digit saves more, by a pass less, than counting it costs."""

_DIGIT_BITS, _LONG_DIGIT_BITS = 8, 11


class NumberedSongs(NamedTuple):
    """Songs by number, counted from 0 in the order of their ids.

    Attributes
    ----------
    ids : int64 (s,)
        The distinct ids, ascending.
    number : int32 (k,)
        Where each song id that was given stands in ``ids``.
    """

    ids: NDArray[np.int64]
    number: NDArray[np.int32]


class TokenPostings(NamedTuple):
    """Postings of the tokens that were looked up, those of one token after those of another.

    Attributes
    ----------
    song, frame : int32 (p,)
        Song, numbered from 0, and frame of each posting.
    ends : int64 (t,)
        The postings of token ``k`` end before ``ends[k]``, where those of the next begin.
    """

    song: NDArray[np.int32]
    frame: NDArray[np.int32]
    ends: NDArray[np.int64]


class TokenHashes(NamedTuple):
    """Hashes of the query in the order of the tokens that were looked up.

    Attributes
    ----------
    key : int64 (m,)
        The key that each hash would have in a hit at frame 0.
    ends : int64 (t,)
        The hashes of token ``k`` end before ``ends[k]``, where those of the next begin.
    """

    key: NDArray[np.int64]
    ends: NDArray[np.int64]


class _Digit(NamedTuple):
    """Bits of a key: ``n_bits`` of them from ``first_bit`` on."""

    first_bit: int
    n_bits: int


@kernel
def numbered(song_id: NDArray[np.int64], lowest: int, span: int) -> NumberedSongs:
    """Return the distinct song ids, ascending, and the number of each given one among them.

    Parameters
    ----------
    song_id : int64 (k,)
        Ids in ``[lowest, lowest + span)``.
    lowest : int
        The lowest possible id.
    span : int
        How many ids are possible; memory grows with it.
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
    return NumberedSongs(ids, number)


@kernel
def count_hits(postings: TokenPostings, hashes: TokenHashes, n_songs: int) -> NDArray[np.int64]:
    """Return how many hits each song has: every posting of a token with every query hash of it.

    Parameters
    ----------
    postings : TokenPostings
        The postings of t tokens.
    hashes : TokenHashes
        The query's hashes of these tokens.
    n_songs : int
        Number of songs.

    Returns
    -------
    int64 (n_songs,)
        Number of hits of each song.
    """
    count = np.zeros(n_songs, np.int64)
    posting = n_before = 0
    for token in range(len(postings.ends)):
        n_rows = hashes.ends[token] - n_before
        n_before = hashes.ends[token]
        while posting < postings.ends[token]:
            count[postings.song[posting]] += n_rows
            posting += 1
    return count


@kernel
def fill_keys(
    key: Keys,
    place: NDArray[np.int64],
    postings: TokenPostings,
    hashes: TokenHashes,
    key_of_frame: int,
) -> None:
    """Write into ``key`` that of each posting with each query hash of its token.

    Parameters
    ----------
    key : int32 or int64 (k,)
        Written to, as long as there are hits.
    place : int64 (s,)
        Where the keys of each song begin; moved past those that are written.
    postings : TokenPostings
        The postings of t tokens.
    hashes : TokenHashes
        The query's hashes of these tokens.
    key_of_frame : int
        What each frame of the posting adds to a key.
    """
    posting = first_row = 0
    for token in range(len(postings.ends)):
        end_row = hashes.ends[token]
        while posting < postings.ends[token]:
            number = postings.song[posting]
            at_frame = np.int64(postings.frame[posting]) * key_of_frame
            n = place[number]
            for i in range(first_row, end_row):
                key[n] = at_frame + hashes.key[i]
                n += 1
            place[number] = n
            posting += 1
        first_row = end_row


@kernel
def sort_songs(key: Keys, first: NDArray[np.int64], row_bits: int, n_bits: int) -> None:
    """Sort the keys of each song by their offset, in place; equal offsets keep their order.

    Parameters
    ----------
    key : int32 or int64 (k,)
        The keys of all songs.
    first : int64 (s + 1,)
        Where the keys of each song begin, and last where those of all end.
    row_bits : int
        Low bits of a key that hold the row.
    n_bits : int
        Bits above these that hold the offset.
    """
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


@kernel
def sorted_part(
    key: NDArray[np.int64], other: NDArray[np.int64], n: int, first_bit: int, n_bits: int
) -> NDArray[np.int64]:
    """Return an array that begins with the first ``n`` keys in the order of some of their bits.

    Keys that differ only in lower bits keep their order.

    Parameters
    ----------
    key : int64 (>= n,)
        The keys; written to.
    other : int64 (>= n,)
        Room for as many; written to.
    n : int
        How many keys to sort.
    first_bit, n_bits : int
        The bits from ``first_bit`` to before ``n_bits`` count. There are none above.

    Returns
    -------
    int64
        Either ``key`` or ``other``.
    """
    if n <= _FEW:
        for i in range(1, n):
            moved, j = key[i], i
            while j > 0 and key[j - 1] >> first_bit > moved >> first_bit:
                key[j] = key[j - 1]
                j -= 1
            key[j] = moved
        return key
    if n_bits <= first_bit:
        return key
    digit_bits = _DIGIT_BITS if n < _MANY else _LONG_DIGIT_BITS
    n_passes = (n_bits - first_bit + digit_bits - 1) // digit_bits
    width = (n_bits - first_bit + n_passes - 1) // n_passes
    place = np.empty((1 << width) + 1, np.int64)
    for number in range(n_passes):
        _sort_by_digit(key, other, n, _Digit(first_bit + number * width, width), place)
        key, other = other, key
    return key


@kernel
def _sort_by_digit(
    key: NDArray[np.int64],
    target: NDArray[np.int64],
    n: int,
    bits: _Digit,
    place: NDArray[np.int64],
) -> None:
    """Write the first ``n`` keys into ``target`` in the order of one digit.

    ``place`` is room for a counter of each value of the digit, and one more.
    """
    shift, width = bits
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
