"""Hits, windows of offsets and evidence: against loops, and on planted songs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fpcore import matching
from fpcore.config import QueryConfig
from fpcore.kernels import voting
from fpcore.records import Candidates, Postings, QueryHashes
from tests.fpcore import naive
from tests.fpcore.synthetic import SMALL

COLUMNS = list(Candidates._DTYPES)
ONE_PLACE = QueryConfig(n_offsets=1)


def _query(
    pairs: list[tuple[int, int]], ticks_per_frame: int = 1, anchor_bins: list[int] | None = None
) -> QueryHashes:
    token, tick = np.array(pairs, np.int64).reshape(-1, 2).T
    bins = token % 7 if anchor_bins is None else np.array(anchor_bins)
    return QueryHashes(token.copy(), tick.astype(np.int32), bins.astype(np.int32), ticks_per_frame)


def _postings(rows: list[tuple[int, int, int]]) -> Postings:
    row, song, frame = np.array(rows, np.int64).reshape(-1, 3).T
    return Postings(row.copy(), song.copy(), frame.astype(np.int32))


def _looked_up(query: QueryHashes, entries: list[tuple[int, int, int]]) -> matching.Hits:
    """Return the hits of a query in an index of (token, song, frame)."""
    tokens = np.unique(query.token)
    rows = [
        (int(np.searchsorted(tokens, token)), song, frame)
        for token, song, frame in entries
        if token in tokens
    ]
    return matching.hits(query, tokens, _postings(rows))


def _ranked(
    query: QueryHashes,
    entries: list[tuple[int, int, int]],
    query_config: QueryConfig = ONE_PLACE,
) -> Candidates:
    return matching.rank(_looked_up(query, entries), query, SMALL, query_config)


def _rows(found: Candidates) -> list[tuple[float, ...]]:
    columns = (getattr(found, name).tolist() for name in COLUMNS)
    return list(zip(*columns, strict=True))


# Hits


@st.composite
def _lookups(draw: st.DrawFn) -> tuple[QueryHashes, np.ndarray, Postings]:
    """Draw a query, the sorted tokens looked up, and postings in any order, also repeated."""
    pairs = draw(st.sets(st.tuples(st.integers(0, 6), st.integers(0, 9)), max_size=12))
    query = _query(draw(st.permutations(sorted(pairs))), draw(st.integers(1, 4)))
    extra = draw(st.sets(st.integers(0, 9), max_size=3))
    tokens = np.array(sorted(set(query.token.tolist()) | extra), np.int64)
    entry = st.tuples(st.integers(0, max(len(tokens) - 1, 0)), st.integers(1, 3), st.integers(0, 9))
    rows = draw(st.lists(entry, max_size=30)) if len(tokens) else []
    return query, tokens, _postings(rows)


@settings(deadline=None, max_examples=200)
@given(_lookups())
def test_hits_equal_the_nested_loops(lookup: tuple[QueryHashes, np.ndarray, Postings]) -> None:
    got = matching.hits(*lookup)
    rows = zip(
        got.row.tolist(),
        got.song_id.tolist(),
        got.frame.tolist(),
        got.offset_ticks.tolist(),
        got.weight.tolist(),
        strict=True,
    )
    # Within one song and offset the order of the hits is left open.
    listed = sorted(rows, key=lambda hit: (hit[1], hit[3], hit[0], hit[2]))
    expected = naive.hits(*lookup)
    assert [hit[:4] for hit in listed] == [hit[:4] for hit in expected]
    assert [hit[4] for hit in listed] == pytest.approx([hit[4] for hit in expected])
    by_offset = list(zip(got.song_id.tolist(), got.offset_ticks.tolist(), strict=True))
    assert by_offset == sorted(by_offset)


def test_a_token_that_is_everywhere_weighs_less() -> None:
    query = _query([(1, 0), (2, 0)])
    entries = [(1, 1, 5), *((2, song, 5) for song in range(1, 7))]
    found = _looked_up(query, entries)
    weight = {int(query.token[row]): w for row, w in zip(found.row, found.weight, strict=True)}
    assert weight == pytest.approx({1: 1 / math.log2(3), 2: 1 / math.log2(8)})


# Windows


@st.composite
def _offsets(draw: st.DrawFn, n_songs: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw sorted songs and offsets, with weights whose sums are exact."""
    entry = st.tuples(
        st.integers(1, n_songs), st.integers(-15, 15), st.sampled_from([0.25, 0.5, 1.0])
    )
    rows = sorted(draw(st.lists(entry, max_size=40)))
    songs, offsets, weights = zip(*rows, strict=True) if rows else ((), (), ())
    return np.array(songs, np.int64), np.array(offsets, np.int64), np.array(weights, np.float64)


@settings(deadline=None, max_examples=300)
@given(_offsets(n_songs=4), st.integers(0, 8))
def test_best_windows_equal_the_double_loop_also_among_ties(
    drawn: tuple[np.ndarray, np.ndarray, np.ndarray], width_ticks: int
) -> None:
    got = voting.best_windows(*drawn, width_ticks)
    expected = naive.best_windows(*(column.tolist() for column in drawn), width_ticks)
    assert list(zip(*(column.tolist() for column in got), strict=True)) == expected


@settings(deadline=None, max_examples=300)
@given(_offsets(n_songs=1), st.integers(0, 8), st.integers(1, 12))
def test_top_windows_equal_the_greedy_choice_also_among_ties(
    drawn: tuple[np.ndarray, np.ndarray, np.ndarray], width_ticks: int, n_windows: int
) -> None:
    _, offsets, weights = drawn
    got = voting.top_windows(offsets, weights, width_ticks, n_windows)
    expected = naive.top_windows(offsets.tolist(), weights.tolist(), width_ticks, n_windows)
    assert [tuple(window) for window in got.tolist()] == expected


def test_a_window_among_very_many_hits_is_still_found_exactly() -> None:
    n = 200_000
    offsets = np.arange(n, dtype=np.int64) * 3
    offsets[123_456] = offsets[123_455]
    weights = np.full(n, 1 / np.log2(2.0 + 7))
    start, end, weight = voting.best_windows(np.ones(n, np.int64), offsets, weights, 2)
    assert (start.tolist(), end.tolist()) == ([123_455], [123_457])
    assert weight[0] == pytest.approx(2 * weights[0], rel=1e-9)
    assert voting.top_windows(offsets, weights, 2, 1).tolist() == [[123_455, 123_457]]


# Ranking


@st.composite
def _searches(draw: st.DrawFn) -> tuple[QueryHashes, list[tuple[int, int, int]]]:
    """Draw a query of up to 40 ticks and an index where a token comes back after 100 frames."""
    pairs = draw(st.sets(st.tuples(st.integers(0, 9), st.integers(0, 40)), max_size=25))
    query = _query(sorted(pairs), draw(st.sampled_from([1, 2])))
    entry = st.tuples(st.integers(0, 9), st.integers(1, 9), st.integers(0, 3), st.integers(0, 9))
    drawn = draw(st.sets(entry, max_size=60))
    # One place for a token in each hundred frames, so that no window holds a query hash twice.
    places = {(token, song, 100 * hundred): rest for token, song, hundred, rest in sorted(drawn)}
    return query, [(token, song, base + rest) for (token, song, base), rest in places.items()]


@settings(deadline=None, max_examples=200)
@given(_searches(), st.sampled_from([0.0, 0.5, 1.0, 2.0]), st.integers(1, 12))
def test_candidates_equal_the_loops(
    search: tuple[QueryHashes, list[tuple[int, int, int]]],
    offset_tolerance_frames: float,
    n_candidates: int,
) -> None:
    query, entries = search
    query_config = QueryConfig(
        offset_tolerance_frames=offset_tolerance_frames, n_candidates=n_candidates, n_offsets=100
    )
    tokens = np.unique(query.token).tolist()
    rows = [(tokens.index(t), song, frame) for t, song, frame in entries if t in tokens]
    expected = naive.candidates(
        naive.hits(query, tokens, _postings(rows)),
        query,
        ticks_per_block=0.5 / SMALL.hop_s * query.ticks_per_frame,
        width_ticks=int(2 * offset_tolerance_frames * query.ticks_per_frame),
        n_candidates=n_candidates,
        n_offsets=100,
    )
    got = _rows(_ranked(query, entries, query_config))
    assert [row[0] for row in got] == [row[0] for row in expected]
    assert [row[4] for row in got] == pytest.approx([row[4] for row in expected])
    # Places of equal weight may be told apart by the last bit of a sum, so sort them here.
    for one, other in zip(sorted(got), sorted(expected), strict=True):
        assert one == pytest.approx(other)


@settings(deadline=None, max_examples=100)
@given(_searches(), st.integers(1, 5))
def test_fewer_offsets_are_the_first_of_all(
    search: tuple[QueryHashes, list[tuple[int, int, int]]], n_offsets: int
) -> None:
    every = _rows(_ranked(*search, QueryConfig(n_offsets=100)))
    few = _rows(_ranked(*search, QueryConfig(n_offsets=n_offsets)))
    songs = list(dict.fromkeys(row[0] for row in every))
    assert few == [row for song in songs for row in [r for r in every if r[0] == song][:n_offsets]]


def _planted(n_frames: int = 60) -> tuple[QueryHashes, list[tuple[int, int, int]]]:
    """Return a query that song 4 holds 500 frames in, among songs of chance matches."""
    rng = np.random.default_rng(1)
    pairs = sorted({(int(rng.integers(0, 400)), tick) for tick in range(n_frames)})
    chance = rng.integers([0, 1, 0], [400, 9, 2000], size=(4000, 3)).tolist()
    song = [(token, 4, 500 + tick) for token, tick in pairs[::2]]
    return _query(pairs), [*map(tuple, chance), *song]


def test_hits_at_one_offset_win_over_chance() -> None:
    query, entries = _planted()
    found = _ranked(query, entries)
    assert found.song_id[0] == 4
    assert found.offset_ticks[0] == pytest.approx(500, abs=0.5)
    assert 30 <= found.votes[0] <= 34
    assert found.idf[0] > 3 * found.idf[1]
    assert found.contrast[0] > 3 > found.contrast[5:].max()
    assert len(found) == 8


def test_a_query_that_begins_later_has_a_later_offset() -> None:
    query, entries = _planted()
    before = _ranked(query, entries)
    pairs = list(zip(query.token.tolist(), query.tick.tolist(), strict=True))
    for by in (1, 17, 300):
        after = _ranked(_query([(token, tick + by) for token, tick in pairs]), entries)
        np.testing.assert_array_equal(after.song_id, before.song_id)
        np.testing.assert_allclose(after.offset_ticks, before.offset_ticks - by, atol=1e-9)
        np.testing.assert_array_equal(after.votes, before.votes)


def test_ticks_finer_than_a_frame_give_the_offset_in_ticks() -> None:
    query = _query([(1, 1), (2, 5), (3, 9)], ticks_per_frame=4)
    found = _ranked(query, [(1, 6, 100), (2, 6, 101), (3, 6, 102)])
    assert found.offset_ticks.tolist() == pytest.approx([399.0])
    assert found.votes.tolist() == [3]


@pytest.mark.parametrize("ticks_per_frame", [1, 2, 4])
@pytest.mark.parametrize(
    ("tolerance_frames", "apart_frames", "together"),
    [(0.0, 0, True), (0.0, 1, False), (0.5, 1, True), (1.0, 2, True), (1.0, 3, False)],
)
def test_votes_within_the_tolerance_of_one_offset_count_together(
    ticks_per_frame: int, tolerance_frames: float, apart_frames: int, together: bool
) -> None:
    query = _query([(1, 0), (2, 0)], ticks_per_frame)
    query_config = QueryConfig(offset_tolerance_frames=tolerance_frames)
    found = _ranked(query, [(1, 6, 50), (2, 6, 50 + apart_frames)], query_config)
    assert found.votes.tolist() == ([2] if together else [1, 1])


@pytest.mark.parametrize("tolerance_frames", [0.3, 0.75, 1.3])
def test_votes_further_apart_than_twice_the_tolerance_do_not_count_together(
    tolerance_frames: float,
) -> None:
    apart = math.floor(2 * tolerance_frames) + 1
    query_config = QueryConfig(offset_tolerance_frames=tolerance_frames)
    found = _ranked(_query([(1, 0), (2, 0)]), [(1, 6, 50), (2, 6, 50 + apart)], query_config)
    assert found.votes.tolist() == [1, 1]


def test_a_song_that_is_there_twice_is_named_by_its_lower_id() -> None:
    query, entries = _planted()
    of_four = [(token, frame) for token, song, frame in entries if song == 4]
    for twin in (2_000_000_000_000, 0):
        found = _ranked(query, [*((token, twin, frame) for token, frame in of_four), *entries])
        assert found.song_id[:2].tolist() == sorted([twin, 4])
        assert found.idf[0] == found.idf[1]
        assert found.offset_ticks[0] == found.offset_ticks[1]


def test_the_order_of_the_postings_does_not_matter() -> None:
    query, entries = _planted()
    one, other = _ranked(query, entries), _ranked(query, entries[::-1])
    for name in COLUMNS:
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-12)


def test_a_song_is_given_at_several_offsets_the_heaviest_first() -> None:
    query = _query([(token, 0) for token in range(9)])
    entries = [(token, 6, 100) for token in range(2)]
    entries += [(token, 6, 900) for token in range(2, 6)]
    entries += [(token, 6, 500) for token in range(6, 9)]
    found = _ranked(query, entries, QueryConfig(n_offsets=2))
    assert found.song_id.tolist() == [6, 6]
    assert found.offset_ticks.tolist() == pytest.approx([900.0, 500.0])
    assert found.votes.tolist() == [4, 3]


def test_only_the_heaviest_songs_are_given() -> None:
    query, entries = _planted()
    all_songs = _ranked(query, entries)
    few = _ranked(query, entries, QueryConfig(n_candidates=3, n_offsets=1))
    np.testing.assert_array_equal(few.song_id, all_songs.song_id[:3])
    np.testing.assert_array_equal(few.contrast, all_songs.contrast[:3])


def test_a_query_hash_that_meets_its_token_several_times_votes_once() -> None:
    found = _ranked(_query([(1, 0), (2, 0)]), [(1, 6, 50), (1, 6, 51), (1, 6, 52), (2, 6, 51)])
    assert found.votes.tolist() == [2]
    assert found.idf[0] == pytest.approx(1 / math.log2(5) + 1 / math.log2(3))


def test_a_query_hash_counts_once_also_when_songs_are_ranked() -> None:
    entries = [(1, 8, frame) for frame in (50, 51, 52)]
    entries += [(2, 9, 70), (3, 9, 70)]
    found = _ranked(_query([(1, 0), (2, 0), (3, 0)]), entries)
    assert found.votes.tolist() == [2, 1]
    assert found.song_id.tolist() == [9, 8]


def test_anchors_are_the_distinct_peaks_of_the_song() -> None:
    query = _query([(1, 3), (2, 3), (3, 3), (4, 8)], anchor_bins=[11, 11, 12, 11])
    found = _ranked(query, [(1, 6, 53), (2, 6, 53), (3, 6, 53), (4, 6, 58)])
    assert found.votes.tolist() == [4]
    assert found.anchors.tolist() == [3]


@pytest.mark.parametrize("ticks_per_frame", [1, 2])
def test_blocks_are_the_half_seconds_of_the_query_with_a_vote(ticks_per_frame: int) -> None:
    assert 0.5 / SMALL.hop_s == 62.5
    ticks = [tick * ticks_per_frame for tick in (0, 1, 62, 63, 313)]
    query = _query(list(enumerate(ticks)), ticks_per_frame)
    frames = [tick // ticks_per_frame for tick in ticks]
    found = _ranked(query, [(token, 6, 40 + frame) for token, frame in enumerate(frames)])
    assert (found.votes.tolist(), found.blocks.tolist()) == ([5], [3])


def test_contrast_is_against_the_first_song_beyond_the_best_few() -> None:
    query = _query([(token, 0) for token in range(100)])
    entries = [(token, song, 10) for song in range(1, 11) for token in range(10 * song)]
    found = _ranked(query, entries, QueryConfig(n_offsets=1, n_candidates=10))
    assert found.song_id.tolist() == list(range(10, 0, -1))
    np.testing.assert_allclose(found.contrast, found.idf / found.idf[matching.BACKGROUND_RANK])
    alone = _ranked(query, entries[:10], ONE_PLACE)
    np.testing.assert_array_equal(alone.contrast, alone.idf)


@pytest.mark.parametrize("ticks_per_frame", [1, 3])
def test_nothing_asked_or_nothing_found_gives_no_candidates(ticks_per_frame: int) -> None:
    for query in (_query([], ticks_per_frame), _query([(1, 0), (5, 2)], ticks_per_frame)):
        found = _ranked(query, [(2, 6, 50)])
        assert len(found) == 0
        for name, dtype in Candidates._DTYPES.items():
            assert getattr(found, name).dtype == dtype


def test_hits_at_an_offset_are_those_within_half_the_width() -> None:
    entries = [(1, 6, frame) for frame in (47, 48, 50, 52, 53)] + [(1, 5, 50), (1, 7, 50)]
    found = _looked_up(_query([(1, 0)]), entries)
    assert found.frame[matching.hits_of_song(found, 6)].tolist() == [47, 48, 50, 52, 53]
    there = matching.hits_at_offset(found, 6, 50.0, 4)
    assert found.frame[there].tolist() == [48, 50, 52]
    assert set(found.song_id[there].tolist()) == {6}
    nowhere = matching.hits_at_offset(found, 99, 50.0, 4)
    assert len(found.row[nowhere]) == 0
