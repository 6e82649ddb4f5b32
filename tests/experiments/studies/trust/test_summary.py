"""The table of loops: each line can be reached and missed."""

from __future__ import annotations

from typing import Any

import pytest

from experiments.studies.trust.summary import clearly_worse, covers, lines
from tests.experiments.studies.trust.made_up import TRUTH, loops

WORSE = TRUTH.assign(accuracy=[0.91, 0.97])
"""The first trial is six points worse than the second; in `TRUTH` it is four."""


def test_good_loops_reach_every_line() -> None:
    assert all(line.reached for line in lines(loops(), WORSE))


@pytest.mark.parametrize(
    ("change", "missed"),
    [
        ({"promoted_accuracy": 0.91}, "the same, worst"),
        ({"promoted_n_named": 5}, "the same, worst"),
        ({"promoted_calibration_error": 0.9}, "calibration error, mean"),
        (
            {"twins_differ": True},
            "the same configuration under another name is called different",
        ),
    ],
)
def test_one_bad_loop_misses_its_line(change: dict[str, Any], missed: str) -> None:
    assert missed in [line.what for line in lines(loops(change), TRUTH) if not line.reached]


def test_an_interval_covers_what_it_meets() -> None:
    rows = loops(
        {"stated_accepted_right_low": 0.955},
        {"stated_accepted_right_low": 0.945},
        {"refused": "it is worse", "stated_accepted_right_low": float("nan")},
    )
    assert covers(rows, "accepted_right").tolist() == [False, True, *[True] * 7]


def test_what_is_truly_worse_is_told_by_the_whole_corpus() -> None:
    rows = loops({"recommended": "t000"})
    assert clearly_worse(rows, WORSE).tolist() == [True, *[False] * 9]
    assert not clearly_worse(rows, TRUTH).any()  # four points are not five


def test_where_no_trial_is_truly_worse_nothing_is_claimed() -> None:
    [told] = [line for line in lines(loops(), TRUTH) if "5 points worse" in line.what]
    assert (told.reach, told.measured, told.reached) == ("", "no trial is that much worse", False)


def test_loops_of_before_had_no_twin() -> None:
    for rows in (loops().drop(columns="twins_differ"), loops().assign(twins_differ=float("nan"))):
        [told] = [line for line in lines(rows, TRUTH) if "another name" in line.what]
        assert (told.reach, told.measured) == ("", "no sweep had one twice")


def test_where_nothing_was_promoted_no_interval_is_reached() -> None:
    found = lines(loops(*[{"refused": "it is worse"}] * 10), WORSE)
    missed = [line.measured for line in found if not line.reached]
    assert missed == ["no profile was promoted"] * 2
