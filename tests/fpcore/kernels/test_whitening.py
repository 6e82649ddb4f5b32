"""Whitening by a box: against the mean of each box, also where the running sums begin elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from fpcore.kernels import whitening
from fpcore.records import Signal
from fpcore.stages.spectrogram import spectrogram
from tests.fpcore import naive, synthetic
from tests.fpcore.drawn import matrices
from tests.fpcore.synthetic import SMALL


@settings(deadline=None)
@given(matrices(200), st.integers(0, 10), st.integers(0, 10))
def test_whitening_equals_the_direct_mean(
    level_db: np.ndarray, radius_frames: int, radius_bins: int
) -> None:
    got = whitening.subtract_box_mean(level_db, radius_frames, radius_bins)
    # Both add without rounding and divide once in double precision, so they are the same.
    np.testing.assert_array_equal(got, naive.minus_box_mean(level_db, radius_frames, radius_bins))


def test_whitening_equals_the_direct_mean_on_many_frames_of_real_levels() -> None:
    samples = synthetic.music(1.0, SMALL.sample_rate_hz, seed=7)
    level_db = spectrogram(Signal(samples, SMALL.sample_rate_hz), SMALL).level_db[:, :40]
    got = whitening.subtract_box_mean(np.ascontiguousarray(level_db), 17, 6)
    np.testing.assert_array_equal(got, naive.minus_box_mean(level_db, 17, 6))
    inner = ndimage.uniform_filter(level_db.astype(np.float64), size=(35, 13))
    # scipy's running mean rounds as it goes, and at the edges it reflects.
    expected = (level_db - inner)[17:-17, 6:-6]
    np.testing.assert_allclose(got[17:-17, 6:-6], expected, atol=1e-5)


def test_whitening_does_not_depend_on_where_the_running_sums_begin() -> None:
    samples = synthetic.music(2.0, SMALL.sample_rate_hz, seed=7)
    level_db = spectrogram(Signal(samples, SMALL.sample_rate_hz), SMALL).level_db
    whole = whitening.subtract_box_mean(level_db, 20, 6)
    part = whitening.subtract_box_mean(level_db[31:], 20, 6)
    np.testing.assert_array_equal(part[20:], whole[51:])


def test_an_even_level_is_whitened_to_zero() -> None:
    level_db = np.full((30, 20), -37.125, np.float32)
    assert not whitening.subtract_box_mean(level_db, 4, 3).any()


@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (0, 0)])
def test_nothing_is_whitened_to_nothing(shape: tuple[int, int]) -> None:
    got = whitening.subtract_box_mean(np.empty(shape, np.float32), 3, 2)
    assert got.shape == shape
    assert got.dtype == np.float32
