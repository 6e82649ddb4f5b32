"""Peaks of a song in a query: nearness, levels and ranks against loops and numbers by hand."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fpcore.kernels import verifying
from fpcore.kernels.verifying import (
    HeardPeaks,
    HeardQuery,
    IndexedPeaks,
    LaidPeaks,
    LevelLimits,
    QueryScale,
    RankMap,
    Reach,
    SongPlaces,
)
from tests.fpcore.drawn import rngs

Rows = list[tuple[float, int, float]]
"""Peaks as (tick, bin, level in dB), by tick."""

reaches = st.sampled_from([Reach(0.5, 1.5, 1), Reach(1.0, 3.0, 0), Reach(2.0, 6.0, 2)])


def _heard_rows(rng: np.random.Generator, *, least: int = 0) -> Rows:
    """Return up to 12 peaks of a query, at whole ticks."""
    n = int(rng.integers(least, 13))
    return _rows(rng, rng.integers(-9, 10, n), rng.integers(0, 7, n))


def _laid_rows(rng: np.random.Generator) -> Rows:
    """Return up to 12 peaks of a song, also beyond the query, at whole ticks and between them."""
    n = int(rng.integers(0, 13))
    between = rng.choice([0.0, 0.5, rng.uniform()], n)
    return _rows(rng, rng.integers(-20, 20, n) + between, rng.integers(-3, 10, n))


def _rows(rng: np.random.Generator, tick: np.ndarray, bin_: np.ndarray) -> Rows:
    levels_db = rng.choice([0.0, 0.5, 3.0], len(tick))
    return sorted(zip(tick.tolist(), bin_.tolist(), levels_db.tolist(), strict=True))


def _heard(rows: Rows) -> HeardPeaks:
    tick, bin_, level_db = np.array(rows).reshape(-1, 3).T
    return HeardPeaks(tick.astype(np.int32), bin_.astype(np.int32), level_db.astype(np.float32))


def _laid(rows: Rows) -> LaidPeaks:
    tick, bin_, level_db = np.array(rows).reshape(-1, 3).T
    return LaidPeaks(tick.copy(), bin_.astype(np.int32), level_db.astype(np.float32))


@settings(deadline=None)
@given(rngs, reaches)
def test_nearness_is_that_of_the_nearest_peak_in_reach(
    rng: np.random.Generator, reach: Reach
) -> None:
    song, query = _laid_rows(rng), _heard_rows(rng)
    heard = _heard(query)
    got = verifying.nearness(_laid(song), heard, reach, verifying.in_reach(heard, reach))
    for k, (tick, bin_, level_db) in enumerate(song):
        reached = [
            (abs(other_tick - tick), abs(other_db - level_db))
            for other_tick, other_bin, other_db in query
            if abs(other_bin - bin_) <= reach.reach_bins
            and abs(other_tick - tick) < reach.reach_ticks
        ]
        slope = reach.reach_ticks - reach.near_ticks
        weights = [min(1.0, (reach.reach_ticks - apart) / slope) for apart, _ in reached]
        assert got.weight[k] == pytest.approx(max(weights, default=0.0))
        assert got.apart_db[k] == min((apart_db for _, apart_db in reached), default=math.inf)


@settings(deadline=None)
@given(rngs, reaches)
def test_the_map_leaves_out_no_peak_in_reach(rng: np.random.Generator, reach: Reach) -> None:
    query = _heard_rows(rng, least=1)
    heard = _heard(query)
    found = verifying.in_reach(heard, reach)
    for i, first_peak in enumerate(found.first_peak.tolist()):
        earliest = found.first_tick + i - reach.reach_ticks
        assert first_peak == sum(heard.tick <= earliest)
    for tick, bin_, _ in query:
        for late_ticks in (-reach.reach_ticks + 0.01, 0.0, reach.reach_ticks - 0.01):
            row = math.floor(tick + late_ticks) - found.first_tick
            for higher in range(-reach.reach_bins, reach.reach_bins + 1):
                assert found.is_near[row, bin_ + higher - found.first_bin]


def test_the_map_of_a_lone_peak_is_as_large_as_its_reach() -> None:
    found = verifying.in_reach(_heard([(10, 5, 0.0)]), Reach(1.0, 3.0, 1))
    assert (found.first_tick, found.first_bin, found.is_near.shape) == (7, 4, (7, 3))
    assert found.is_near.all()


def test_without_heard_peaks_the_map_is_empty_and_nothing_is_near() -> None:
    heard, reach = _heard([]), Reach(1.0, 3.0, 1)
    found = verifying.in_reach(heard, reach)
    assert found.is_near.size == 0
    got = verifying.nearness(_laid([(1.5, 2, 0.0)]), heard, reach, found)
    assert (got.weight.tolist(), got.apart_db.tolist()) == ([0.0], [math.inf])


@pytest.mark.parametrize(
    ("apart_db", "expected"),
    [
        ([0.0, 0.0, 0.0], 1.0),
        ([0.0, 0.5, 1.0], math.exp(-1.0)),  # a mean of 0.5 dB on a scale of 0.5 dB
        ([0.0, 9.0, math.inf], math.exp(-8 / 3)),  # two at their most
    ],
)
def test_agreement_falls_with_the_mean_difference(apart_db: list[float], expected: float) -> None:
    limits = LevelLimits(0.0, 10.0, most_db=2.0, scale_db=0.5)
    tick = np.array([0.0, 5.0, 10.0])
    assert verifying.agreement(tick, np.array(apart_db), limits) == pytest.approx(expected)
    outside = np.array([-0.1, 10.1, 11.0])
    assert verifying.agreement(outside, np.array(apart_db), limits) == 0


def _indexed(rows: Sequence[tuple[int, ...]]) -> IndexedPeaks:
    """Return the peaks of a song, given as (frame, bin, 1 if it is paired) by frame."""
    frame, bin_, paired = np.array(rows, np.int32).reshape(-1, 3).T
    return IndexedPeaks(
        frame.copy(), bin_.copy(), frame.astype(np.float32), paired.astype(np.bool_)
    )


def _rank_map(n_ticks: int) -> RankMap:
    """Return ranks of a query that is silent at every fifth tick."""
    rank = (np.arange(4 * n_ticks) * 37 % 256).astype(np.uint8).reshape(n_ticks, 4)
    sounding = np.arange(n_ticks) % 5 != 0
    return RankMap(rank, sounding, (rank.mean(axis=1) + 0.5) / 256 - 0.5, 10, 0)


@settings(deadline=None)
@given(
    rngs,
    st.integers(-5, 40).map(float),
    st.sampled_from([QueryScale(1, 1.0, 1.0), QueryScale(2, 1.1, 1.0), QueryScale(2, 1.0, 1.25)]),
)
def test_rank_z_sums_the_ranks_at_the_peaks_inside_the_query(
    rng: np.random.Generator, offset_ticks: float, scale: QueryScale
) -> None:
    song = sorted(
        map(tuple, rng.integers([0, 7, 0], [31, 17, 2], (rng.integers(0, 30), 3)).tolist())
    )
    ranks = _rank_map(24)
    got = verifying.rank_z(_indexed(song), offset_ticks, ranks, scale)
    lasts = [(frame * scale.ticks_per_frame - offset_ticks) / scale.tempo for frame, _, _ in song]
    within = slice(max(round(lasts[0]), 0), max(round(lasts[-1]) + 1, 0)) if song else slice(0)
    usual = ranks.loudness[within][ranks.sounding[within]]
    outlasts = bool(song) and round(lasts[0]) <= 0 and round(lasts[-1]) >= 23
    chance = 0.0 if outlasts or not len(usual) else float(np.mean(usual))
    of_kept, of_paired, at_any_bin = [], [], []
    for frame, bin_, is_paired in song:
        at = frame * scale.ticks_per_frame - offset_ticks
        tick, column = round(at / scale.tempo), round(bin_ * scale.pitch) - ranks.first_bin
        is_inside = 0 <= at < 24 * scale.tempo and tick < 24 and 0 <= column < 4
        if is_inside and ranks.sounding[tick]:
            above = (int(ranks.rank[tick, column]) + 0.5) / 256 - 0.5 - chance
            of_kept.append(above)
            if is_paired:
                of_paired.append(above)
                at_any_bin.append(float(ranks.loudness[tick]) - chance)
    for found, summed in zip(got, (of_paired, at_any_bin, of_kept), strict=True):
        z = math.fsum(summed) / math.sqrt(max(len(summed), 1) / 12)
        assert found == pytest.approx(z, abs=1e-9)
    later = ranks._replace(first_tick=7)
    assert verifying.rank_z(
        _indexed(song), offset_ticks - 7 * scale.tempo, later, scale
    ) == pytest.approx(got)


def test_each_place_is_told_what_its_own_song_has_there() -> None:
    heard = _heard([(0, 11, 0.0), (4, 12, 5.0), (8, 13, 9.0)])
    query = HeardQuery(
        heard,
        Reach(0.5, 1.5, 1),
        LevelLimits(0.0, 8.0, 1.0, 0.25),
        _rank_map(9)._replace(sounding=np.arange(9) != 4),
        QueryScale(1, 1.0, 1.0),
    )
    one = [(2, 11, 0), (20, 11, 1), (24, 12, 0), (28, 13, 1), (30, 13, 1)]
    other = [(3, 11, 1), (7, 19, 1)]
    songs = _indexed(one + other)
    places = SongPlaces(np.array([1, 0, 1]), np.array([3.0, 20.0, 500.0]))
    got = verifying.verify_places(places, songs, np.array([0, 5, 7]), query)
    # Song 1 has one of its two peaks where the query has one, and the other where it is silent;
    # song 0 all three, two of them paired.
    assert got.expected.tolist() == [1, 2, 0]
    assert got.verified.tolist() == [1.0, 2.0, 0.0]
    assert got.kept_verified.tolist() == [1.0, 3.0, 0.0]
    # Levels are the frames: 3 dB against 0 dB and the like are more than 1 dB apart at all peaks.
    assert got.level_agreement.tolist() == pytest.approx([math.exp(-4), math.exp(-4), 0.0])
    for row, (start, end) in enumerate([(5, 7), (0, 5), (5, 7)]):
        alone = verifying._of_song(songs, start, end)
        z = verifying.rank_z(alone, places.offset_ticks[row], query.ranks, query.scale)
        assert (got.rank_z[row], got.broadband_z[row], got.kept_rank_z[row]) == z


def test_no_evidence_is_a_column_of_zeros_for_each_kind() -> None:
    found = verifying.no_evidence(3)
    assert all(column.tolist() == [0, 0, 0] for column in found)
    assert found.expected.dtype == np.int64
