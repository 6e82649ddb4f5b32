"""Peaks of a song looked for in a query, one by one: against loops, and at the ends."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fpcore.records import (
    AS_LEARNED,
    Candidates,
    Constellation,
    LevelRanks,
    Peaks,
    Playback,
)
from fpcore.stages.level_ranks import level_ranks, rank_z_and_broadband_z
from fpcore.stages.verification import merged, nearness, verify
from tests.fpcore import naive
from tests.fpcore.synthetic import all_paired

Places = list[tuple[int, int]]

SILENT = LevelRanks(np.empty((0, 1), np.uint8), np.empty(0, np.bool_), 0)


def _level_db(place: tuple[int, int]) -> float:
    """Return a level for a peak at a place: any will do that differs from place to place."""
    frame, bin_ = place
    return (7 * frame + 3 * bin_) % 11 / 4


def _peaks(places: Places) -> Constellation:
    frame, bin_ = np.array(sorted(places), np.int32).reshape(-1, 2).T
    levels = np.array([_level_db(place) for place in sorted(places)], np.float32)
    return all_paired(Peaks.on_bins(frame.copy(), bin_.copy(), levels))


def _partly_paired(places: Places, rng: np.random.Generator) -> Constellation:
    """Return a song of which some peaks are only kept."""
    return replace(_peaks(places), paired=rng.random(len(places)) < 0.6)


def _candidates(places: list[tuple[int, float]]) -> Candidates:
    """Return candidates of which only song and offset matter."""
    song_id = np.array([song for song, _ in places], np.int64)
    offset_ticks = np.array([offset for _, offset in places], np.float64)
    ones = np.ones(len(places), np.int64)
    return Candidates(song_id, offset_ticks, ones, offset_ticks * 0, ones * 1.0)


def _places(max_frame: int) -> st.SearchStrategy[Places]:
    place = st.tuples(st.integers(0, max_frame), st.integers(0, 6))
    return st.sets(place, max_size=25).map(sorted)


@settings(deadline=None, max_examples=100)
@given(
    song=_places(40),
    shifts=st.lists(_places(12), min_size=1, max_size=3),
    offset_ticks=st.floats(-20, 90) | st.integers(-20, 90).map(float),
)
def test_nearness_equals_the_loops(song: Places, shifts: list[Places], offset_ticks: float) -> None:
    n_shifts = len(shifts)
    query = [
        (frame * n_shifts + shift, bin_, _level_db((frame, bin_)))
        for shift, places in enumerate(shifts)
        for frame, bin_ in places
    ]
    found = merged([_peaks(places) for places in shifts])
    assert list(zip(*(column.tolist() for column in found), strict=True)) == sorted(query)
    inside, near, difference_db = nearness(_peaks(song), offset_ticks, found, n_shifts)
    expected = naive.verification(_peaks(song), offset_ticks, query, n_shifts)
    assert inside.stop - inside.start == len(near) == len(difference_db)
    assert near.tolist() == pytest.approx([weight for weight, _ in expected], abs=1e-9)
    assert difference_db.tolist() == [apart_db for _, apart_db in expected]


QUERY = [(frame, 10 * frame % 97) for frame in range(0, 60, 3)]


@pytest.mark.parametrize("offset", [0, 1, 500])
def test_a_song_that_holds_the_query_is_verified_whole_with_both_ends(offset: int) -> None:
    song = [(frame + offset, bin_) for frame, bin_ in QUERY]
    outside = [(offset - 1, 3), (offset + 58, 3)] if offset else [(offset + 58, 3)]
    found = verify(
        _candidates([(7, float(offset))]), [_peaks(QUERY)], SILENT, {7: _peaks(song + outside)}
    )
    assert found.expected.tolist() == [len(QUERY)]
    assert found.verified.tolist() == [len(QUERY)]


@pytest.mark.parametrize(("bins", "nearness_"), [(0, 1), (1, 1), (-1, 1), (2, 0), (-2, 0)])
def test_a_peak_of_a_neighbouring_bin_counts_and_one_further_off_does_not(
    bins: int, nearness_: float
) -> None:
    song = _peaks([(frame, bin_ + 100 + bins) for frame, bin_ in QUERY])
    query = _peaks([(frame, bin_ + 100) for frame, bin_ in QUERY])
    found = verify(_candidates([(7, 0.0)]), [query], SILENT, {7: song})
    assert found.verified[0] == nearness_ * len(QUERY)


@pytest.mark.parametrize(("late_ticks", "nearness_"), [(0, 1), (1, 1), (2, 1 / 2), (3, 0)])
def test_a_peak_counts_less_the_further_in_time_it_lies(late_ticks: int, nearness_: float) -> None:
    # Two shifts: a tick is half a frame, so one tick is near and three are out of reach.
    query = merged([_peaks([(0, 5), (30, 9), (50, 5)]), _peaks([])])
    for offset in (late_ticks, -late_ticks):
        inside, near, _ = nearness(_peaks([(30, 9)]), float(offset), query, 2)
        assert (inside.start, inside.stop) == (0, 1)
        assert near.tolist() == pytest.approx([nearness_])


@pytest.mark.parametrize(
    ("apart_db", "agreement"), [(0.0, 1.0), (0.25, np.exp(-1)), (18.0, np.exp(-4))]
)
def test_levels_agree_by_the_mean_of_their_differences(apart_db: float, agreement: float) -> None:
    song = _peaks(QUERY)
    levels = song.level_db + np.float32(apart_db) * np.where(song.frame % 2, -1, 1)
    query = Peaks.on_bins(song.frame, song.bin, levels.astype(np.float32))
    found = verify(_candidates([(7, 0.0)]), [query], SILENT, {7: song})
    assert found.level_agreement[0] == pytest.approx(agreement, abs=1e-6)


def test_a_missing_peak_is_the_largest_difference_in_level() -> None:
    more = [(frame + 1, 200) for frame, _ in QUERY[:-1]]
    found = verify(_candidates([(7, 0.0)]), [_peaks(QUERY)], SILENT, {7: _peaks(QUERY + more)})
    assert found.level_agreement[0] == pytest.approx(np.exp(-4 * len(more) / len(QUERY + more)))


def test_levels_are_compared_away_from_the_ends_only() -> None:
    song = _peaks([(10 * k, 5) for k in range(11)])
    levels = song.level_db.copy()
    levels[[0, 1, 9, 10]] += 40  # within 15 frames of the first or last
    query = Peaks.on_bins(song.frame, song.bin, levels)

    def agreement(margin_ticks: float) -> float:
        found = verify(
            _candidates([(7, 0.0)]), [query], SILENT, {7: song}, margin_ticks=margin_ticks
        )
        return float(found.level_agreement[0])

    assert agreement(20.0) == pytest.approx(1.0)
    assert agreement(19.0) == pytest.approx(1.0)
    assert agreement(10.0) == pytest.approx(np.exp(-4 * 2 / 9))
    assert agreement(0.0) == pytest.approx(np.exp(-4 * 4 / 11))
    assert agreement(51.0) == 0  # nothing is left to compare


@pytest.mark.parametrize("offset", [-30.0, 30.0])
def test_only_the_part_of_the_song_that_the_query_covers_is_expected(offset: float) -> None:
    song = _peaks(QUERY)
    found = verify(_candidates([(7, offset)]), [_peaks(QUERY)], SILENT, {7: song})
    assert found.expected.tolist() == [10]
    beyond = verify(_candidates([(7, 1000.0), (7, -1000.0)]), [_peaks(QUERY)], SILENT, {7: song})
    assert beyond.expected.tolist() == [0, 0]
    assert beyond.verified.tolist() == [0.0, 0.0]


def test_each_candidate_is_compared_with_its_own_song_at_its_own_place() -> None:
    songs = {7: _peaks(QUERY), 8: _peaks([(frame + 30, bin_) for frame, bin_ in QUERY])}
    places = [(7, 0.0), (7, 30.0), (8, 30.0), (7, -30.0)]
    found = verify(_candidates(places), [_peaks(QUERY)], SILENT, songs)
    assert found.expected.tolist() == [20, 10, 20, 10]
    assert found.verified[0] == found.verified[2] == 20


def test_no_candidates_need_no_song() -> None:
    assert len(verify(_candidates([]), [_peaks(QUERY)], SILENT, {})) == 0


@settings(deadline=None, max_examples=100)
@given(
    songs=st.lists(_places(40), min_size=1, max_size=3),
    shifts=st.lists(_places(12), min_size=1, max_size=3),
    places=st.lists(st.tuples(st.integers(0, 2), st.floats(-20, 90)), max_size=6),
    margin_ticks=st.integers(0, 8).map(float),
    playback=st.sampled_from([AS_LEARNED, Playback(1.05, 1.05), Playback(1.0, 0.95)]),
    seed=st.integers(0, 2**32 - 1),
)
def test_all_candidates_at_once_equal_one_by_one(
    songs: list[Places],
    shifts: list[Places],
    places: list[tuple[int, float]],
    margin_ticks: float,
    playback: Playback,
    seed: int,
) -> None:
    n_shifts = len(shifts)
    heights_db = np.random.default_rng(seed + 1).normal(size=(n_shifts, 13, 7)).astype(np.float32)
    rng = np.random.default_rng(seed)
    sounding = [rng.random(13) < 0.8] * n_shifts
    ranks = level_ranks(list(heights_db), sounding=sounding, first_bin=2)
    constellations = {number: _partly_paired(song, rng) for number, song in enumerate(songs)}
    places = [(number % len(songs), offset) for number, offset in places]
    heard = [_peaks(one) for one in shifts]
    found = verify(
        _candidates(places), heard, ranks, constellations, playback, margin_ticks=margin_ticks
    )
    query = merged(heard, playback)
    for row, (number, offset) in enumerate(places):
        song = constellations[number]
        inside, near, apart_db = nearness(song, offset, query, n_shifts)
        paired = song.paired[inside]
        row_of = np.rint((song.frame[inside] * n_shifts - offset) / playback.tempo).astype(int)
        silent = np.array([0 <= at < len(ranks.rank) and not ranks.sounding[at] for at in row_of])
        assert found.expected[row] == np.sum(paired & ~silent.astype(bool))
        assert found.verified[row] == pytest.approx(near[paired].sum())
        assert found.kept_verified[row] == pytest.approx(near.sum())
        tick = song.frame[inside] * n_shifts - offset
        inner = apart_db[
            (tick >= query.tick[:1] + margin_ticks) & (tick <= query.tick[-1:] - margin_ticks)
        ]
        agreement = np.exp(-np.minimum(inner, 1.0).mean() / 0.25) if len(inner) else 0.0
        assert found.level_agreement[row] == pytest.approx(agreement)
        alone = rank_z_and_broadband_z(song, offset, ranks, n_shifts, playback)
        assert (found.rank_z[row], found.broadband_z[row]) == pytest.approx(alone)
        of_all, _ = rank_z_and_broadband_z(all_paired(song), offset, ranks, n_shifts, playback)
        assert found.kept_rank_z[row] == pytest.approx(of_all)


@pytest.mark.parametrize(("query", "song"), [([], QUERY), (QUERY, []), ([], [])])
def test_without_peaks_nothing_is_expected(query: Places, song: Places) -> None:
    found = verify(_candidates([(7, 0.0)]), [_peaks(query)] * 2, SILENT, {7: _peaks(song)})
    assert found.verified.tolist() == [0.0]
    assert found.expected.tolist() == [0]


def test_peaks_of_a_query_played_faster_are_laid_where_they_would_have_been() -> None:
    heard = [_peaks([(10, 5), (20, 9)])]
    assert merged(heard, Playback(tempo=1.5)).tick.tolist() == [15, 30]


def test_peaks_of_a_query_played_higher_are_laid_in_the_bins_that_their_tones_would_have() -> None:
    frame, bins = np.array([10, 10, 21], np.int32), np.array([51, 102, 102], np.int32)
    fraction = np.array([-0.4, -0.4, 0.4], np.float32)
    heard = Peaks(frame, bins, np.array([1, 2, 3], np.float32), fraction)
    found = merged([heard], Playback(pitch=1.05, tempo=1.1))
    # 50.6, 101.6 and 102.4 bins, divided by 1.05: 48.2, 96.8 and 97.5
    assert found.bin.tolist() == [48, 97, 98]
    assert found.tick.tolist() == [11, 11, 23]
    assert found.level_db.tolist() == [1, 2, 3]
    assert found.tick.dtype == found.bin.dtype == np.int32
