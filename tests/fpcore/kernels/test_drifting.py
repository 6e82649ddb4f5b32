"""Lines through hits: against a count of what each possible line covers."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fpcore.kernels import drifting
from tests.fpcore.drawn import rngs


@settings(deadline=None)  # the first call compiles
@given(rngs, st.integers(0, 5))
def test_lines_cover_what_loops_count(rng: np.random.Generator, width_ticks: int) -> None:
    hits = rng.integers([-30, -9, 1], [31, 10, 5], (rng.integers(1, 20), 3)).tolist()
    slopes = [0.0, 0.05, -0.05, 0.1, -0.1]
    tick, offset, weight = np.array(hits).T
    gathered, lowest = drifting.heaviest_lines(
        tick.astype(np.float64), offset, weight / 4, width_ticks, np.array(slopes)
    )
    for i, slope in enumerate(slopes):
        levels = [round(o - slope * t) for t, o, _ in hits]
        covered = {
            low: sum(
                w / 4
                for (_, _, w), level in zip(hits, levels, strict=True)
                if low <= level <= low + width_ticks
            )
            for low in range(min(levels), max(levels) + 1)
        }
        assert gathered[i] == max(covered.values())
        assert lowest[i] == max(low for low in covered if covered[low] == gathered[i])


def test_without_hits_every_line_weighs_nothing() -> None:
    nothing = np.empty(0)
    found = drifting.heaviest_lines(
        nothing, nothing.astype(np.int64), nothing, 4, np.array([0.0, 0.1])
    )
    assert (found.weight.tolist(), found.lowest.tolist()) == ([0.0, 0.0], [0, 0])


def test_hits_along_a_slope_are_covered_by_the_line_of_that_slope_alone() -> None:
    tick = np.arange(0.0, 400.0, 4.0)
    offset_ticks = np.rint(70 + 0.05 * tick).astype(np.int64)
    slopes = np.array([0.0, 0.05, -0.05])
    found = drifting.heaviest_lines(tick, offset_ticks, np.full(100, 0.5), 0, slopes)
    assert found.weight[1] == 50
    assert found.lowest[1] == 70
    assert max(found.weight[0], found.weight[2]) <= 3
