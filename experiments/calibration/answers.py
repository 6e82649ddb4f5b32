"""Answers to queries under a decision: the likeliest candidate of each, and its log-odds.

The rows are the candidate rows of `experiments.evaluation.rows`. Probabilities lie in [0, 1];
log-odds are natural.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fpcore.config import Decision
from fpcore.stages import decision

ASKED = ["query", "asked_of"]
"""Columns that together name one question: a query, and what it was asked of."""

N_FOLDS = 5
"""Into how many parts works are divided, each judged by what was fitted on the others."""


def answers(candidates: pd.DataFrame, model: Decision) -> pd.DataFrame:
    """Return the likeliest candidate of each query under a model.

    Returns
    -------
    pandas.DataFrame
        Columns query, asked_of, condition, clip_s, work, indexed, rank, right, probability. A
        query has one row for each index that it was asked of. Sorted by query and asked_of.
    """
    columns = ["condition", "clip_s", "work", "indexed", "rank", "right", "probability"]
    best = likeliest(candidates, model).sort_values(ASKED, ignore_index=True)
    return best[[*ASKED, *columns]]


def likeliest(candidates: pd.DataFrame, model: Decision) -> pd.DataFrame:
    """Return the row of the likeliest candidate of each query, with its probability."""
    rated = candidates.assign(probability=decision.probability(log_odds(candidates, model)))
    best_first = rated.sort_values("probability", ascending=False, kind="stable")
    return best_first.drop_duplicates(ASKED)


def log_odds(candidates: pd.DataFrame, model: Decision) -> NDArray[np.float64]:
    """Return the log-odds float64 (n,) of each of n candidates under a model."""
    observed = {name: candidates[name].to_numpy(float) for name in model.weights}
    return decision.logit(observed, model, votes=candidates["votes"].to_numpy(np.int64))


def folds_by_work(
    candidates: pd.DataFrame,
) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Return the rows to fit on and the rows to judge of each fold; no work is in both.

    There are `N_FOLDS` of them, or one for each work where there are fewer.
    """
    from sklearn.model_selection import GroupKFold  # half a second to import

    groups = candidates["work"].to_numpy()
    folds = GroupKFold(min(N_FOLDS, len(np.unique(groups))))
    return list(folds.split(candidates, groups=groups))
