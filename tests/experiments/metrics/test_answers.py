"""Where answers point to, and how right the sure ones are, against counts by hand."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from experiments import metrics
from experiments.metrics.intervals import clustered


def test_answers_are_placed_and_sure_as_counted_by_hand() -> None:
    rows = pd.DataFrame(
        {
            "work": list("abcdefgh"),
            "indexed": [True] * 6 + [False] * 2,
            "right": [True, True, True, True, False, True, False, False],
            "same_passage": [True, False, True, True, False, True, False, False],
            "offset_error_s": [0.0, 9.0, 0.0, 0.0, math.nan, 0.0, math.nan, math.nan],
            "probability": [0.999, 0.99, 0.7, 0.2, 0.995, 0.5, 0.992, 0.6],
        }
    )
    localised = metrics.localised(rows, 0.5)
    assert (localised.n_right, localised.n) == (3, 4)  # a, c and f; not b, which lies elsewhere
    sure = metrics.precision_at(rows, 0.5)
    assert (sure.n_right, sure.n) == (2, 4)  # a and b; e has a wrong name, g is a stranger
    assert metrics.precision_at(rows, 0.999).n == 1  # what is not accepted is no answer
    assert localised.low < localised.share < localised.high


def _answers_of(works: str) -> pd.DataFrame:
    """Return right answers, every other one in place and sure."""
    n = len(works)
    return pd.DataFrame(
        {
            "work": list(works),
            "indexed": True,
            "right": True,
            "same_passage": [number % 2 == 0 for number in range(n)],
            "offset_error_s": 0.0,
            "probability": [0.995 if number % 2 == 0 else 0.9 for number in range(n)],
        }
    )


def test_answers_about_one_work_are_alike_in_their_intervals() -> None:
    rows = _answers_of("aaaabbbb")
    right, works = rows["same_passage"].to_numpy(), rows["work"].to_numpy(str)
    assert metrics.localised(rows, 0.5) == clustered(right, works)
    apart = metrics.localised(_answers_of("abcdefgh"), 0.5)
    assert apart.low > metrics.localised(_answers_of("aaaaaaaa"), 0.5).low


def test_the_confidence_that_is_asked_for_counts_itself() -> None:
    rows = _answers_of("abcd")
    assert metrics.precision_at(rows, 0.5, confidence=0.995).n == 2
    assert metrics.precision_at(rows, 0.5, confidence=0.996).n == 0
    assert metrics.precision_at(rows, 0.5, confidence=0.9).n == 4


def test_without_an_answer_there_is_no_share() -> None:
    rows = _answers_of("abcd").assign(right=False)
    assert (metrics.localised(rows, 0.5).n, metrics.precision_at(rows, 1.0).n) == (0, 0)
    assert math.isnan(metrics.localised(rows, 0.5).share)


def test_a_missing_column_and_a_negative_threshold_are_refused() -> None:
    rows = _answers_of("ab")
    with pytest.raises(ValueError, match="no column right"):
        metrics.precision_at(rows.drop(columns="right"), 0.5)
    with pytest.raises(ValueError, match="threshold must be at least 0"):
        metrics.localised(rows, -0.1)
