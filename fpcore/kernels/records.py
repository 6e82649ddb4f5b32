"""Records of a segment: postings of fixed width, packed bit by bit, in buckets of tokens.

A record is, from its high bits to its low ones, the low ``shift`` bits of the token, the number of
the song in ``song_bits`` and the frame in ``frame_bits``. Bucket ``token >> shift`` is the records
from ``start[bucket]`` up to ``start[bucket + 1]``; they ascend. Record ``i`` begins at bit
``i * width`` of the words. Each page of `PAGE_WORDS` words has a sum, which is compared when the
page is first touched.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

PAGE_WORDS = 512
"""Words of 64 bits with one sum: 4096 bytes."""

Words = NDArray[np.uint64]

_SEED = np.uint64(0x9E3779B97F4A7C15)
_FACTOR = np.uint64(0xD6E8FEB86659FD93)
_FOLD = np.uint64(32)


class Widths(NamedTuple):
    """Bits of a record: of the token, of the number of the song, and of the frame."""

    shift: int
    song_bits: int
    frame_bits: int


class Pages(NamedTuple):
    """A column as words, the sum of each of its pages, and which pages were compared with it."""

    words: Words
    sums: Words
    seen: NDArray[np.bool_]


class Runs(NamedTuple):
    """Records of tokens: those of token ``i`` are ``length[i]`` from ``first[i]`` on.

    ``is_sound`` is False when a page is not what its sum says; ignore the rest then.
    """

    is_sound: bool
    first: NDArray[np.int64]
    length: NDArray[np.int64]


@njit(cache=True, nogil=True)
def page_sums(words: Words) -> Words:
    """Return the sum of each page of words uint64 (n,), n a multiple of `PAGE_WORDS`.

    A change of one word always changes the sum, a change of several all but surely.
    """
    n_pages = len(words) // PAGE_WORDS
    sums = np.empty(n_pages, np.uint64)
    for page in range(n_pages):
        sums[page] = _sum_of(words, page)
    return sums


@njit(cache=True, nogil=True)
def _sum_of(words: Words, page: int) -> np.uint64:
    found = _SEED
    for at in range(page * PAGE_WORDS, (page + 1) * PAGE_WORDS):
        found = (found ^ words[at]) * _FACTOR  # each step can be undone, so nothing is lost
        found ^= found >> _FOLD
    return found


@njit(cache=True, nogil=True)
def _is_page_sound(pages: Pages, page: int) -> bool:
    if pages.seen[page]:
        return True
    if _sum_of(pages.words, page) != pages.sums[page]:
        return False
    pages.seen[page] = True
    return True


@njit(cache=True, nogil=True)
def pack(
    token: NDArray[np.int64],
    song: NDArray[np.int64],
    frame: NDArray[np.int64],
    widths: Widths,
    first_bit: int,
    words: Words,
) -> None:
    """Write records into zeroed words, the first one at a bit.

    Parameters
    ----------
    token, song, frame : int64 (n,)
        Tokens, numbers of songs and frames of the postings, sorted in this order.
    widths : Widths
        Bits of a record.
    first_bit : int
        Where the first record begins.
    words : uint64 (w,)
        Gets the records; must be zero from ``first_bit`` on.
    """
    width = widths.shift + widths.song_bits + widths.frame_bits
    low = (np.int64(1) << widths.shift) - 1
    bit = first_bit
    for i in range(len(token)):
        value = ((token[i] & low) << widths.song_bits) | song[i]
        record = np.uint64((value << widths.frame_bits) | frame[i])
        at, offset = bit >> 6, bit & 63
        words[at] |= record << np.uint64(offset)
        if offset + width > 64:
            words[at + 1] |= record >> np.uint64(64 - offset)
        bit += width


@njit(cache=True, nogil=True)
def _record(words: Words, number: int | np.int64, width: int) -> np.int64:
    bit = number * width
    at, offset = bit >> 6, bit & 63
    value = words[at] >> np.uint64(offset)
    if offset + width > 64:
        value |= words[at + 1] << np.uint64(64 - offset)
    return np.int64(value & ((np.uint64(1) << np.uint64(width)) - np.uint64(1)))


@njit(cache=True, nogil=True)
def runs(
    wanted: NDArray[np.int64],
    start: NDArray[np.unsignedinteger[Any]],
    n_records: int,
    directory: Pages,
    packed: Pages,
    widths: Widths,
) -> Runs:
    """Return where the records of tokens are.

    Parameters
    ----------
    wanted : int64 (n,)
        The tokens; any number.
    start : unsigned integer (b + 1,)
        Where each bucket begins.
    n_records : int
        How many records there are.
    directory, packed : Pages
        The columns of ``start`` and of the records.
    widths : Widths
        Bits of a record.
    """
    width = widths.shift + widths.song_bits + widths.frame_bits
    rest = widths.song_bits + widths.frame_bits
    per_page = PAGE_WORDS * 8 // start.itemsize
    first, length = np.zeros(len(wanted), np.int64), np.zeros(len(wanted), np.int64)
    damaged = Runs(False, first, length)
    for i in range(len(wanted)):
        bucket = wanted[i] >> widths.shift
        if not 0 <= bucket < len(start) - 1:
            continue
        for page in range(bucket // per_page, (bucket + 1) // per_page + 1):
            if not _is_page_sound(directory, page):
                return damaged
        low, end = np.int64(start[bucket]), np.int64(start[bucket + 1])
        if not 0 <= low <= end <= n_records:
            return damaged
        if low == end:
            continue
        last_page = (end * width - 1) // (64 * PAGE_WORDS)
        for page in range(low * width // (64 * PAGE_WORDS), last_page + 1):
            if not _is_page_sound(packed, page):
                return damaged
        target = wanted[i] & ((np.int64(1) << widths.shift) - 1)
        at = _first_not_below(packed.words, low, end, target, width, rest)
        first[i] = at
        step = np.int64(1)  # most tokens have few records: look near before far
        while at + step < end and _record(packed.words, at + step, width) >> rest == target:
            step *= 2
        near = min(at + step, end)
        length[i] = _first_not_below(packed.words, at, near, target + 1, width, rest) - at
    return Runs(True, first, length)


@njit(cache=True, nogil=True)
def _first_not_below(
    words: Words, low: np.int64, high: np.int64, target: np.int64, width: int, rest: int
) -> np.int64:
    """Return the first record of a bucket whose bits of the token are ``target`` or more."""
    while low < high:
        middle = (low + high) >> 1
        if _record(words, middle, width) >> rest < target:
            low = middle + 1
        else:
            high = middle
    return low


@njit(cache=True, nogil=True)
def gather(
    found: Runs,
    words: Words,
    widths: Widths,
    song_id: NDArray[np.int64],
    is_live: NDArray[np.bool_],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int32]]:
    """Return run int64 (k,), song int64 (k,) and frame int32 (k,) of the records of live songs.

    Parameters
    ----------
    found : Runs
        What `runs` returned; sound.
    words : uint64 (w,)
        The records.
    widths : Widths
        Bits of a record.
    song_id : int64 (s,)
        The id of each song by its number.
    is_live : bool (s,)
        Whether the records of a song count.
    """
    width = widths.shift + widths.song_bits + widths.frame_bits
    song_mask = (np.int64(1) << widths.song_bits) - 1
    frame_mask = (np.int64(1) << widths.frame_bits) - 1
    total = 0
    for i in range(len(found.length)):
        total += found.length[i]
    run, song = np.empty(total, np.int64), np.empty(total, np.int64)
    frame = np.empty(total, np.int32)
    n = 0
    for i in range(len(found.length)):
        for at in range(found.first[i], found.first[i] + found.length[i]):
            record = _record(words, at, width)
            number = (record >> widths.frame_bits) & song_mask
            if number < len(is_live) and is_live[number]:
                run[n], song[n], frame[n] = i, song_id[number], record & frame_mask
                n += 1
    return run[:n], song[:n], frame[:n]


@njit(cache=True, nogil=True)
def unpack(
    start: NDArray[np.unsignedinteger[Any]],
    first_bucket: int,
    end_bucket: int,
    words: Words,
    widths: Widths,
    number: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return token, song and frame, each int64 (k,), of the records of some buckets.

    Parameters
    ----------
    start : unsigned integer (b + 1,)
        Where each bucket begins.
    first_bucket, end_bucket : int
        The buckets from the one up to the other.
    words : uint64 (w,)
        The records.
    widths : Widths
        Bits of a record.
    number : int64 (s,)
        The number that each song gets; the records of negative ones are left out.
    """
    width = widths.shift + widths.song_bits + widths.frame_bits
    song_mask = (np.int64(1) << widths.song_bits) - 1
    frame_mask = (np.int64(1) << widths.frame_bits) - 1
    total = np.int64(start[end_bucket]) - np.int64(start[first_bucket])
    token, song = np.empty(total, np.int64), np.empty(total, np.int64)
    frame = np.empty(total, np.int64)
    n = 0
    for bucket in range(first_bucket, end_bucket):
        for at in range(np.int64(start[bucket]), np.int64(start[bucket + 1])):
            record = _record(words, at, width)
            its_song = number[(record >> widths.frame_bits) & song_mask]
            if its_song >= 0:
                low = record >> (widths.song_bits + widths.frame_bits)
                token[n] = (np.int64(bucket) << widths.shift) | low
                song[n], frame[n] = its_song, record & frame_mask
                n += 1
    return token[:n], song[:n], frame[:n]
