"""A recording without a stretch: peaks and ranks against their definition."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fpcore.records import LevelRanks, Peaks
from fpcore.stages.splicing import Splice, spliced_peaks, spliced_ranks

N_BINS = 4


@st.composite
def _splices(draw: st.DrawFn) -> Splice:
    return Splice(*sorted(draw(st.lists(st.integers(0, 30), min_size=4, max_size=4))))


def _peaks(rng: np.random.Generator, n_shifts: int, level_db: float) -> tuple[Peaks, ...]:
    """Return random peaks at each shift, up to tick 30, each of another level and fraction."""
    found = []
    for shift in range(n_shifts):
        place = np.flatnonzero(rng.random(N_BINS * (1 + (30 - shift) // n_shifts)) < 0.6)
        frame, bin_ = (place // N_BINS).astype(np.int32), (place % N_BINS).astype(np.int32)
        levels = (level_db + 100 * shift + place).astype(np.float32)
        fraction = rng.uniform(-0.5, 0.5, len(place)).astype(np.float32)
        found.append(Peaks(frame, bin_, levels, fraction))
    return tuple(found)


Placed = tuple[int, int, float, float]


def _placed(found: Sequence[Peaks]) -> list[Placed]:
    """Return tick, bin, level and fraction of every peak at every shift."""
    return [
        (frame * len(found) + shift, bin_, level_db, fraction)
        for shift, one in enumerate(found)
        for frame, bin_, level_db, fraction in zip(
            one.frame.tolist(),
            one.bin.tolist(),
            one.level_db.tolist(),
            one.fraction.tolist(),
            strict=True,
        )
    ]


@settings(deadline=None)
@given(splice=_splices(), n_shifts=st.integers(1, 4), seed=st.integers(0, 9))
def test_peaks_before_stay_and_those_after_move_up(
    splice: Splice, n_shifts: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    before, after = _peaks(rng, n_shifts, 0.0), _peaks(rng, n_shifts, 1000.0)
    left = spliced_peaks(before, after, splice)
    kept = [one for one in _placed(before) if splice.first <= one[0] < splice.start]
    moved = [
        (tick - (splice.end - splice.start), *rest)
        for tick, *rest in _placed(after)
        if splice.end <= tick < splice.last
    ]
    assert sorted(_placed(left)) == sorted([*kept, *moved])
    for one in left:
        order = list(zip(one.frame.tolist(), one.bin.tolist(), strict=True))
        assert order == sorted(order)


@settings(deadline=None)
@given(
    splice=_splices(),
    first_before=st.integers(-3, 0),
    first_after=st.integers(-3, 0),
    seed=st.integers(0, 9),
)
def test_ranks_are_those_among_what_is_left_and_sounds(
    splice: Splice, first_before: int, first_after: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    before, after = (
        LevelRanks(
            rng.integers(0, 256, (35, N_BINS)).astype(np.uint8), rng.random(35) < 0.8, 7, first
        )
        for first in (first_before, first_after)
    )
    left = spliced_ranks(before, after, splice)
    rows = [
        *((before, tick - first_before) for tick in range(splice.first, splice.start)),
        *((after, tick - first_after) for tick in range(splice.end, splice.last)),
    ]
    assert left.sounding.tolist() == [bool(one.sounding[row]) for one, row in rows]
    assert (left.first_bin, left.first_tick) == (7, splice.first)
    assert left.rank.shape == (len(rows), N_BINS)
    heard = np.array([one.rank[row] for one, row in rows if one.sounding[row]], np.int64)
    for place, ranks in zip(heard, left.rank[left.sounding].tolist(), strict=True):
        for j, rank in enumerate(ranks):
            below = (heard[:, j] < place[j]).sum() + (heard[:, j] == place[j]).sum() / 2
            assert rank == min(255, int(256 * below / len(heard)))


def test_a_splice_leaves_out_what_lies_from_its_start_to_its_end() -> None:
    assert Splice(1, 2, 5, 11).length == 3
    assert Splice(1, 2, 2, 11).length == 0


def test_silence_alone_has_no_ranks() -> None:
    silent = LevelRanks(np.full((9, N_BINS), 3, np.uint8), np.zeros(9, np.bool_), 0)
    left = spliced_ranks(silent, silent, Splice(0, 2, 5, 9))
    assert not left.sounding.any()
    assert len(left.rank) == 6


@pytest.mark.parametrize("n_shifts", [1, 2, 3])
def test_a_splice_of_nothing_changes_nothing(n_shifts: int) -> None:
    found = _peaks(np.random.default_rng(1), n_shifts, 0.0)
    assert _placed(spliced_peaks(found, found, Splice(0, 12, 12, 31))) == _placed(found)
