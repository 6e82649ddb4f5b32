"""The description of a peak: against loops over numbers, and on surroundings of known shape."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from experiments.survival import features as module
from experiments.survival.features import CHUNK, NAMES, features
from fpcore.records import Peaks, Spectrogram

FIRST_FRAME, FIRST_BIN, BIN_HZ = 5, 37, 5.383


def spectrogram_of(level_db: NDArray[np.float32]) -> Spectrogram:
    return Spectrogram(level_db, 0.046, BIN_HZ, FIRST_FRAME, FIRST_BIN)


def peaks_at(row: list[int], column: list[int]) -> Peaks:
    frame = np.array(row, np.int32) + np.int32(FIRST_FRAME)
    bins = np.array(column, np.int32) + np.int32(FIRST_BIN)
    return Peaks.on_bins(frame, bins, np.zeros(len(frame), np.float32))


def column(described: NDArray[np.float64], name: str) -> NDArray[np.float64]:
    values: NDArray[np.float64] = described[:, NAMES.index(name)]
    return values


def naive(
    level_db: NDArray[np.float32], height_db: NDArray[np.float32], row: int, col: int
) -> dict[str, float]:
    """Return the description of one peak from its definition, a number at a time."""
    n_rows, n_cols = level_db.shape

    def at(matrix: NDArray[np.float32], i: int, j: int) -> float:
        return float(matrix[min(max(i, 0), n_rows - 1), min(max(j, 0), n_cols - 1)])

    own = at(level_db, row, col)
    rivals = [
        at(height_db, row + i, col + j)
        for i in range(-7, 8)
        for j in range(-20, 21)
        if abs(i) > 3 or abs(j) > 3
    ]
    ridge = 0
    for step in (-1, 1):
        for i in range(1, 8):
            if max(at(level_db, row + step * i, col + j) for j in (-1, 0, 1)) < own - 6:
                break
            ridge += 1
    around = [at(level_db, row, col + j) for j in range(-20, 21)]
    mean_power = sum(10 ** (x / 10) for x in around) / 41
    octaves = math.log2((col + FIRST_BIN) * BIN_HZ / 1000)
    return {
        "height_db": float(height_db[row, col]),
        "level_db": own - float(np.percentile(level_db, 95)),
        "over_loudest_db": own - max(float(x) for x in level_db[row]),
        "sharpness_in_time_db": own - (at(level_db, row - 3, col) + at(level_db, row + 3, col)) / 2,
        "sharpness_in_frequency_db": own
        - (at(level_db, row, col - 3) + at(level_db, row, col + 3)) / 2,
        "gap_to_rival_db": float(height_db[row, col]) - max(rivals),
        "ridge_frames": float(ridge),
        "rise_db": sum(at(level_db, row + i, col) - at(level_db, row - i, col) for i in (1, 2, 3))
        / 3,
        "peakiness_db": 10 * math.log10(mean_power) - sum(around) / 41,
        "octaves": octaves,
        "octaves_squared": octaves**2,
    }


def test_equals_the_definitions_also_at_the_edges() -> None:
    rng = np.random.default_rng(3)
    level_db = rng.normal(-40, 4, (30, 60)).astype(np.float32)
    height_db = rng.normal(5, 4, (30, 60)).astype(np.float32)
    places = [(0, 0), (0, 59), (2, 30), (15, 1), (15, 30), (28, 58), (29, 0), (29, 59)]
    peaks = peaks_at([row for row, _ in places], [col for _, col in places])
    described = features(spectrogram_of(level_db), height_db, peaks)
    expected = [naive(level_db, height_db, row, col) for row, col in places]
    for name in NAMES:
        # Levels are float32 and sums are made in another order.
        wanted = [one[name] for one in expected]
        np.testing.assert_allclose(column(described, name), wanted, atol=1e-4, err_msg=name)


def test_does_not_depend_on_how_many_peaks_are_described_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(4)
    level_db = rng.normal(-40, 4, (30, 60)).astype(np.float32)
    peaks = peaks_at(list(range(30)), list(range(30)))
    whole = features(spectrogram_of(level_db), level_db, peaks)
    assert len(peaks) < CHUNK
    monkeypatch.setattr(module, "CHUNK", 7)
    np.testing.assert_array_equal(features(spectrogram_of(level_db), level_db, peaks), whole)


def test_tells_a_held_tone_from_a_click() -> None:
    level_db = np.full((30, 60), -60, np.float32)
    level_db[:, 20] = -20  # a tone that lasts
    level_db[15, 40] = -20  # a speck
    tone, speck = features(spectrogram_of(level_db), level_db, peaks_at([15, 15], [20, 40]))
    by_name = {name: (tone[i], speck[i]) for i, name in enumerate(NAMES)}
    assert by_name["ridge_frames"] == (14, 0)
    assert by_name["sharpness_in_time_db"] == (0, 40)
    assert by_name["sharpness_in_frequency_db"] == (40, 40)
    assert by_name["rise_db"] == (0, 0)


def test_describes_nothing_where_there_is_no_peak() -> None:
    level_db = np.zeros((4, 6), np.float32)
    assert features(spectrogram_of(level_db), level_db, peaks_at([], [])).shape == (0, len(NAMES))
