"""Records of a segment: postings of fixed width, packed bit by bit, in buckets of tokens.

A record is, from its high bits to its low ones, the low ``shift`` bits of the token, the number of
the song in ``song_bits`` and the frame in ``frame_bits``. Bucket ``token >> shift`` is the records
from ``start[bucket]`` up to ``start[bucket + 1]``; they ascend. Record ``i`` begins at bit
``i * width`` of the words. Each page of `PAGE_WORDS` words has a sum, which is compared when the
page is first touched.

Loops over records read them in place, with unsigned numbers: a call that takes an array, and an
index that may be negative, would each cost as much as the rest.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fpcore.kernels.compiling import kernel

PAGE_WORDS = 512
"""Words of 64 bits with one sum: 4096 bytes."""

Words = NDArray[np.uint64]

_SEED = np.uint64(0x9E3779B97F4A7C15)
_FACTOR = np.uint64(0xD6E8FEB86659FD93)
_FOLD = np.uint64(32)
_ONE, _WORD_BITS, _IN_WORD, _N_BITS = np.uint64(1), np.uint64(6), np.uint64(63), np.uint64(64)


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


class Gathered(NamedTuple):
    """Postings of tokens from any number of segments: song int64 (k,) and frame int32 (k,).

    ``place`` int64 (n,) is where the next record of each token goes.
    """

    song_id: NDArray[np.int64]
    frame: NDArray[np.int32]
    place: NDArray[np.int64]


@kernel
def page_sums(words: Words) -> Words:
    """Return the sum of each page of words uint64 (n,), n a multiple of `PAGE_WORDS`.

    A change of one word always changes the sum, a change of several all but surely.
    """
    n_pages = len(words) // PAGE_WORDS
    sums = np.empty(n_pages, np.uint64)
    for page in range(n_pages):
        sums[page] = _sum_of(words, page)
    return sums


@kernel
def _sum_of(words: Words, page: int) -> np.uint64:
    found = _SEED
    for at in range(page * PAGE_WORDS, (page + 1) * PAGE_WORDS):
        found = (found ^ words[at]) * _FACTOR  # each step can be undone, so nothing is lost
        found ^= found >> _FOLD
    return found


@kernel
def _is_page_sound(pages: Pages, page: int) -> bool:
    """Compare a page that was not seen yet with its sum, and mark it as seen if it is sound."""
    if _sum_of(pages.words, page) != pages.sums[page]:
        return False
    pages.seen[page] = True
    return True


@kernel
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


@kernel
def _record(words: Words, number: int | np.int64, width: int) -> np.uint64:
    """Return a record."""
    bit = np.uint64(number) * np.uint64(width)
    at, offset = bit >> _WORD_BITS, bit & _IN_WORD
    value = words[at] >> offset
    if offset + np.uint64(width) > _N_BITS:
        value |= words[at + _ONE] << (_N_BITS - offset)
    record: np.uint64 = value & _mask(width)
    return record


@kernel
def _token(words: Words, number: np.int64, width: int, rest: int) -> np.int64:
    """Return the low bits of a record's token, which stand above its ``rest`` bits."""
    return np.int64(_record(words, number, width) >> np.uint64(rest))


@kernel
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
    low_bits = (np.int64(1) << widths.shift) - 1
    first, length = np.zeros(len(wanted), np.int64), np.zeros(len(wanted), np.int64)
    damaged = Runs(False, first, length)
    # All buckets first: the processor waits for many places in memory at once, not for each.
    if not _find_buckets(wanted, start, n_records, directory, widths.shift, first, length):
        return damaged
    seen, words = packed.seen, packed.words
    for i in range(len(wanted)):
        low, end = first[i], first[i] + length[i]
        if low == end:
            continue
        last_page = (end * width - 1) // (64 * PAGE_WORDS)
        for page in range(low * width // (64 * PAGE_WORDS), last_page + 1):
            if not (seen[page] or _is_page_sound(packed, page)):
                return damaged
    for i in range(len(wanted)):
        low, end = first[i], first[i] + length[i]
        if low == end:
            continue
        target = wanted[i] & low_bits
        # The first token of a bucket begins with it, and the last one ends with it.
        at = _first_not_below(words, low, end, target, width, rest) if target else low
        first[i] = at
        if target == low_bits:
            length[i] = end - at
            continue
        step = np.int64(1)  # most tokens have few records: look near before far
        while at + step < end and _token(words, at + step, width, rest) == target:
            step *= 2
        near = min(at + step, end)
        length[i] = _first_not_below(words, at, near, target + 1, width, rest) - at
    return Runs(True, first, length)


@kernel
def _find_buckets(
    wanted: NDArray[np.int64],
    start: NDArray[np.unsignedinteger[Any]],
    n_records: int,
    directory: Pages,
    shift: int,
    first: NDArray[np.int64],
    length: NDArray[np.int64],
) -> bool:
    """Write where the bucket of each token begins and how long it is; return whether all is sound.

    Tokens that no bucket can hold keep what stands there.
    """
    per_page = PAGE_WORDS * 8 // start.itemsize
    seen = directory.seen
    for i in range(len(wanted)):
        bucket = wanted[i] >> shift
        if not 0 <= bucket < len(start) - 1:
            continue
        for page in range(bucket // per_page, (bucket + 1) // per_page + 1):
            if not (seen[page] or _is_page_sound(directory, page)):
                return False
        low, end = np.int64(start[bucket]), np.int64(start[bucket + 1])
        if not 0 <= low <= end <= n_records:
            return False
        first[i], length[i] = low, end - low
    return True


@kernel
def _first_not_below(
    words: Words, low: np.int64, high: np.int64, target: np.int64, width: int, rest: int
) -> np.int64:
    """Return the first record of a bucket whose bits of the token are ``target`` or more."""
    first_bit, record_bits = np.uint64(rest), np.uint64(width)
    mask = _mask(width)
    while low < high:
        middle = (low + high) >> 1
        bit = np.uint64(middle) * record_bits
        at, offset = bit >> _WORD_BITS, bit & _IN_WORD
        value = words[at] >> offset
        if offset + record_bits > _N_BITS:
            value |= words[at + _ONE] << (_N_BITS - offset)
        if np.int64((value & mask) >> first_bit) < target:
            low = middle + 1
        else:
            high = middle
    return low


@kernel
def live_lengths(
    found: Runs, words: Words, widths: Widths, is_live: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Return how many records of each token are of live songs.

    Parameters
    ----------
    found : Runs
        What `runs` returned for n tokens; sound.
    words : uint64 (w,)
        The records.
    widths : Widths
        Bits of a record.
    is_live : bool (s,)
        Whether the records of a song count.

    Returns
    -------
    int64 (n,)
    """
    width = widths.shift + widths.song_bits + widths.frame_bits
    length = np.zeros(len(found.length), np.int64)
    for i in range(len(found.length)):
        for at in range(found.first[i], found.first[i] + found.length[i]):
            number = _song(_record(words, at, width), widths)
            if number < np.uint64(len(is_live)) and is_live[number]:
                length[i] += 1
    return length


@kernel
def _song(record: np.uint64, widths: Widths) -> np.uint64:
    """Return the number of a record's song; unsigned, so that its sign is not looked at."""
    return (record >> np.uint64(widths.frame_bits)) & _mask(widths.song_bits)


@kernel
def _mask(n_bits: int) -> np.uint64:
    return (_ONE << np.uint64(n_bits)) - _ONE


@kernel
def gather(
    found: Runs,
    words: Words,
    widths: Widths,
    song_id: NDArray[np.int64],
    is_live: NDArray[np.bool_],
    gathered: Gathered,
) -> None:
    """Write the records of live songs, those of each token to its place, which moves on.

    Parameters
    ----------
    found : Runs
        What `runs` returned for n tokens; sound.
    words : uint64 (w,)
        The records.
    widths : Widths
        Bits of a record.
    song_id : int64 (s,)
        The id of each song by its number.
    is_live : bool (s,)
        Whether the records of a song count.
    gathered : Gathered
        Has room for as many records of each token as `live_lengths` tells.
    """
    width = np.uint64(widths.shift + widths.song_bits + widths.frame_bits)
    frame_bits, n_songs = np.uint64(widths.frame_bits), np.uint64(len(is_live))
    song_mask, frame_mask = _mask(widths.song_bits), _mask(widths.frame_bits)
    song, frame, place = gathered
    for i in range(len(found.length)):
        n = np.uint64(place[i])
        bit = np.uint64(found.first[i]) * width
        for _ in range(found.length[i]):
            at, offset = bit >> _WORD_BITS, bit & _IN_WORD
            value = words[at] >> offset
            if offset + width > _N_BITS:
                value |= words[at + _ONE] << (_N_BITS - offset)
            bit += width
            number = (value >> frame_bits) & song_mask
            if number < n_songs and is_live[number]:
                song[n], frame[n] = song_id[number], np.int32(value & frame_mask)
                n += _ONE
        place[i] = np.int64(n)


@kernel
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
    rest, frame_mask = widths.song_bits + widths.frame_bits, _mask(widths.frame_bits)
    total = np.int64(start[end_bucket]) - np.int64(start[first_bucket])
    token, song = np.empty(total, np.int64), np.empty(total, np.int64)
    frame = np.empty(total, np.int64)
    n = 0
    for bucket in range(first_bucket, end_bucket):
        for at in range(np.int64(start[bucket]), np.int64(start[bucket + 1])):
            record = _record(words, at, width)
            its_song = number[_song(record, widths)]
            if its_song >= 0:
                low = np.int64(record >> np.uint64(rest))
                token[n] = (np.int64(bucket) << widths.shift) | low
                song[n], frame[n] = its_song, np.int64(record & frame_mask)
                n += 1
    return token[:n], song[:n], frame[:n]
