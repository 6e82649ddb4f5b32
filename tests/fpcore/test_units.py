"""Frames and seconds, bins and hertz."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fpcore import units


@given(st.integers(0, 10**6), st.floats(1e-4, 1.0))
def test_whole_frames_survive_the_way_to_seconds_and_back(frames: int, hop_s: float) -> None:
    assert units.s_to_frames(units.frames_to_s(frames, hop_s), hop_s) == frames


@pytest.mark.parametrize(("seconds", "frames"), [(0.0, 0), (0.24, 2), (0.26, 3), (1.04, 10)])
def test_seconds_are_rounded_to_the_nearest_frame(seconds: float, frames: int) -> None:
    assert units.s_to_frames(seconds, 0.1) == frames


@pytest.mark.parametrize(("hz", "bins"), [(0.0, 0), (14.9, 1), (15.1, 2), (440.0, 44)])
def test_hertz_are_rounded_to_the_nearest_bin(hz: float, bins: int) -> None:
    assert units.hz_to_bins(hz, 10.0) == bins


@given(st.integers(0, 3000), st.integers(1, 300), st.integers(1, 300))
def test_frames_are_those_that_fit_whole(n_samples: int, n_fft: int, hop_length: int) -> None:
    starts = np.arange(0, n_samples + 1, hop_length)
    expected = int(np.count_nonzero(starts + n_fft <= n_samples))
    assert units.n_frames(n_samples, n_fft, hop_length) == expected
