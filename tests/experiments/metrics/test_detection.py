"""Misses against false alarms: the curve in full, and which rates can be asked for."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments import metrics
from tests.experiments.metrics.material import SIX, Row, outcomes, random_rows

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


def test_det_curve_of_six_queries_is_the_one_by_hand() -> None:
    det = metrics.det_curve(SIX)
    assert det.round(4).values.tolist() == [
        [math.inf, 0.0, 1.0],
        [0.9, 0.0, 0.75],
        [0.8, 0.0, 0.5],
        [0.75, 0.5, 0.5],
        [0.7, 0.5, 0.5],
        [0.2, 0.5, 0.25],
        [0.1, 1.0, 0.25],
    ]


@settings(deadline=None)
@given(random_rows)
def test_det_curve_agrees_with_counting_at_each_threshold(rows: list[Row]) -> None:
    frame = outcomes(rows)
    for threshold, false_alarm_rate, miss_rate in metrics.det_curve(frame).itertuples(index=False):
        found = metrics.overall(frame, threshold)["share"]
        assert found["false_accept"] == pytest.approx(false_alarm_rate)
        assert found["accepted_right"] == pytest.approx(1 - miss_rate)


@settings(deadline=None)
@given(random_rows, st.sampled_from([0.01, 0.1, 0.34, 0.5]))
def test_recall_keeps_to_the_false_alarm_rate_and_no_lower_threshold_would(
    rows: list[Row], rate: float
) -> None:
    frame = outcomes(rows)
    recall = metrics.recall_at(frame, rate)
    at = metrics.overall(frame, recall.threshold)
    assert at.loc["accepted_right", "n_right"] == recall.recall.n_right
    assert at.loc["false_accept", "n_right"] == recall.false_alarms.n_right
    assert recall.false_alarms.n_right <= rate * recall.false_alarms.n + 1e-9
    for lower in np.unique(frame.loc[frame["probability"] < recall.threshold, "probability"]):
        n_accepted = metrics.overall(frame, float(lower))["n_right"]["false_accept"]
        assert n_accepted > rate * recall.false_alarms.n


def test_recall_says_when_the_negatives_are_too_few() -> None:
    negatives = 99 * [(False, False, 0.3, math.nan, False)]
    rows = outcomes([(True, True, 0.6, 0.0, True), *negatives])
    few = metrics.recall_at(rows, 0.01)
    assert not few.supported
    assert few.n_negatives_needed == 100
    assert "99 queries of left-out songs cannot show a false-alarm rate of 1.0%" in few.note
    assert "up to 3.7%" in few.note  # Wilson, 0 of 99 at 95%
    enough = metrics.recall_at(pd.concat([rows, outcomes(negatives[:1])]), 0.01)
    assert enough.supported
    assert enough.note == ""
    assert metrics.recall_at(rows, 0.001).n_negatives_needed == 1000


def test_nothing_asked_gives_an_empty_curve_and_no_recall() -> None:
    nothing = outcomes([])
    assert metrics.det_curve(nothing).empty
    recall = metrics.recall_at(nothing, 0.01)
    assert math.isnan(recall.recall.share)
    assert not recall.supported


def test_the_curve_of_perfect_answers_goes_through_the_corner() -> None:
    perfect = outcomes(30 * [(True, True, 1.0, 0.0, True)] + 30 * [(False, False, 0.0, 0.0, False)])
    det = metrics.det_curve(perfect)
    assert det.values.tolist() == [[math.inf, 0, 1], [1, 0, 0], [0, 1, 0]]


def test_rows_without_a_column_that_is_needed_are_refused() -> None:
    with pytest.raises(ValueError, match="no column right"):
        metrics.det_curve(SIX.drop(columns="right"))
