"""Model cards: what stays true of a profile, and what came out for it, as JSON."""

from __future__ import annotations

import json
import math
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiments import metrics, provenance
from experiments.calibration.model_card import card_of, origin, plain
from experiments.evaluation.context import Context
from fpcore.profiles import load_profile

BALANCED = load_profile("balanced")

ROWS = pd.DataFrame(
    {
        "condition": ["clean", "clean", "white-0db"],
        "clip_s": 5.0,
        "work": list("abc"),
        "indexed": True,
        "right": [True, False, True],
        "probability": [0.9, 0.8, 0.2],
        "same_passage": True,
        "offset_error_s": 0.0,
    }
)


@pytest.mark.parametrize(
    ("card", "kept"),
    [
        (None, {}),
        ({"overall": {}, "n_queries": 3}, {}),
        (
            {"run": "r", "trial": "t", "date": "d", "overall": {}, "postings_per_s": 48.0},
            {"promoted_from": {"run": "r", "trial": "t", "date": "d"}, "postings_per_s": 48.0},
        ),
        (
            {"promoted_from": {"run": "r"}, "bytes_per_hour": 7.0, "date": "of the test"},
            {"promoted_from": {"run": "r"}, "bytes_per_hour": 7.0},
        ),
    ],
    ids=["no card", "of a test alone", "of a promotion", "of a test after a promotion"],
)
def test_what_does_not_depend_on_the_decision_is_kept(
    card: dict[str, Any] | None, kept: dict[str, Any]
) -> None:
    assert origin(BALANCED.model_copy(update={"provenance": card})) == kept


def test_a_card_says_on_what_and_how_a_profile_was_tested(context: Context) -> None:
    card = card_of(ROWS, 0.5, context)
    assert json.loads(json.dumps(card, allow_nan=False)) == card
    assert card["corpus"] == {"name": "generated:8", "checksum": context.corpus.checksum}
    assert card["split"] == {
        "role": "test",
        "calibration_share": context.plan.calibration_share,
        "left_out_share": 0.5,
        **context.parts.sizes(),
    }
    assert card["seeds"] == {"seed": 0, "repeats": 1}
    assert card["n_queries"] == 3
    assert card["versions"] == provenance.versions()
    assert card["git_commit"] == provenance.git_commit()
    age = datetime.fromisoformat(provenance.now()) - datetime.fromisoformat(card["date"])
    assert timedelta(0) <= age < timedelta(minutes=10)


def test_a_card_holds_the_metrics_over_all_and_by_condition(context: Context) -> None:
    card = card_of(ROWS, 0.5, context)
    expected = metrics.overall(ROWS, 0.5).loc["accepted_right"]
    assert card["overall"]["accepted_right"] == pytest.approx(expected.to_dict())
    assert (card["overall"]["accepted_right"]["n_right"], len(card["overall"])) == (1, 7)
    assert {(one["condition"], one["metric"]) for one in card["metrics"]} == {
        (condition, metric) for condition in ("clean", "white-0db") for metric in metrics.METRICS
    }
    assert card["metrics"] == plain(metrics.summary(ROWS, 0.5).to_dict("records"))
    # Nobody was asked about songs that were left out.
    assert card["overall"]["false_accept"]["share"] is None
    error = metrics.calibration_error(metrics.calibration_curve(ROWS))
    assert card["calibration_error"] == pytest.approx(error)


def test_figures_become_what_json_can_hold() -> None:
    given = {1: np.int64(3), "of": [np.float32(0.5), math.nan, np.bool_(True)], "name": "a"}
    found = plain(given)
    assert found == {"1": 3, "of": [0.5, None, True], "name": "a"}
    assert [type(one) for one in found["of"]] == [float, type(None), bool]
