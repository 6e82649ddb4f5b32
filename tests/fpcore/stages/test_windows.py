import math

import numpy as np
import pytest

from fpcore.stages.windows import LONGEST_S, STEP_S, WINDOW_S, window_frames


@pytest.mark.parametrize("hop_s", [1024 / 22050, 0.01, 0.5])
@pytest.mark.parametrize("duration_s", [12.01, 14.0, 15.0, 27.3, 60.0, 61.0])
def test_windows_overlap_by_half_and_cover_a_long_recording(
    duration_s: float, hop_s: float
) -> None:
    windows = window_frames(duration_s, hop_s)
    starts = np.array([start for start, _ in windows])
    assert {length for _, length in windows} == {round(WINDOW_S / hop_s)}
    assert windows[0][0] == 0
    assert sum(windows[-1]) == math.ceil(duration_s / hop_s)
    assert 0 < np.diff(starts).min() <= np.diff(starts).max() <= 1.06 * STEP_S / hop_s + 1
    assert np.ptp(np.diff(starts)) <= 1
    # No fewer would do.
    assert (len(windows) - 2) * STEP_S < duration_s - WINDOW_S


@pytest.mark.parametrize("duration_s", [0.0, 0.02, 5.0, 10.0, LONGEST_S])
def test_a_short_recording_is_one_window(duration_s: float) -> None:
    [(start, length)] = window_frames(duration_s, 0.04)
    assert start == 0
    assert length * 0.04 >= duration_s
