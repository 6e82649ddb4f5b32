"""Fit of a profile's decision: what each kind of evidence for a candidate is worth.

The fit is a logistic regression over the evidence of candidates of which it is known whether they
are right. The rows are of calibration tracks alone. It is done twice:

1. Every candidate of every query is an example; for queries of left-out tracks all are wrong. Each
   query was asked of the whole index and of one other. That is a small part of the index, so that
   the decision holds for libraries of any size; or, for half of the queries of indexed songs, it
   is the index without their own work, so that there are many strangers.
2. Only the likeliest candidate of each query is an example, small parts of the index left aside.
   It is the *answer*, which has to be right, and the likeliest of many wrong songs has far more
   evidence than a usual wrong one.

The weight of the number of hypotheses is not fitted: n hypotheses are n chances to be wrong, so
the logarithm of n weighs -1. All queries of one work go into the same fold, since excerpts of one
song are alike. Probabilities lie in [0, 1]; logarithms are natural.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

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
"""Kinds of evidence that are weighed; `experiments/TRIED.md` tells what others brought."""

RIDGE = 0.1
"""Strength of the penalty on the squares of the standardised weights. With ten times
as much, decisions that were fitted to few queries were too timid: `experiments/TRIED.md`."""

_ASKED = ["query", "asked_of"]
"""Columns that together name one question: a query, and what it was asked of."""

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
    candidates : pandas.DataFrame, a row per query and candidate
        Rows of calibration queries, of indexed and of left-out tracks.
    false_alarm_rate : float, in (0, 1)
        Share of left-out queries that may be given a name, of the whole index and of its parts
        alike; sets the threshold.
    description : str
        Where the rows come from, kept with the profile.
    n_songs : int, optional
        How many songs the index had, kept with the profile.
    fitted_on : FittedOn, optional
        Of which half of which corpus the rows are, kept with the profile.
    held_out : pandas.DataFrame, optional
        What `cross_fitted` returns for ``candidates``, to save computing it again.

    Returns
    -------
    Decision
        Intercept, weights by the names in `FITTED` and of ``log_hypotheses``, and threshold.
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

    Returns
    -------
    pandas.DataFrame
        Columns query, asked_of, condition, clip_s, work, indexed, rank, right, probability. A
        query has one row for each index that it was asked of (``asked_of``). Sorted by query and
        asked_of.
    """
    from sklearn.model_selection import GroupKFold  # half a second to import

    groups = candidates["work"].to_numpy()
    folds = GroupKFold(min(n_folds, len(np.unique(groups))))
    parts = []
    for train, test in folds.split(candidates, groups=groups):
        parts.append(answers(candidates.iloc[test], _fitted(candidates.iloc[train])))
    return pd.concat(parts).sort_values(["query", "asked_of"], ignore_index=True)


def answers(candidates: pd.DataFrame, model: Decision) -> pd.DataFrame:
    """Return the likeliest candidate of each query under a model; columns as `cross_fitted`."""
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

    ``negatives`` has a row per query of an unknown track, with the columns work and probability.
    Every work weighs the same, however often it was asked: queries of one work are alike, and
    what is to hold is the rate over works to come. The threshold lies halfway, in log-odds,
    between the likeliest negative that is rejected and the least likely one that is accepted.
    Negatives as likely as the rejected one are rejected too, unless their probability is 1, above
    which no threshold lies.

    Examples
    --------
    Of four unknown works one may be accepted: the threshold lies between 0.2 and 0.8.

    >>> negatives = pd.DataFrame(
    ...     {"work": ["a", "b", "c", "d"], "probability": [0.8, 0.2, 0.1, 0.05]}
    ... )
    >>> threshold_for(negatives, false_alarm_rate=0.25)
    0.5
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

    The first leaves out passes at other playbacks (speeds, pitches, tempos): near the right
    playback they find the right song too, but with the evidence of a wrong one.
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
    """Return intercept and weights of a ridge logistic regression, on the scale of the features.

    Parameters
    ----------
    features : float64 (n, k)
        Evidence of each example, in any units: it is standardised for the penalty. A column
        that is constant gets the weight 0.
    right : bool (n,)
        Whether each example is right.
    offset : float64 (n,)
        Log-odds of each example that are known beforehand; the model adds to them.

    Returns
    -------
    intercept : float
    weights : float64 (k,)

    Examples
    --------
    Right answers have more votes:

    >>> votes = np.array([[1.0], [2.0], [3.0], [7.0], [8.0], [9.0]])
    >>> right = np.array([False, False, False, True, True, True])
    >>> intercept, weights = logistic(votes, right, offset=np.zeros(6))
    >>> bool(weights[0] > 0), round(-intercept / float(weights[0]))  # as likely as not at 5 votes
    (True, 5)
    """
    from scipy.optimize import minimize  # half a second to import

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
    observed = {name: candidates[name].to_numpy(float) for name in model.weights}
    votes = candidates["votes"].to_numpy(np.int64)
    return decision.probability(decision.logit(observed, model, votes=votes))
