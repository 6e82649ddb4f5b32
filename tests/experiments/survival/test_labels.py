"""Peaks that are found again: against a loop over pairs of peaks, and at the edge of reach."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from experiments.survival.labels import found_again
from fpcore.records import Peaks


def peaks_of(places: Sequence[tuple[int, int]]) -> Peaks:
    frame, bins = np.array(sorted(places), np.int32).reshape(-1, 2).T
    return Peaks.on_bins(frame.copy(), bins.copy(), np.zeros(len(frame), np.float32))


def naive(song: Peaks, heard: Sequence[Peaks], offset_frames: float) -> list[bool]:
    return [
        any(
            abs(offset_frames + q_frame + i / len(heard) - frame) <= 1 and abs(q_bin - bin_) <= 1
            for i, one in enumerate(heard)
            for q_frame, q_bin in zip(one.frame.tolist(), one.bin.tolist(), strict=True)
        )
        for frame, bin_ in zip(song.frame.tolist(), song.bin.tolist(), strict=True)
    ]


@pytest.mark.parametrize("n_shifts", [1, 2, 3])
@pytest.mark.parametrize("offset_frames", [0.0, 100.0, 97.3, 99.75])
def test_equals_a_loop_over_all_pairs(n_shifts: int, offset_frames: float) -> None:
    rng = np.random.default_rng(round(offset_frames) + n_shifts)
    song = peaks_of([(int(f), int(b)) for f, b in rng.integers([80, 0], [170, 30], (300, 2))])
    heard = [
        peaks_of([(int(f), int(b)) for f, b in rng.integers(0, [60, 30], (60, 2))])
        for _ in range(n_shifts)
    ]
    found = found_again(song, heard, offset_frames=offset_frames)
    assert found.tolist() == naive(song, heard, offset_frames)
    assert 0 < found.sum() < len(song) or offset_frames == 0


def test_reaches_one_frame_and_one_bin_in_time_of_the_song() -> None:
    heard = [peaks_of([(10, 50)]), peaks_of([])]
    at = found_again(peaks_of([(29, 49), (30, 51), (31, 50)]), heard, offset_frames=20.0)
    assert at.tolist() == [True, True, True]
    beyond = found_again(peaks_of([(28, 50), (30, 52), (32, 50)]), heard, offset_frames=20.0)
    assert not beyond.any()
    between = found_again(peaks_of([(29, 50), (30, 50), (32, 50)]), heard, offset_frames=20.4)
    assert between.tolist() == [False, True, False]


def test_a_shift_begins_a_part_of_a_frame_late() -> None:
    song = peaks_of([(29, 50), (30, 50), (31, 50), (32, 50)])
    heard = [peaks_of([]), peaks_of([(10, 50)])]
    assert found_again(song, heard, offset_frames=20.0).tolist() == [False, True, True, False]


def test_nothing_heard_is_nothing_found() -> None:
    assert not found_again(peaks_of([(3, 4)]), [peaks_of([])], offset_frames=0.0).any()
    assert found_again(peaks_of([]), [peaks_of([(3, 4)])], offset_frames=0.0).shape == (0,)
