"""Records of a segment against plain Python: packed, found, gathered and unpacked."""

from __future__ import annotations

import numpy as np
import pytest

from fpcore.kernels import records
from fpcore.kernels.records import PAGE_WORDS, Gathered, Pages, Widths

RNG = np.random.default_rng(0)
SONG_ID = np.array([11, 12, 15, 40, 41], np.int64)
N_TOKENS = 200


def postings(n: int, frame_bits: int) -> list[tuple[int, int, int]]:
    """Return distinct sorted (token, number of the song, frame); every third token is common."""
    token = np.where(RNG.random(n) < 0.3, RNG.integers(0, N_TOKENS, n), RNG.integers(0, 3, n))
    columns = (token, RNG.integers(0, 5, n), RNG.integers(0, 1 << frame_bits, n))
    return sorted(set(zip(*(column.tolist() for column in columns), strict=True)))


def packed(rows: list[tuple[int, int, int]], widths: Widths) -> tuple[np.ndarray, Pages, Pages]:
    """Return the bucket starts of sorted postings, and the pages of both columns."""
    token, song, frame = np.array(rows, np.int64).reshape(-1, 3).T.copy()
    n_words = -(-(len(rows) * sum(widths) // 64 + 1) // PAGE_WORDS) * PAGE_WORDS
    words = np.zeros(n_words, np.uint64)
    half = len(rows) // 2  # in two parts, the second of which begins within a word
    for part, first in ((slice(half), 0), (slice(half, None), half)):
        first_bit = first * sum(widths)
        records.pack(token[part], song[part], frame[part], widths, first_bit, words)
    count = np.bincount(token >> widths.shift, minlength=(N_TOKENS >> widths.shift) + 1)
    start = np.full(2 * PAGE_WORDS, len(rows), np.uint32)
    start[: len(count) + 1] = np.concatenate([[0], np.cumsum(count)])
    return start, _pages(start.view(np.uint64)), _pages(words)


def _pages(words: np.ndarray) -> Pages:
    return Pages(words, records.page_sums(words), np.zeros(len(words) // PAGE_WORDS, np.bool_))


def _as_int32(number: int) -> int:
    return (number + 2**31) % 2**32 - 2**31


@pytest.mark.parametrize("widths", [(0, 3, 4), (3, 3, 13), (8, 3, 31), (8, 7, 47)])
def test_records_are_found_and_unpacked_as_they_were_packed(widths: tuple[int, int, int]) -> None:
    these = Widths(*widths)
    rows = postings(3000, min(widths[2], 40))
    start, directory, words = packed(rows, these)
    wanted = np.array([-7, 0, 1, 1, 2, 50, 199, N_TOKENS, 5000, 2**62])
    found = records.runs(wanted, start, len(rows), directory, words, these)
    assert found.is_sound
    is_live = np.array([True, False, True, True, True])
    expected = [
        (row, int(SONG_ID[number]), frame)
        for row, token in enumerate(wanted.tolist())
        for its_token, number, frame in rows
        if its_token == token and is_live[number]
    ]
    length = records.live_lengths(found, words.words, these, is_live)
    assert length.tolist() == [[row for row, _, _ in expected].count(i) for i in range(len(wanted))]
    places = np.cumsum(length)
    gathered = Gathered(
        np.empty(len(expected), np.int64), np.empty(len(expected), np.int32), places - length
    )
    records.gather(found, words.words, these, SONG_ID, is_live, gathered)
    assert gathered.place.tolist() == places.tolist()
    assert gathered.song_id.tolist() == [song_id for _, song_id, _ in expected]
    assert gathered.frame.tolist() == [_as_int32(frame) for _, _, frame in expected]
    renumbered = np.array([0, -1, 2, 3, 1])
    columns = records.unpack(start, 0, len(start) - 1, words.words, these, renumbered)
    assert list(zip(*(column.tolist() for column in columns), strict=True)) == [
        (token, int(renumbered[number]), frame)
        for token, number, frame in rows
        if renumbered[number] >= 0
    ]


def test_the_sum_of_a_page_tells_every_changed_bit() -> None:
    words = RNG.integers(0, 2**63, 2 * PAGE_WORDS).astype(np.uint64)
    before = records.page_sums(words)
    for at, bit in zip(RNG.integers(0, 2 * PAGE_WORDS, 40), RNG.integers(0, 64, 40), strict=True):
        words[at] ^= np.uint64(1) << np.uint64(bit)
        changed = records.page_sums(words) != before
        assert changed.tolist() == [at < PAGE_WORDS, at >= PAGE_WORDS]
        words[at] ^= np.uint64(1) << np.uint64(bit)
    assert (records.page_sums(words) == before).all()
    swapped = words.copy()
    swapped[[3, 4]] = words[[4, 3]]
    assert records.page_sums(swapped)[0] != before[0]


@pytest.mark.parametrize("column", ["directory", "words"])
def test_a_changed_page_is_told_when_it_is_first_touched(column: str) -> None:
    widths = Widths(3, 3, 13)
    rows = postings(3000, 13)
    start, directory, words = packed(rows, widths)
    changed = directory if column == "directory" else words
    changed.words[-1] ^= np.uint64(1)  # on a page that the look-up touches only at its other end
    wanted = np.array([199 if column == "words" else 0], np.int64)
    found = records.runs(wanted, start, len(rows), directory, words, widths)
    assert found.is_sound == (len(changed.sums) > 1 and column == "directory")
    changed.words[-1] ^= np.uint64(1)
    assert records.runs(wanted, start, len(rows), directory, words, widths).is_sound
