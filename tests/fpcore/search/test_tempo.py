"""The tempo that votes drift to, on planted lines and on chance hits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fpcore.records import Postings, QueryHashes
from fpcore.search import tempo
from fpcore.search.tempo import tempo_of
from fpcore.stages import matching

WIDTH_TICKS = 4
LENGTH = 400
"""Ticks that the planted queries last."""


def _hits(
    rng: np.random.Generator, tempo: float, *, n_true: int = 80, n_chance: int = 200
) -> matching.Hits:
    """Return hits of song 1 along a line that begins at frame 500, and of two songs by chance."""
    tick = np.sort(rng.integers(0, LENGTH, n_true + n_chance))
    tick[-1] = LENGTH - 1
    query = QueryHashes(np.arange(len(tick)), tick.astype(np.int32), 1)
    true = rng.permutation(len(tick)) < n_true
    frame = np.where(true, 500 + np.rint(tempo * tick), rng.integers(0, 2000, len(tick)))
    song_id = np.where(true, 1, rng.integers(1, 3, len(tick)))
    postings = Postings(np.arange(len(tick)), song_id, frame.astype(np.int32))
    return matching.hits(query, query.token, postings)


@pytest.mark.parametrize("tempo", [0.935, 0.97, 0.992, 1.01, 1.05, 1.07])
def test_the_tempo_of_a_planted_line_is_found_from_any_stretch_of_it(tempo: float) -> None:
    rng = np.random.default_rng(7)
    for at_tick in (0, LENGTH // 2, LENGTH):
        found = _hits(rng, tempo)
        offset_ticks = 500 + (tempo - 1) * at_tick
        told = tempo_of(found, 1, offset_ticks, WIDTH_TICKS, 0.07)
        assert told == pytest.approx(tempo, abs=0.001)


def test_votes_that_do_not_drift_have_the_tempo_of_the_song() -> None:
    rng = np.random.default_rng(8)
    for played in (1.0, 1 + 1 / LENGTH, 1 - 1 / LENGTH):
        assert tempo_of(_hits(rng, played), 1, 500.0, WIDTH_TICKS, 0.07) == 1


def test_chance_hits_have_no_tempo_of_their_own_where_one_offset_has_most() -> None:
    rng = np.random.default_rng(9)
    told = {tempo_of(_hits(rng, 1.0, n_true=12), 1, 500.0, WIDTH_TICKS, 0.07) for _ in range(50)}
    assert told == {1.0}


@settings(deadline=None)  # the first call compiles
@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 60)), min_size=1, max_size=12),
    st.integers(0, 6),
    st.floats(0.001, 0.5),
)
def test_no_tempo_is_further_off_than_asked_for(
    hits: list[tuple[int, int]], width_ticks: int, max_change: float
) -> None:
    tick, frame = np.array(hits).T
    query = QueryHashes(np.arange(len(hits)), tick.astype(np.int32), 1)
    postings = Postings(np.arange(len(hits)), np.ones(len(hits), np.int64), frame.astype(np.int32))
    found = matching.hits(query, query.token, postings)
    told = tempo_of(found, 1, float(frame[0] - tick[0]), width_ticks, max_change)
    assert abs(told - 1) <= max_change * (1 + 1e-12)


def test_a_long_query_takes_no_more_slopes_than_some() -> None:
    rng = np.random.default_rng(3)
    tick = np.sort(rng.integers(0, 1_000_000, 400))
    query = QueryHashes(np.arange(400), tick.astype(np.int32), 1)
    frame = (500 + np.rint(1.03 * tick)).astype(np.int32)
    found = matching.hits(query, query.token, Postings(np.arange(400), np.ones(400, int), frame))
    told = tempo_of(found, 1, 500.0, WIDTH_TICKS, 0.07)
    assert told == pytest.approx(1.03, abs=0.001)


def test_a_song_without_hits_has_the_tempo_of_the_song() -> None:
    assert tempo_of(_hits(np.random.default_rng(1), 1.0), 9, 500.0, WIDTH_TICKS, 0.07) == 1


def _hits_at(
    tick: list[int], offset_ticks: list[int], *, length: int, n_songs: list[int] | None = None
) -> matching.Hits:
    """Return hits of song 1, one a query hash, in a query that ends with a hash without a hit.

    A hash that ``n_songs`` gives so many more songs weighs less.
    """
    n_hits, more = len(tick), n_songs or [0] * len(tick)
    ticks = np.array([*tick, length - 1], np.int32)
    query = QueryHashes(np.arange(n_hits + 1), ticks, 1)
    row = np.repeat(np.arange(n_hits), np.array(more, int) + 1)
    first = np.concatenate([[True], row[1:] != row[:-1]])
    frame = np.where(first, np.array(tick)[row] + np.array(offset_ticks)[row], 10**6)
    song_id = np.where(first, 1, 2)
    return matching.hits(query, query.token, Postings(row, song_id, frame.astype(np.int32)))


def test_a_drift_of_half_a_window_is_a_tempo_and_less_is_none() -> None:
    # Two hits, drifting by a tick in four: over 8 ticks by 2, half of a window of 4.
    assert tempo_of(_hits_at([0, 4], [0, 1], length=8), 1, 0.0, 4, 0.5) == 1.25
    assert tempo_of(_hits_at([0, 4], [0, 1], length=7), 1, 0.0, 4, 0.5) == 1
    # By least squares the hits drift by a seventh, over 6 ticks by 6/7.
    narrow = _hits_at([0, 1, 2, 3, 4, 5], [0, 0, 0, 0, 0, 1], length=6)
    assert tempo_of(narrow, 1, 0.0, 1, 0.5) == pytest.approx(1 + 1 / 7)
    assert tempo_of(narrow, 1, 0.0, 2, 0.5) == 1


@pytest.mark.parametrize("first_tick", [0, 1000])
def test_a_window_further_on_in_the_recording_has_the_same_tempo(first_tick: int) -> None:
    def told(length: int) -> float:
        tick, offset = [first_tick, first_tick + 4], [-first_tick, 1 - first_tick]
        found = _hits_at(tick, offset, length=first_tick + length)
        return tempo_of(found, 1, -first_tick, 4, 0.5, first_tick=first_tick)

    assert (told(8), told(7)) == (1.25, 1)


@pytest.mark.parametrize("by_ticks", [0, 300])
def test_drifting_hits_of_a_later_window_are_found_as_those_of_the_first(by_ticks: int) -> None:
    tick = np.arange(0, 100, 10)
    found = _hits_at(
        (tick + by_ticks).tolist(), (500 + tick // 10 - by_ticks).tolist(), length=100 + by_ticks
    )
    told = tempo_of(found, 1, 500.0 - by_ticks, WIDTH_TICKS, 0.1, first_tick=by_ticks)
    assert told == pytest.approx(1.1)


def test_a_line_covers_hits_on_both_of_its_edges() -> None:
    assert tempo_of(_hits_at([0, 16], [0, 4], length=17), 1, 0.0, 4, 0.5) == 1.25


@pytest.mark.parametrize("side", [-1, 1])
def test_hits_count_as_far_as_the_steepest_line_reaches(side: int) -> None:
    drifting, level = list(range(0, 100, 20)), list(range(0, 100, 10))
    # The steepest line drifts by 10 ticks over the query, and a window is 4 wide: together 14.
    for distance, expected in ((14, 1.0), (15, 1.05)):
        offset_ticks = [500, 501, 502, 503, 504] + [500 + side * distance] * len(level)
        found = _hits_at(drifting + level, offset_ticks, length=100)
        told = tempo_of(found, 1, 500.0, WIDTH_TICKS, 0.1)
        assert told == pytest.approx(expected, abs=1e-9)


def test_a_drifting_line_outweighs_a_level_one_with_fewer_hits() -> None:
    drifting, level = list(range(0, 100, 10)), list(range(3, 73, 10))
    offset_ticks = [500 + tick // 10 for tick in drifting] + [485] * len(level)
    found = _hits_at(drifting + level, offset_ticks, length=100)
    assert tempo_of(found, 1, 500.0, WIDTH_TICKS, 0.1) == pytest.approx(1.1)


def test_a_query_without_hashes_has_the_tempo_of_the_song() -> None:
    none = np.empty(0, np.int64)
    query = QueryHashes(none, none.astype(np.int32), 1)
    found = matching.hits(query, none, Postings(none, none, none.astype(np.int32)))
    assert tempo_of(found, 1, 0.0, WIDTH_TICKS, 0.07) == 1


def _naive_tempo(
    hits: list[tuple[int, int, float]], length: int, width_ticks: int, max_change: float
) -> float:
    """Return the tempo of hits (tick, offset, weight), all within reach, by plain loops.

    Not a number where a hit lies on the edge of a fitted line: there rounding decides.
    """
    half = max(width_ticks, 1) / 2
    step = max(half / length, max_change / tempo.MOST_SLOPES)
    n_slopes = int(max_change / step + 1e-9)
    slopes = [0.0, *(sign * k * step for k in range(1, n_slopes + 1) for sign in (1, -1))]
    best, slope, height = 0.0, 0.0, 0.0
    for tried in slopes:
        levels = [round(offset - tried * (tick - length / 2)) for tick, offset, _ in hits]
        for low in sorted(range(min(levels), max(levels) + 1), reverse=True):
            covered = [low <= level <= low + width_ticks for level in levels]
            weight = sum(hit[2] for hit, inside in zip(hits, covered, strict=True) if inside)
            if weight > best:
                best, slope, height = weight, tried, low + width_ticks / 2
    x, y, w = np.array(hits).T
    line = np.array([slope, height])
    for _ in range(tempo.REFINEMENTS):
        apart = np.abs(y - np.polyval(line, x - length / 2))
        if line[0] != slope and np.any(np.isclose(apart, half)):
            return np.nan
        near = apart <= half
        if len(set(x[near])) < 2:
            break
        line = np.polyfit(x[near] - length / 2, y[near], 1, w=np.sqrt(w[near]))
    drift = 0.0 if abs(line[0]) * length < half else float(line[0])
    return 1 + min(max(drift, -max_change), max_change)


def test_the_tempo_equals_that_of_plain_loops() -> None:
    rng = np.random.default_rng(5)
    told, expected = [], []
    for _ in range(60):
        n_hits, width_ticks = int(rng.integers(2, 9)), int(rng.integers(1, 4))
        tick = np.sort(rng.integers(0, 30, n_hits)).tolist()
        offset_ticks = rng.integers(0, 12, n_hits).tolist()
        n_songs = rng.integers(0, 6, n_hits).tolist()
        found = _hits_at(tick, offset_ticks, length=30, n_songs=n_songs)
        told.append(tempo_of(found, 1, 6.0, width_ticks, 0.3))
        hits = list(zip(tick, offset_ticks, found.weights.tolist()[:-1], strict=True))
        expected.append(_naive_tempo(hits, 30, width_ticks, 0.3))
    clear = np.isfinite(expected)
    assert clear.sum() > 50
    assert len(set(np.array(expected)[clear])) > 20
    np.testing.assert_allclose(np.array(told)[clear], np.array(expected)[clear], rtol=1e-9)


def test_slopes_go_up_to_the_most_either_way_the_flattest_first() -> None:
    np.testing.assert_allclose(tempo._slopes(0.05, 0.02), [0, 0.02, -0.02, 0.04, -0.04])
    # 0.3 / 0.1 is a little less than 3 in binary numbers.
    np.testing.assert_allclose(tempo._slopes(0.3, 0.1), [0, 0.1, -0.1, 0.2, -0.2, 0.3, -0.3])
