"""Fit the decision of a profile: what the evidence for a candidate is worth.

A logistic regression over the evidence of candidates whose truth is known, fitted on
calibration tracks alone. Every song that was looked at for a query is an example; those of
left-out tracks are all wrong. A second regression on the best candidate of each query then
sets scale and intercept, so that the confidence of the *answer* is calibrated. All queries of
one work go into the same fold, since a song's excerpts are alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from fpcore.config import Decision, EvidenceName

NAMES: tuple[EvidenceName, ...] = get_args(EvidenceName)
RIDGE = 1.0
"""Strength of the penalty on the standardised weights (C of scikit-learn is its inverse)."""


def fit(
    candidates: pd.DataFrame,
    *,
    false_alarm_rate: float,
    description: str,
    held_out: pd.DataFrame | None = None,
) -> Decision:
    """Return the decision fitted on the candidate rows of `experiments.evaluation`.

    Parameters
    ----------
    candidates
        Rows of calibration queries, of indexed and of left-out tracks.
    false_alarm_rate
        Share of left-out queries that may be given a name; sets the threshold.
    description
        Where the rows come from, kept with the profile.
    held_out
        What `cross_fitted` gives for the rows, when that is known.
    """
    model = _fitted(candidates)
    held_out = cross_fitted(candidates) if held_out is None else held_out
    threshold = threshold_for(held_out[~held_out["indexed"]], false_alarm_rate)
    return model.model_copy(update={"threshold": threshold, "calibration": description})


def cross_fitted(candidates: pd.DataFrame, *, n_folds: int = 5) -> pd.DataFrame:
    """Return the answer to each query, its probability from a model that saw none of its work.

    Columns: query, condition, clip_s, work, indexed, rank, right, probability; a row per query.
    """
    groups = candidates["work"].to_numpy()
    folds = GroupKFold(min(n_folds, len(np.unique(groups))))
    parts = []
    for train, test in folds.split(candidates, groups=groups):
        parts.append(answers(candidates.iloc[test], _fitted(candidates.iloc[train])))
    return pd.concat(parts).sort_values("query", ignore_index=True)


def answers(candidates: pd.DataFrame, decision: Decision) -> pd.DataFrame:
    """Return the likeliest candidate of each query under ``decision``, with its probability."""
    rated = candidates.assign(probability=_probability(candidates, decision))
    best = rated.sort_values(["query", "probability"], ascending=[True, False], kind="stable")
    columns = ["query", "condition", "clip_s", "work", "indexed", "rank", "right", "probability"]
    return best.groupby("query", as_index=False).first()[columns]


def threshold_for(negatives: pd.DataFrame, false_alarm_rate: float) -> float:
    """Return the probability that at most this share of the negatives reach.

    ``negatives`` has a row per query of a left-out track. The threshold lies halfway between
    the last rejected and the first accepted negative on the scale of log-odds.
    """
    falling = np.sort(negatives["probability"].to_numpy())[::-1]
    n_allowed = int(np.floor(false_alarm_rate * len(falling)))
    low = falling[min(n_allowed, len(falling) - 1)]
    high = falling[n_allowed - 1] if n_allowed else 1.0
    log_odds = np.mean([_log_odds(low), _log_odds(high)]) if n_allowed else _log_odds(low) + 1.0
    return float(1 / (1 + np.exp(-log_odds)))


def _log_odds(probability: float) -> float:
    clipped = min(max(probability, 1e-12), 1 - 1e-12)
    return float(np.log(clipped / (1 - clipped)))


def _fitted(candidates: pd.DataFrame) -> Decision:
    """Return the model of both regressions, with a neutral threshold."""
    features = candidates[list(NAMES)].to_numpy(float)
    intercept, weights = _logistic(features, candidates["right"].to_numpy(bool))
    first = _decision(intercept, weights)
    best = answers(candidates, first)
    if best["right"].nunique() == 1:
        return first  # nothing to set the scale by: every answer is right, or every one wrong
    log_odds = np.array([[_log_odds(p)] for p in best["probability"]])
    shift, scale = _logistic(log_odds, best["right"].to_numpy(bool))
    return _decision(shift + scale[0] * intercept, scale[0] * weights)


def _decision(intercept: float, weights: Sequence[float] | NDArray[np.float64]) -> Decision:
    named = {name: float(weight) for name, weight in zip(NAMES, weights, strict=True)}
    return Decision(intercept=float(intercept), weights=named, threshold=0.5)


def _logistic(
    features: NDArray[np.float64], right: NDArray[np.bool_]
) -> tuple[float, NDArray[np.float64]]:
    """Return intercept and weights of a ridge logistic regression, on the raw scale."""
    mean, spread = features.mean(axis=0), features.std(axis=0)
    spread[spread == 0] = 1.0
    model = LogisticRegression(C=1 / RIDGE, max_iter=1000)
    model.fit((features - mean) / spread, right)
    weights = model.coef_[0] / spread
    return float(model.intercept_[0] - weights @ mean), weights


def _probability(candidates: pd.DataFrame, decision: Decision) -> NDArray[np.float64]:
    log_odds = np.full(len(candidates), decision.intercept)
    for name, weight in decision.weights.items():
        log_odds += weight * candidates[name].to_numpy(float)
    probability: NDArray[np.float64] = 1 / (1 + np.exp(-np.clip(log_odds, -500, 500)))
    return probability
