"""Landmarks: the pairs that a configuration asks for, in the stated order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fpcore.config import PairsConfig
from fpcore.records import Peaks
from fpcore.stages import peaks
from fpcore.stages.landmarks import landmarks
from tests.fpcore import naive
from tests.fpcore.synthetic import SMALL


def _constellation(at: list[tuple[int, int]]) -> Peaks:
    frame, bin_ = np.array(sorted(at), np.int32).reshape(-1, 2).T
    return Peaks.on_bins(frame.copy(), bin_.copy(), np.zeros(len(at), np.float32))


constellations = st.sets(st.tuples(st.integers(0, 25), st.integers(0, 12)), max_size=60).map(
    lambda at: _constellation(list(at))
)


@settings(deadline=None, max_examples=100)
@given(constellations)
def test_landmarks_are_the_pairs_of_the_configuration_in_the_stated_order(found: Peaks) -> None:
    pairs = PairsConfig(fan_out=4, min_delta_s=0.016, max_delta_s=0.08, max_delta_hz=125.0)
    config = SMALL.model_copy(update={"pairs": pairs})
    limits = (config.min_delta_frames, config.max_delta_frames, config.max_delta_bins)
    assert limits == (2, 10, 4)
    got = landmarks(found, config)
    pairs_ = naive.pairs(
        found.frame.tolist(),
        found.bin.tolist(),
        fan_out=4,
        min_delta_frames=2,
        max_delta_frames=10,
        max_delta_bins=4,
    )
    rows = np.column_stack([got.anchor_frame, got.anchor_bin, got.target_bin, got.delta_frames])
    assert rows.tolist() == [
        [found.frame[a], found.bin[a], found.bin[t], found.frame[t] - found.frame[a]]
        for a, t in pairs_
    ]
    order = [(a, b, a + dt, t) for a, b, t, dt in rows.tolist()]
    assert order == sorted(order)
    assert len(set(order)) == len(order)


def test_a_fan_out_given_for_a_query_overrides_the_configuration() -> None:
    found = _constellation([(n, n % 5) for n in range(20)])
    wide = SMALL.model_copy(update={"pairs": PairsConfig(fan_out=9, max_delta_s=0.2)})
    more, same = landmarks(found, SMALL, 9), landmarks(found, wide)
    assert len(more) > len(landmarks(found, SMALL)) > 0
    np.testing.assert_array_equal(more.delta_frames, same.delta_frames)
    np.testing.assert_array_equal(more.anchor_frame, same.anchor_frame)


def test_peaks_of_the_same_frame_are_paired_once_upwards() -> None:
    got = landmarks(_constellation([(3, 8), (3, 2)]), SMALL)
    assert (got.anchor_bin.tolist(), got.target_bin.tolist()) == ([2], [8])
    assert got.delta_frames.tolist() == [0]


@pytest.mark.parametrize("at", [[], [(5, 5)], [(0, 0), (1000, 0)]])
def test_without_a_peak_in_the_zone_there_are_no_landmarks(at: list[tuple[int, int]]) -> None:
    assert len(landmarks(_constellation(at), SMALL)) == 0
    assert len(landmarks(peaks.EMPTY, SMALL)) == 0


def test_a_later_start_gives_the_same_pairs_later() -> None:
    at = [(7 * n % 40, 5 * n % 11) for n in range(40)]
    before = landmarks(_constellation(at), SMALL)
    after = landmarks(_constellation([(frame + 1234, bin_) for frame, bin_ in at]), SMALL)
    assert len(before) > 50
    np.testing.assert_array_equal(before.anchor_frame + 1234, after.anchor_frame)
    for name in ("anchor_bin", "target_bin", "delta_frames"):
        np.testing.assert_array_equal(getattr(before, name), getattr(after, name))
