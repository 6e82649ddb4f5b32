"""Bins of stated probabilities: their edges, their intervals, and how many there are."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from experiments import metrics
from experiments.metrics.intervals import wilson
from tests.experiments.metrics.material import outcomes

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


def test_calibration_bins_hold_their_rows_and_error_is_the_weighted_distance() -> None:
    rows = outcomes(
        [
            (True, True, 0.05, 0.0, True),
            (True, False, 0.1, 0.0, True),  # on the edge: the bin above
            (True, True, 0.95, 0.0, True),
            (False, True, 1.0, 0.0, True),  # "right" of a negative does not count; top edge
        ]
    )
    curve = metrics.calibration_curve(rows)
    assert curve["n"].tolist() == [1, 1, 2]
    assert curve["from_probability"].tolist() == [0.0, 0.1, 0.9]
    assert curve["probability"].tolist() == pytest.approx([0.05, 0.1, 0.975])
    assert curve["share"].tolist() == [1, 0, 0.5]
    expected = (0.95 + 0.1 + 2 * 0.475) / 4
    assert metrics.calibration_error(curve) == pytest.approx(expected)


def test_calibrated_probabilities_have_a_small_error() -> None:
    rng = np.random.default_rng(3)
    probability = rng.random(20000)
    rows = outcomes([(True, True, 0.0, 0.0, True)]).loc[np.zeros(20000, int)]
    rows = rows.assign(probability=probability, right=rng.random(20000) < probability)
    assert metrics.calibration_error(metrics.calibration_curve(rows)) < 0.02


def test_nothing_asked_gives_an_empty_curve_without_an_error() -> None:
    curve = metrics.calibration_curve(outcomes([]))
    assert curve.empty
    assert math.isnan(metrics.calibration_error(curve))


def test_perfect_answers_have_no_calibration_error() -> None:
    perfect = outcomes(30 * [(True, True, 1.0, 0.0, True)] + 30 * [(False, False, 0.0, 0.0, False)])
    assert metrics.calibration_error(metrics.calibration_curve(perfect)) == 0
