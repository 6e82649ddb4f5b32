"""Ranks: against a count of what lies below, in steps that tell near heights as equal."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fpcore.kernels import ranking
from tests.fpcore.drawn import matrices


@settings(deadline=None)
@given(matrices(6), st.integers(0, 3), st.integers(0, 3))
def test_ranks_equal_a_count_of_what_lies_below(
    height_db: np.ndarray, reach_ticks: int, reach_bins: int
) -> None:
    highest = np.empty_like(height_db)
    for i, j in np.ndindex(height_db.shape):
        rows = slice(max(i - reach_ticks, 0), i + reach_ticks + 1)
        highest[i, j] = height_db[rows, max(j - reach_bins, 0) : j + reach_bins + 1].max()
    got = ranking.ranks(height_db, reach_ticks, reach_bins)
    assert got.dtype == np.uint8
    for (i, j), rank in np.ndenumerate(got):
        own, column = float(highest[i, j]), highest[:, j].tolist()
        halves = sum((other < own) + (other <= own) for other in column)
        assert rank == halves * 128 // len(column)


@pytest.mark.parametrize("n_ticks", [1, 2, 1000])
def test_even_levels_all_rank_in_the_middle(n_ticks: int) -> None:
    got = ranking.ranks(np.full((n_ticks, 3), -40, np.float32), 1, 1)
    assert np.unique(got).tolist() == [128]


def test_heights_within_one_step_are_equal() -> None:
    column = np.array([[0.0], [5.25], [5.75], [ranking.N_STEPS - 1]], np.float32)
    assert ranking.ranks(column, 0, 0).ravel().tolist() == [32, 128, 128, 224]


def test_the_loudest_of_many_has_the_highest_rank() -> None:
    column = np.arange(1000, dtype=np.float32).reshape(-1, 1)
    got = ranking.ranks(column, 0, 0).ravel()
    assert (got[0], got[-1]) == (0, 255)
    assert (np.diff(got.astype(int)) >= 0).all()
