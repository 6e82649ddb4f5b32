"""The table of loops: each line can be reached and missed."""

from __future__ import annotations

from typing import Any

import pytest

from experiments.studies.trust.summary import clearly_worse, covers, lines
from tests.experiments.studies.trust.made_up import loops


def test_good_loops_reach_every_line() -> None:
    assert all(line.reached for line in lines(loops()))


@pytest.mark.parametrize(
    ("change", "missed"),
    [
        ({"promoted_accuracy": 0.91}, "the same, worst"),
        ({"promoted_n_named": 5}, "the same, worst"),
        ({"promoted_calibration_error": 0.9}, "calibration error, mean"),
        ({"differs_from_itself": True}, "a trial differs from itself"),
    ],
)
def test_one_bad_loop_misses_its_line(change: dict[str, Any], missed: str) -> None:
    assert missed in [line.what for line in lines(loops(change)) if not line.reached]


def test_an_interval_covers_what_it_meets() -> None:
    rows = loops(
        {"stated_accepted_right_low": 0.97},
        {"stated_accepted_right_low": 0.955},
        {"refused": "it is worse", "stated_accepted_right_low": float("nan")},
    )
    assert covers(rows, "accepted_right").tolist() == [False, True, *[True] * 7]


def test_what_is_truly_worse_is_told_by_all_loops_that_promoted_it() -> None:
    unlucky = {"recommended": "t001", "promoted_accuracy": 0.89}  # of nine others that are good
    worse = {"recommended": "t000", "promoted_accuracy": 0.88}
    assert clearly_worse(loops(unlucky, worse)).tolist() == [False, True, *[False] * 8]
