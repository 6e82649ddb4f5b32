"""The table of loops: each line can be reached and missed."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from experiments.studies.trust.figure import trust_figure
from experiments.studies.trust.summary import clearly_worse, covers, lines

GOOD: dict[str, Any] = {
    "spec": "trust",
    "n_tracks": 25,
    "recommended": "t001",
    "refused": "",
    "differs_from_itself": False,
    "stated_accepted_right_low": 0.9,
    "stated_accepted_right_high": 1.0,
    "stated_false_accept_low": 0.0,
    "stated_false_accept_high": 0.1,
}
for name in ("promoted", "base"):
    GOOD |= {
        f"{name}_n_strangers": 300,
        f"{name}_n_named": 1,
        f"{name}_accuracy": 0.95,
        f"{name}_calibration_error": 0.01,
    }
    for metric, share in (("accepted_right", 0.95), ("false_accept", 0.01)):
        GOOD |= {
            f"{name}_{metric}_share": share,
            f"{name}_{metric}_low": share - 0.01,
            f"{name}_{metric}_high": share + 0.01,
        }


def _rows(*changes: dict[str, Any]) -> pd.DataFrame:
    """Return ten good loops, of which the first have these changes."""
    return pd.DataFrame([GOOD | one for one in (*changes, *[{}] * (10 - len(changes)))])


def test_good_loops_reach_every_line() -> None:
    assert all(line.reached for line in lines(_rows()))


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
    assert missed in [line.what for line in lines(_rows(change)) if not line.reached]


def test_an_interval_covers_what_it_meets() -> None:
    rows = _rows(
        {"stated_accepted_right_low": 0.97},
        {"stated_accepted_right_low": 0.955},
        {"refused": "it is worse", "stated_accepted_right_low": float("nan")},
    )
    assert covers(rows, "accepted_right").tolist() == [False, True, *[True] * 7]


def test_what_is_truly_worse_is_told_by_all_loops_that_promoted_it() -> None:
    unlucky = {"recommended": "t001", "promoted_accuracy": 0.89}  # of nine others that are good
    worse = {"recommended": "t000", "promoted_accuracy": 0.88}
    assert clearly_worse(_rows(unlucky, worse)).tolist() == [False, True, *[False] * 8]


def test_the_picture_shows_every_loop_of_every_size() -> None:
    figure = trust_figure(_rows({"n_tracks": 12}, {"n_tracks": 12, "promoted_n_named": 3}))
    won, named = figure.axes
    assert [label.get_text() for label in won.get_xticklabels()] == ["12", "25"]
    points = [collection.get_offsets() for collection in named.collections]
    assert sum(len(one) for one in points) == 2 * 10
