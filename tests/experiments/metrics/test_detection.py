"""Misses against false alarms: the curve in full, and which rates can be asked for."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from experiments import metrics

ROWS = pd.DataFrame(
    {
        "work": list("abcde"),
        "indexed": [True, True, True, False, False],
        "right": [True, True, False, False, False],
        "probability": [0.9, 0.5, 0.7, 0.7, 0.1],
        "same_passage": True,
        "offset_error_s": 0.0,
    }
)


def test_the_curve_has_a_row_for_every_threshold_that_makes_a_difference() -> None:
    expected = pd.DataFrame(
        {
            "threshold": [math.inf, 0.9, 0.7, 0.5, 0.1],
            "false_alarm_rate": [0.0, 0.0, 0.5, 0.5, 1.0],
            "miss_rate": [1.0, 2 / 3, 2 / 3, 1 / 3, 1 / 3],
        }
    )
    pd.testing.assert_frame_equal(metrics.det_curve(ROWS), expected)


@pytest.mark.parametrize("indexed", [True, False])
def test_without_positives_or_negatives_the_curve_is_empty(indexed: bool) -> None:
    found = metrics.det_curve(ROWS[ROWS["indexed"] == indexed])
    expected = pd.DataFrame(
        {name: pd.Series(dtype=float) for name in ("threshold", "false_alarm_rate", "miss_rate")}
    )
    pd.testing.assert_frame_equal(found, expected, check_index_type=False)


@pytest.mark.parametrize("rate", [-0.1, 0.0, 1.0, 1.5])
def test_a_rate_that_no_threshold_is_needed_for_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match=f"must be between 0 and 1, got {rate}"):
        metrics.recall_at(ROWS, rate)
