"""Keys of hits: counted, written and sorted as loops and Python's own sort do it."""

from __future__ import annotations

from itertools import chain

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fpcore.kernels import sorting
from tests.fpcore.drawn import rngs

N_SONGS = 4

Rows = list[list[int]]
Places = list[list[tuple[int, int]]]


def _looked_up(rng: np.random.Generator) -> tuple[Places, Rows]:
    """Return for each of a few tokens its postings (song, frame), and the query hashes of it."""
    n_tokens = rng.integers(0, 5)
    lengths = rng.integers(0, [6, 4], (n_tokens, 2))
    places = [rng.integers(0, [N_SONGS, 10], (n, 2)).tolist() for n, _ in lengths]
    return places, [rng.integers(0, 8, n).tolist() for _, n in lengths]


def _columns(places: Places, rows: Rows) -> tuple[sorting.TokenPostings, sorting.TokenHashes]:
    song, frame = np.array([*chain(*places)], np.int32).reshape(-1, 2).T
    return (
        sorting.TokenPostings(song.copy(), frame.copy(), _ends(places)),
        sorting.TokenHashes(np.array([*chain(*rows)], np.int64), _ends(rows)),
    )


def _ends(of_tokens: Rows | Places) -> np.ndarray:
    return np.cumsum([len(one) for one in of_tokens], dtype=np.int64)


@settings(deadline=None)
@given(rngs.map(_looked_up))
def test_every_posting_meets_every_query_hash_of_its_token(looked_up: tuple[Places, Rows]) -> None:
    n_hits = sorting.count_hits(*_columns(*looked_up), N_SONGS)
    expected: Rows = [[] for _ in range(N_SONGS)]
    for places, rows in zip(*looked_up, strict=True):
        for song, frame in places:
            expected[song] += [frame * 1000 + row for row in rows]
    assert n_hits.tolist() == [len(one) for one in expected]
    first = np.concatenate([np.zeros(1, np.int64), np.cumsum(n_hits)])
    key, place = np.full(first[-1], -1, np.int64), first[:-1].copy()
    sorting.fill_keys(key, place, *_columns(*looked_up), 1000)
    assert [part.tolist() for part in np.split(key, first[1:-1])] == expected
    assert place.tolist() == first[1:].tolist()


def _sorted_part(keys: list[int], n: int, first_bit: int, n_bits: int) -> list[int]:
    column = np.array(keys, np.int64)
    other = np.full_like(column, -1)
    got: list[int] = sorting.sorted_part(column, other, n, first_bit, n_bits)[:n].tolist()
    return got


@settings(deadline=None)
@given(
    rngs.map(lambda rng: rng.integers(0, 2**40, rng.integers(0, 81)).tolist()),
    st.integers(0, 40),
    st.sampled_from([40, 45]),
    st.integers(0, 3),
)
def test_sorting_keys_equals_a_stable_sort_by_the_upper_bits(
    keys: list[int], first_bit: int, n_bits: int, n_beyond: int
) -> None:
    got = _sorted_part([*keys, *range(n_beyond)], len(keys), first_bit, n_bits)
    assert got == sorted(keys, key=lambda key: key >> first_bit)


@pytest.mark.parametrize("n", [24, 25, 4095, 4096, 100_000])
def test_few_and_many_keys_are_sorted_too(n: int) -> None:
    keys = np.random.default_rng(0).integers(0, 2**33, n)
    assert _sorted_part(keys.tolist(), n, 0, 33) == np.sort(keys).tolist()


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_the_keys_of_each_song_are_sorted_for_themselves(dtype: type[np.signedinteger]) -> None:
    rng = np.random.default_rng(0)
    lengths = [0, 3, 0, 200, 30, 5000, 0]
    keys = [rng.integers(0, 2**31, length) for length in lengths]
    first = np.concatenate([[0], np.cumsum(lengths)])
    got = np.concatenate(keys).astype(dtype)
    sorting.sort_songs(got, first, 10, 21)
    expected = [np.array(sorted(part, key=lambda key: key >> 10), dtype) for part in keys]
    np.testing.assert_array_equal(got, np.concatenate(expected))


@settings(deadline=None)
@given(st.lists(st.integers(-3, 12), min_size=1, max_size=20), st.integers(0, 5))
def test_songs_are_numbered_in_the_order_of_their_ids(ids: list[int], room: int) -> None:
    lowest = min(ids)
    span = max(ids) - lowest + 1 + room
    distinct, number = sorting.numbered(np.array(ids, np.int64), lowest, span)
    assert distinct.tolist() == sorted(set(ids))
    assert distinct[number].tolist() == ids


def test_without_songs_there_is_nothing_to_sort() -> None:
    key = np.empty(0, np.int32)
    sorting.sort_songs(key, np.zeros(1, np.int64), 10, 21)
    assert _sorted_part([], 0, 10, 31) == []
