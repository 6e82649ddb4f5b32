"""Strangers in growing libraries, on a corpus of a few songs: what is asked, and of what."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from experiments.corpora import corpus
from experiments.degradations import conditions
from experiments.evaluation.ask import index_and_ask
from experiments.evaluation.context import Context
from experiments.folders import cache_folder
from experiments.protocol.plan import Plan
from experiments.studies.false_alarms.ask import measure
from fpcore.profiles import load_profile
from tests.experiments import small

PLAN = Plan(
    conditions(["clean", "pink-m5db"]), (5.0,), n_indexed=4, n_left_out=4, left_out_share=0.5
)


@pytest.fixture(scope="module")
def told() -> list[str]:
    return []


@pytest.fixture(scope="module")
def rows(workbench: Path, told: list[str]) -> pd.DataFrame:
    context = Context.of(corpus(small.CORPUS), PLAN)
    parts = measure(context, load_profile("balanced"), [3, 2], show=told.append)
    return pd.concat(parts, ignore_index=True)


def of(rows: pd.DataFrame, kind: str, times: int, *, indexed: bool) -> pd.DataFrame:
    chosen = (rows["kind"] == kind) & (rows["times"] == times) & (rows["indexed"] == indexed)
    return rows[chosen].set_index("query")


def test_every_size_is_asked_the_same_queries(rows: pd.DataFrame) -> None:
    sizes = rows.groupby(["kind", "times", "n_songs"], sort=False).size()
    assert sizes.to_dict() == {
        ("real", 1, 4): 16,
        ("surrogates", 2, 8): 16,
        ("surrogates alone", 1, 4): 8,
        ("surrogates", 3, 12): 16,
    }
    for indexed in (True, False):
        queries = set(of(rows, "real", 1, indexed=indexed).index)
        assert len(queries) == 8
        assert queries == set(of(rows, "surrogates", 3, indexed=indexed).index)


def test_the_corpus_alone_answers_as_in_an_evaluation(rows: pd.DataFrame) -> None:
    profile = load_profile("balanced")
    context = Context.of(corpus(small.CORPUS), PLAN)
    found = index_and_ask(context, profile, "calibration", n_jobs=1)
    outcomes = found.outcomes.set_index("query")
    for indexed in (True, False):
        ours = of(rows, "real", 1, indexed=indexed)
        theirs = outcomes.loc[ours.index]
        assert ours["right"].tolist() == theirs["right"].tolist()
        np.testing.assert_allclose(expit(ours["log_odds"]), theirs["probability"], rtol=1e-9)
        accepted = theirs["probability"] >= profile.decision.threshold
        assert ours["accepted"].tolist() == accepted.tolist()


def test_clean_songs_are_found_among_surrogates_and_strangers_are_not(rows: pd.DataFrame) -> None:
    known = of(rows, "surrogates", 3, indexed=True)
    clean = known[known["condition"] == "clean"]
    assert clean["accepted"].all()
    assert clean["right"].all()
    strangers = rows[~rows["indexed"]]
    assert not strangers["right"].any()
    assert strangers["log_odds"].max() < clean["log_odds"].min()


def test_surrogates_change_what_a_stranger_is_likest_to(rows: pd.DataFrame) -> None:
    real = of(rows, "real", 1, indexed=False)["log_odds"]
    assert not np.allclose(real, of(rows, "surrogates alone", 1, indexed=False)["log_odds"])
    assert not np.allclose(real, of(rows, "surrogates", 3, indexed=False)["log_odds"])


def test_the_index_is_removed(rows: pd.DataFrame, told: list[str]) -> None:
    assert len(rows)
    assert "Making a snapshot of 12 songs" in told
    assert not list(cache_folder().glob("false-alarms-*"))
