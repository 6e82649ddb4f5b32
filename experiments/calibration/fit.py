"""Fit the decision of a profile: what the evidence for a candidate is worth.

A logistic regression over the evidence of candidates whose truth is known, fitted on
calibration tracks alone. It is done twice. First every song that was looked at for a query is an
example, those of left-out tracks all wrong; the queries were asked of the whole index and of
small parts of it, so that the decision holds for libraries of any size, and half of the indexed
songs of all others too, so that there are many strangers. Then only the likeliest candidate of
each query of the whole index is one: the *answer* is what has to be right, and the likeliest of
many wrong songs has far more evidence than a usual wrong one. The number of passes is not fitted:
n passes are n chances to be wrong, so its logarithm weighs -1. All queries of one work go into
the same fold, since a song's excerpts are alike.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.model_selection import GroupKFold

from fpcore.config import Decision, EvidenceName, FittedOn
from fpcore.stages import decision

FITTED: tuple[EvidenceName, ...] = (
    "log_idf",
    "log_chance",
    "found",
    "rank_z",
    "broadband_z",
    "crest_db",
)
"""The evidence that pays. `experiments/TRIED.md` tells what more of it costs."""

RIDGE = 0.1
"""Strength of the penalty on the squares of the standardised weights. With ten times
as much, decisions that were fitted to few queries were too timid: `experiments/TRIED.md`."""

_ASKED = ["query", "asked_of"]
"""Columns that tell one question from another."""

CONSTANT = 1e-9
"""Evidence that varies less than this tells nothing and weighs nothing."""


def fit(
    candidates: pd.DataFrame,
    *,
    false_alarm_rate: float,
    description: str,
    n_songs: int | None = None,
    fitted_on: FittedOn | None = None,
    held_out: pd.DataFrame | None = None,
) -> Decision:
    """Return the decision fitted on the candidate rows of `experiments.evaluation.rows`.

    Parameters
    ----------
    candidates
        Rows of calibration queries, of indexed and of left-out tracks.
    false_alarm_rate
        Share of left-out queries that may be given a name, of the whole index and of its parts
        alike; sets the threshold.
    description
        Where the rows come from, kept with the profile.
    n_songs
        How many songs the index had, kept with the profile.
    fitted_on
        Of which half of which corpus the rows are, kept with the profile.
    held_out
        What `cross_fitted` gives for the rows, when that is known.
    """
    model = _fitted(candidates)
    held_out = cross_fitted(candidates) if held_out is None else held_out
    negatives = held_out[~held_out["indexed"]]
    small = negatives["asked_of"] == "part"
    threshold = max(threshold_for(group, false_alarm_rate) for _, group in negatives.groupby(small))
    return model.model_copy(
        update={
            "threshold": threshold,
            "calibration": description,
            "n_songs": n_songs,
            "fitted_on": fitted_on,
        }
    )


def cross_fitted(candidates: pd.DataFrame, *, n_folds: int = 5) -> pd.DataFrame:
    """Return the answer to each query, its probability from a model that saw none of its work.

    Columns: query, asked_of, condition, clip_s, work, indexed, rank, right, probability; a row for
    each query of the whole index and one of the part that it was asked of too.
    """
    groups = candidates["work"].to_numpy()
    folds = GroupKFold(min(n_folds, len(np.unique(groups))))
    parts = []
    for train, test in folds.split(candidates, groups=groups):
        parts.append(answers(candidates.iloc[test], _fitted(candidates.iloc[train])))
    return pd.concat(parts).sort_values(["query", "asked_of"], ignore_index=True)


def answers(candidates: pd.DataFrame, model: Decision) -> pd.DataFrame:
    """Return the likeliest candidate of each query under a model, with its probability."""
    columns = ["condition", "clip_s", "work", "indexed", "rank", "right", "probability"]
    best = _likeliest(candidates, model).sort_values(_ASKED, kind="stable", ignore_index=True)
    return best[[*_ASKED, *columns]]


def _likeliest(candidates: pd.DataFrame, model: Decision) -> pd.DataFrame:
    """Return the row of the likeliest candidate of each query, with its probability."""
    rated = candidates.assign(probability=_probability(candidates, model))
    best_first = rated.sort_values("probability", ascending=False, kind="stable")
    return best_first.drop_duplicates(_ASKED)


def threshold_for(negatives: pd.DataFrame, false_alarm_rate: float) -> float:
    """Return the probability that at most this share of the negatives reach.

    ``negatives`` has a row per query of an unknown track. Every work weighs the same, however
    often it was asked: queries of one work are alike, and what is to hold is the rate over
    works to come. The threshold lies halfway between the last rejected and the first accepted
    negative on the scale of log-odds, and above the rejected one, whose equals are rejected with
    it; nothing lies above a probability of 1.
    """
    falling, weight = _by_work(negatives)
    n_allowed = int(np.searchsorted(np.cumsum(weight), false_alarm_rate + CONSTANT, side="right"))
    if n_allowed == len(falling):
        return _sigmoid(_log_odds(falling[-1]))
    low = falling[n_allowed]
    n_allowed = int((falling > low).sum())
    high = falling[n_allowed - 1] if n_allowed else 1.0
    middle = float(np.mean([_log_odds(low), _log_odds(high)]))
    log_odds = middle if n_allowed else _log_odds(low) + 1.0
    # Log-odds are bounded, so that next to 1 the middle may fall onto the rejected one.
    return min(max(_sigmoid(log_odds), float(np.nextafter(low, 2.0))), 1.0)


def _by_work(negatives: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return probabilities, falling, and the share of the works that each stands for."""
    ordered = negatives.sort_values("probability", ascending=False, kind="stable")
    n_asked = ordered.groupby("work")["work"].transform("size").to_numpy(float)
    return ordered["probability"].to_numpy(float), 1 / n_asked / ordered["work"].nunique()


def _sigmoid(log_odds: float) -> float:
    return float(1 / (1 + np.exp(-log_odds)))


def _log_odds(probability: float) -> float:
    clipped = min(max(probability, 1e-12), 1 - 1e-12)
    return float(np.log(clipped / (1 - clipped)))


def _fitted(candidates: pd.DataFrame) -> Decision:
    """Return the model of both regressions, with a neutral threshold.

    In the first, looks at other playbacks are left out: near the right one they too find the
    right song, with the evidence of a wrong one.
    """
    first = _regression(candidates[candidates["pass"] != "playback"])
    best = _likeliest(candidates[candidates["asked_of"] != "part"], first)
    if best["right"].nunique() < 2:
        return first  # nothing to learn from: every answer is right, or every one wrong
    model = _regression(best)
    # Songs that stood in for strangers make these commoner than they are taken to be.
    strangers = best[~best["indexed"]]["asked_of"]
    extra = np.log(len(strangers) / max((strangers == "whole").sum(), 1)) if len(strangers) else 0.0
    return model.model_copy(update={"intercept": model.intercept + float(extra)})


def _regression(candidates: pd.DataFrame) -> Decision:
    """Return the model with each candidate as an example."""
    intercept, weights = logistic(
        candidates[list(FITTED)].to_numpy(float),
        candidates["right"].to_numpy(bool),
        offset=-candidates["log_hypotheses"].to_numpy(float),
    )
    named = {name: float(weight) for name, weight in zip(FITTED, weights, strict=True)}
    named["log_hypotheses"] = -1.0
    return Decision(intercept=float(intercept), weights=named, threshold=0.5)


def logistic(
    features: NDArray[np.float64], right: NDArray[np.bool_], *, offset: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64]]:
    """Return intercept and weights of a ridge logistic regression, on the raw scale.

    ``offset`` is what is already known of the log-odds of each example.
    """
    mean, spread = features.mean(axis=0), features.std(axis=0)
    spread[spread < CONSTANT] = np.inf
    scaled = (features - mean) / spread
    sign = np.where(right, 1.0, -1.0)

    def loss(model: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        margin = sign * (model[0] + scaled @ model[1:] + offset)
        pull = -sign * expit(-margin)
        total = np.logaddexp(0, -margin).sum() + RIDGE / 2 * (model[1:] ** 2).sum()
        return total, np.concatenate([[pull.sum()], scaled.T @ pull + RIDGE * model[1:]])

    start = np.zeros(1 + features.shape[1])
    model = minimize(loss, start, jac=True, method="L-BFGS-B", options={"gtol": 1e-6}).x
    weights = model[1:] / spread
    return float(model[0] - weights @ mean), weights


def _probability(candidates: pd.DataFrame, model: Decision) -> NDArray[np.float64]:
    observed = {name: candidates[name].to_numpy(float) for name in ("log_votes", *model.weights)}
    return decision.probability(decision.logit(observed, model))
