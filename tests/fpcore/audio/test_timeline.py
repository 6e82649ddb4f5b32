"""Frames at their places by a container's clock."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from fpcore.audio.timeline import Frame, Timeline

RATE_HZ = 100


def frames(begins_s: list[float], dtype: str = "i2") -> Iterator[Frame]:
    """Yield frames of half a second that hold their number, from 1 on."""
    for number, begin_s in enumerate(begins_s, start=1):
        yield Frame(np.full((1, 50), number, dtype), RATE_HZ, begin_s)


def placed(
    begins_s: list[float], *, keeps_start: bool = True, tolerance_s: float | None = 0.1
) -> tuple[list[int], list[float]]:
    """Return the number that is heard in each half second, and where holes begin."""
    holes: list[float] = []
    timeline = Timeline(
        tolerance_s=tolerance_s,
        start_s=0.0 if keeps_start else None,
        max_s=100.0,
        on_hole=holes.append,
    )
    heard = np.concatenate(
        [frame.channels[0] for frame in timeline.placed(frames(begins_s))], dtype=np.int64
    )
    assert timeline.position_s == pytest.approx(len(heard) / RATE_HZ)
    return heard[::50].tolist(), holes


def test_sound_without_holes_stays_as_it_is() -> None:
    assert placed([0.0, 0.54, 0.96, 1.5]) == ([1, 2, 3, 4], [])


@pytest.mark.parametrize(("keeps_start", "heard"), [(True, [0, 0, 1, 2]), (False, [1, 2])])
def test_a_late_start_is_kept_where_the_clock_begins_with_the_recording(
    keeps_start: bool, heard: list[int]
) -> None:
    assert placed([1.0, 1.5], keeps_start=keeps_start) == (heard, [])


def test_a_hole_is_silent_and_is_told() -> None:
    assert placed([0.0, 1.5, 2.0]) == ([1, 0, 0, 2, 3], [0.5])


def test_a_clock_that_is_wrong_for_a_while_leaves_no_hole() -> None:
    assert placed([0.0, 9.5, 10.0, 1.5, 2.0]) == ([1, 2, 3, 4, 5], [])
    assert placed([8.0, 0.5, 9.0, 9.5], keeps_start=False) == ([1, 2, 3, 4], [])


def test_a_clock_that_is_set_back_goes_on_where_the_sound_is() -> None:
    assert placed([0.0, 0.5, 0.0, 0.5, 1.5]) == ([1, 2, 3, 4, 0, 5], [2.0])


def test_two_holes_close_together_are_two() -> None:
    assert placed([0.0, 1.0, 2.0]) == ([1, 0, 2, 0, 3], [0.5, 1.5])


def test_a_clock_beyond_the_limit_is_not_believed() -> None:
    assert placed([500.0, 500.5]) == ([1, 2], [])
    assert placed([0.0, 500.0, 500.5]) == ([1, 2, 3], [])


def test_without_a_clock_the_count_alone_places_the_sound() -> None:
    assert placed([0.0, 7.0, 3.0], tolerance_s=None) == ([1, 2, 3], [])
