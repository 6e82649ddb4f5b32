"""Shares and failures of recordings, counted by hand on eight rows."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from experiments.metrics import clustered
from experiments.metrics.recordings import FAILURES, SHARES, failures, shares

ROWS = pd.DataFrame(
    [
        # work, indexed, right, probability, start_s, error_s, same passage
        ("a", True, True, 0.9, 1.0, 0.05, True),
        ("a", True, True, 0.8, 2.0, -0.5, False),
        ("b", True, True, 0.7, 3.0, 9.0, True),
        ("b", True, True, 0.9, 4.0, 7.0, False),
        ("c", True, True, 0.6, math.nan, math.nan, False),
        ("c", True, True, 0.2, 5.0, 0.0, True),
        ("d", True, False, 0.7, 6.0, math.nan, False),
        ("x", False, False, 0.6, math.nan, math.nan, False),
        ("y", False, False, 0.1, math.nan, math.nan, False),
    ],
    columns=[
        *("work", "indexed", "right", "probability", "start_s", "offset_error_s", "same_passage"),
    ],
)


def test_shares_are_of_what_they_say() -> None:
    found = shares(ROWS, 0.5)
    assert list(found) == list(SHARES)
    assert {name: (one.n_right, one.n) for name, one in found.items()} == {
        "accepted_right": (5, 7),
        "wrong_name": (1, 7),
        "false_accept": (1, 2),
        "placed_50ms": (1, 4),
        "placed_500ms": (2, 4),
    }


def test_recordings_of_one_work_count_as_alike() -> None:
    accepted = np.array([True, True, True, True, True, False, False])
    works = ROWS["work"].to_numpy(str)[:7]
    assert shares(ROWS, 0.5)["accepted_right"] == clustered(accepted, works)
    alone = ROWS.assign(work=[str(number) for number in range(len(ROWS))])
    wide, narrow = (shares(rows, 0.5)["accepted_right"] for rows in (ROWS, alone))
    assert wide.high - wide.low > narrow.high - narrow.low


def test_shares_of_nothing_are_unknown() -> None:
    for one in shares(ROWS[:0], 0.5).values():
        assert math.isnan(one.share)
        assert (one.n, one.low, one.high) == (0, 0.0, 1.0)


def test_failures_are_told_apart_the_gravest_and_surest_first() -> None:
    found = failures(ROWS, 0.5)
    assert list(zip(found.index, found["failure"], strict=True)) == [
        (7, "false_accept"),
        (6, "wrong_name"),
        (5, "missed"),
        (3, "misplaced"),
    ]
    lenient = failures(ROWS, 0.05)
    assert list(zip(lenient.index, lenient["failure"], strict=True)) == [
        (7, "false_accept"),
        (8, "false_accept"),
        (6, "wrong_name"),
        (3, "misplaced"),
    ]
    assert list(FAILURES) == ["false_accept", "wrong_name", "missed", "misplaced"]


def test_failures_of_one_kind_come_by_probability_and_else_in_their_order() -> None:
    asked = ROWS.iloc[[7] * 40].set_index(np.arange(100, 140))
    probability = np.repeat([0.6, 0.9, 0.6, 0.7], 10)
    found = failures(asked.assign(probability=probability), 0.5)
    assert found.index.tolist() == [
        *range(110, 120),
        *range(130, 140),
        *range(100, 110),
        *range(120, 130),
    ]


def test_without_failures_there_is_no_row() -> None:
    assert len(failures(ROWS[:1], 0.5)) == 0


def test_rows_without_a_place_are_refused() -> None:
    with pytest.raises(ValueError, match="the rows have no column start_s"):
        shares(ROWS.drop(columns="start_s"), 0.5)
