"""Answers under a decision: which candidate is picked, its log-odds, and folds without a work."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from experiments.calibration.answers import answers, folds_by_work, likeliest, log_odds
from fpcore.config import Decision

MODEL = Decision(intercept=-2.0, weights={"rank_z": 1.0}, threshold=0.5)


def _rows() -> pd.DataFrame:
    """Return two queries: one asked of two indexes, one of which the votes are too few."""
    rows = [
        ("a", "whole", 0, 1.0, 9),
        ("a", "whole", 1, 4.0, 9),
        ("a", "part", 0, 0.5, 9),
        ("b", "whole", 0, 9.0, 2),
        ("b", "whole", 1, 3.0, 9),
    ]
    found = pd.DataFrame(rows, columns=["query", "asked_of", "rank", "rank_z", "votes"])
    known = {"condition": "clean", "clip_s": 5.0, "indexed": True, "right": False}
    return found.assign(work=found["query"], **known)


def test_the_log_odds_are_those_of_the_decision_with_too_few_votes_impossible() -> None:
    assert log_odds(_rows(), MODEL).tolist() == [-1.0, 2.0, -1.5, 7.0 - 20.0, 1.0]


def test_the_likeliest_candidate_answers_each_question() -> None:
    found = answers(_rows(), MODEL)
    assert found[["query", "asked_of", "rank"]].to_numpy().tolist() == [
        ["a", "part", 0],
        ["a", "whole", 1],
        ["b", "whole", 1],
    ]
    assert found.index.tolist() == [0, 1, 2]
    assert found["probability"].to_numpy() == pytest.approx(1 / (1 + np.exp([1.5, -2.0, -1.0])))
    assert len(likeliest(_rows(), MODEL)) == 3


def test_of_equally_likely_candidates_the_first_answers() -> None:
    """Of many, so that a sort which is not stable would mix them."""
    ranks = np.arange(1000)
    rows = pd.concat([_rows().iloc[:1]] * len(ranks), ignore_index=True)
    found = likeliest(rows.assign(rank=ranks, rank_z=np.isin(ranks % 7, (3, 5)) * 1.0), MODEL)
    assert found["rank"].tolist() == [3]


@pytest.mark.parametrize(("n_works", "n_folds"), [(3, 3), (20, 5)])
def test_no_work_is_on_both_sides_of_a_fold(n_works: int, n_folds: int) -> None:
    rows = pd.DataFrame({"work": [f"w{i % n_works}" for i in range(60)]})
    folds = folds_by_work(rows)
    assert len(folds) == n_folds
    for fitted, judged in folds:
        assert not set(rows["work"].iloc[fitted]) & set(rows["work"].iloc[judged])
    assert sorted(np.concatenate([judged for _, judged in folds])) == list(range(60))
