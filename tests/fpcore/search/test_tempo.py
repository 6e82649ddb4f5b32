"""The tempo that votes drift to, on planted lines and on chance hits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fpcore.records import Postings, QueryHashes
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
    for tempo in (1.0, 1 + 1 / LENGTH, 1 - 1 / LENGTH):
        assert tempo_of(_hits(rng, tempo), 1, 500.0, WIDTH_TICKS, 0.07) == 1


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
