"""Bins of stated probabilities: their edges, their intervals, and how many there are."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from experiments import metrics
from experiments.metrics.intervals import wilson

ROWS = pd.DataFrame(
    {
        "indexed": True,
        "right": [True, False, True, True],
        "probability": [0.1, 0.2, 0.7, 1.0],
    }
)


def test_a_bin_has_its_edges_its_mean_and_the_interval_of_its_share() -> None:
    low, high = zip(wilson(1, 2), wilson(2, 2), strict=True)
    expected = pd.DataFrame(
        {
            "from_probability": [0.0, 0.5],
            "to_probability": [0.5, 1.0],
            "n": [2, 2],
            "probability": [0.15, 0.85],
            "share": [0.5, 1.0],
            "low": low,
            "high": high,
        }
    )
    pd.testing.assert_frame_equal(metrics.calibration_curve(ROWS, n_bins=2), expected)


def test_without_rows_the_curve_has_its_columns_and_no_error() -> None:
    found = metrics.calibration_curve(ROWS.iloc[:0])
    assert found.columns.tolist() == metrics.calibration_curve(ROWS).columns.tolist()
    assert math.isnan(metrics.calibration_error(found))


def test_there_is_at_least_one_bin() -> None:
    assert metrics.calibration_curve(ROWS, n_bins=1)["n"].tolist() == [4]
    with pytest.raises(ValueError, match="n_bins must be at least 1, got 0"):
        metrics.calibration_curve(ROWS, n_bins=0)
