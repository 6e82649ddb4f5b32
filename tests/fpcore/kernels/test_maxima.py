"""Local maxima: against their definition, among ties and at the edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from fpcore.kernels import maxima
from tests.fpcore import naive, synthetic
from tests.fpcore.drawn import matrices

exact = settings(deadline=None)


def _maxima(
    height_db: np.ndarray, level_db: np.ndarray, floor_db: float, n_frames: int, n_bins: int
) -> list[tuple[int, int]]:
    """Return the kernel's peaks; it is run as plain Python first, which checks every index."""
    given_ = (height_db, level_db, np.float32(floor_db), n_frames, n_bins)
    checked = maxima.local_maxima.py_func(*given_)
    compiled = maxima.local_maxima(*given_)
    for one, other in zip(checked, compiled, strict=True):
        np.testing.assert_array_equal(one, other)
        assert other.dtype == np.int32
    return list(zip(compiled[0].tolist(), compiled[1].tolist(), strict=True))


@exact
@given(matrices(3), st.integers(3, 12), st.integers(3, 12), st.sampled_from([-41.0, -40.0]))
def test_local_maxima_equal_their_definition_also_among_ties(
    level_db: np.ndarray, n_frames: int, n_bins: int, floor_db: float
) -> None:
    got = _maxima(level_db, level_db, floor_db, n_frames, n_bins)
    assert got == naive.local_maxima(level_db, level_db, floor_db, n_frames, n_bins)


@exact
@given(matrices(4), st.integers(1, 3), st.integers(1, 3))
def test_the_smallest_neighbourhoods_also_follow_the_definition(
    level_db: np.ndarray, n_frames: int, n_bins: int
) -> None:
    got = _maxima(level_db, level_db, -41.0, n_frames, n_bins)
    assert got == naive.local_maxima(level_db, level_db, -41.0, n_frames, n_bins)


def test_a_neighbourhood_of_one_element_makes_every_element_a_peak() -> None:
    level_db = np.zeros((20, 30), np.float32)
    assert _maxima(level_db, level_db, -1.0, 1, 1) == list(np.ndindex(20, 30))


@exact
@given(matrices(3), matrices(3), st.integers(3, 6), st.integers(3, 6))
def test_the_floor_is_of_the_level_and_the_maximum_of_the_height(
    height_db: np.ndarray, level_db: np.ndarray, n_frames: int, n_bins: int
) -> None:
    rows = min(len(height_db), len(level_db))
    columns = min(height_db.shape[1], level_db.shape[1])
    height_db = height_db[:rows, :columns].copy()
    level_db = level_db[:rows, :columns].copy()
    got = _maxima(height_db, level_db, -39.9, n_frames, n_bins)
    assert got == naive.local_maxima(height_db, level_db, -39.9, n_frames, n_bins)


@pytest.mark.parametrize("size", [(3, 3), (4, 5), (20, 20), (7, 41), (2, 6), (500, 3), (3, 500)])
def test_without_ties_local_maxima_are_those_of_scipys_maximum_filter(
    size: tuple[int, int],
) -> None:
    level_db = np.argsort(synthetic.integer_noise(90 * 70, 6)).astype(np.float32).reshape(90, 70)
    highest = ndimage.maximum_filter(level_db, size=size, mode="constant", cval=-1.0)
    expected = np.argwhere((level_db == highest) & (level_db > 100))
    row, column = maxima.local_maxima(level_db, level_db, np.float32(100), *size)
    assert len(expected)
    np.testing.assert_array_equal(np.column_stack([row, column]), expected)


def test_an_even_size_reaches_one_further_back() -> None:
    row = np.array([[5, 0, 4, 0, 3]], np.float32)
    assert _maxima(row, row, 0.0, 3, 4) == [(0, 0)]
    mirrored = row[:, ::-1].copy()
    assert _maxima(mirrored, mirrored, 0.0, 3, 4) == [(0, 0), (0, 2), (0, 4)]
    np.testing.assert_array_equal(_maxima(row.T.copy(), row.T.copy(), 0.0, 4, 3), [(0, 0)])


def test_a_rectangular_plateau_has_one_peak_its_first_element() -> None:
    level_db = np.zeros((20, 20), np.float32)
    level_db[4:15, 3:18] = 1
    assert _maxima(level_db, level_db, 0.5, 5, 4) == [(4, 3)]


def test_peaks_may_lie_in_the_corners() -> None:
    level_db = np.zeros((9, 9), np.float32)
    level_db[[0, 0, -1, -1], [0, -1, 0, -1]] = 1
    assert _maxima(level_db, level_db, 0.5, 5, 5) == [(0, 0), (0, 8), (8, 0), (8, 8)]


@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (0, 0)])
def test_without_elements_there_is_no_peak(shape: tuple[int, int]) -> None:
    level_db = np.empty(shape, np.float32)
    assert _maxima(level_db, level_db, -80.0, 3, 3) == []
