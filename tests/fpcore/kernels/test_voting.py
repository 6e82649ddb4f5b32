"""Windows of offsets: against double loops, among ties and among very many hits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fpcore.kernels import voting
from fpcore.stages import matching
from tests.fpcore import naive
from tests.fpcore.drawn import rngs


def _sorted_hits(n_songs: int) -> st.SearchStrategy[list[naive.Hit]]:
    """Return hits by (song, offset), with weights whose sums are exact, one to a query hash."""

    def drawn(rng: np.random.Generator) -> list[naive.Hit]:
        weights = rng.choice([0.25, 0.5, 1.0], 6).tolist()
        hits = rng.integers([1, -15, 0], [n_songs + 1, 16, 6], (rng.integers(0, 41), 3)).tolist()
        return [(row, song, 0, offset, weights[row]) for song, offset, row in sorted(hits)]

    return rngs.map(drawn)


def _keys(found: list[naive.Hit]) -> tuple[np.ndarray, np.ndarray]:
    """Return the keys of hits, with 3 bits for the row, and the weight of each query hash."""
    weights = {row: weight for row, _, _, _, weight in found}
    keys = [(offset + 15) << 3 | row for row, _, _, offset, _ in found]
    return np.array(keys, np.int32), np.array([weights.get(row, 0.0) for row in range(6)])


def _windows(found: list[naive.Hit], width_ticks: int) -> voting.Windows:
    key, weight = _keys(found)
    return voting.windows(key, voting.Weighing(weight, width_ticks, 3))


@settings(deadline=None)
@given(_sorted_hits(n_songs=1), st.integers(0, 8))
def test_windows_equal_the_double_loop(found: list[naive.Hit], width_ticks: int) -> None:
    got = (column.tolist() for column in _windows(found, width_ticks))
    assert list(zip(*got, strict=True)) == naive.windows(found, width_ticks)


@settings(deadline=None)
@given(_sorted_hits(n_songs=4), st.integers(0, 8), st.lists(st.integers(0, 9000), min_size=6))
def test_the_heaviest_window_of_moved_hits_equals_the_double_loop(
    found: list[naive.Hit], width_ticks: int, moves: list[int]
) -> None:
    found = sorted(found, key=lambda hit: (hit[1], hit[0]))  # of a song, in any order
    key, weight = _keys(found)
    first = np.searchsorted([song for _, song, _, _, _ in found], np.arange(6))
    weighing = voting.Weighing(weight, width_ticks, 3)
    got = voting.heaviest_windows(key, first, weighing, np.array(moves), 14)
    decoys = [(row, song, 0, offset + moves[row], weight) for row, song, _, offset, weight in found]
    decoys.sort(key=lambda hit: (hit[1], hit[3]))
    expected = naive.heaviest_windows(decoys, width_ticks)
    assert got.tolist() == [expected.get(song, 0.0) for song in range(5)]


@pytest.mark.parametrize("width_ticks", [0, 1, 3, 4, 5, 8])
def test_two_hits_share_a_window_as_far_apart_as_it_is_wide(width_ticks: int) -> None:
    weighing = voting.Weighing(np.array([1.0, 0.5]), width_ticks, 1)
    for offset in range(4090, 4100):
        for apart in (width_ticks, width_ticks + 1):
            key = np.array([(offset + apart) << 1 | 1, offset << 1])
            got = voting.heaviest_windows(key, np.array([0, 2]), weighing, np.zeros(2, int), 14)
            assert got.tolist() == [1.5 if apart == width_ticks else 1.0]


@settings(deadline=None)
@given(_sorted_hits(n_songs=1), st.integers(0, 8), st.integers(1, 12))
def test_top_windows_equal_the_greedy_choice_also_among_ties(
    found: list[naive.Hit], width_ticks: int, n_windows: int
) -> None:
    got = voting.top_windows(_windows(found, width_ticks), n_windows)
    expected = naive.top_windows(found, width_ticks, n_windows)
    assert list(zip(got.start.tolist(), got.end.tolist(), strict=True)) == expected


def test_a_window_among_very_many_hits_is_still_weighed_exactly() -> None:
    n = 200_000
    offsets = np.arange(n, dtype=np.int64) * 3
    offsets[123_456] = offsets[123_455]
    weights = np.full(n, round(1 / np.log2(2.0 + 7) / matching.WEIGHT_STEP) * matching.WEIGHT_STEP)
    found = voting.windows(offsets << 18 | np.arange(n), voting.Weighing(weights, 2, 18))
    assert np.flatnonzero(found.total != weights[0]).tolist() == [123_455]
    assert found.total[123_455] == 2 * weights[0]
    top = voting.top_windows(found, 1)
    assert (top.start.tolist(), top.end.tolist()) == ([123_455], [123_457])


@settings(deadline=None)
@given(
    _sorted_hits(n_songs=4),
    st.integers(0, 8),
    st.integers(1, 4),
    st.lists(st.integers(0, 4), unique=True),
)
def test_the_top_windows_of_songs_come_in_the_order_in_which_the_songs_are_wanted(
    found: list[naive.Hit], width_ticks: int, n_windows: int, songs: list[int]
) -> None:
    key, weight = _keys(found)
    first = np.searchsorted([song for _, song, _, _, _ in found], np.arange(6))
    weighing = voting.Weighing(weight, width_ticks, 3)
    wanted = np.array(songs, np.int64)
    got = voting.top_windows_of_songs(key, first, wanted, weighing, n_windows)
    expected = [
        (first[song] + start, first[song] + end)
        for song in songs
        for start, end in naive.top_windows(
            [hit for hit in found if hit[1] == song], width_ticks, n_windows
        )
    ]
    assert list(zip(got.start.tolist(), got.end.tolist(), strict=True)) == expected
