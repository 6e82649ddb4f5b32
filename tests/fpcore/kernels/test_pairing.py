"""Pairs of peaks: against a double loop."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fpcore.kernels import pairing
from tests.fpcore import naive
from tests.fpcore.drawn import rngs


def _peaks(rng: np.random.Generator) -> list[tuple[int, int]]:
    """Return up to 60 peaks as (frame, bin), sorted."""
    return sorted(set(map(tuple, rng.integers(0, [26, 13], (rng.integers(0, 61), 2)).tolist())))


@settings(deadline=None)
@given(
    rngs.map(_peaks),
    st.integers(1, 70),
    st.integers(0, 6),
    st.integers(0, 30),
    st.integers(0, 12),
)
def test_pairs_equal_the_double_loop(
    found: list[tuple[int, int]],
    fan_out: int,
    min_delta_frames: int,
    extra_frames: int,
    max_delta_bins: int,
) -> None:
    frame, bin_ = np.array(found, np.int32).reshape(-1, 2).T.copy()
    limits = (min_delta_frames, min_delta_frames + extra_frames, max_delta_bins)
    anchors, targets = pairing.pairs(frame, bin_, pairing.TargetZone(*limits), fan_out)
    expected = naive.pairs(
        frame.tolist(),
        bin_.tolist(),
        fan_out=fan_out,
        min_delta_frames=limits[0],
        max_delta_frames=limits[1],
        max_delta_bins=limits[2],
    )
    assert list(zip(anchors.tolist(), targets.tolist(), strict=True)) == expected


def test_an_anchor_takes_the_first_peaks_of_its_zone_and_no_more() -> None:
    frame, bin_ = np.array([[0, 1, 2, 3, 4], [5, 5, 20, 6, 4]], np.int32)
    zone = pairing.TargetZone(1, 4, 3)
    found = pairing.pairs(frame, bin_, zone, 2)
    assert found.anchor.tolist() == [0, 0, 1, 1, 3]
    assert found.target.tolist() == [1, 3, 3, 4, 4]  # peak 2 lies too high for the others


def test_without_peaks_there_are_no_pairs() -> None:
    nothing = np.empty(0, np.int32)
    found = pairing.pairs(nothing, nothing, pairing.TargetZone(0, 10, 10), 5)
    assert len(found.anchor) == len(found.target) == 0
