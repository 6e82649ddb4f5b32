"""Fit of a decision from nothing, on many queries: what each kind of evidence is worth.

The fit is a logistic regression over the evidence of candidates of which it is known whether they
are right. The rows are of calibration tracks alone. It is done twice:

1. Every candidate of every query is an example; for queries of left-out tracks all are wrong. Each
   query was asked of the whole index; many of a small part of it too, so that the decision holds
   for libraries of any size; and those of indexed songs of the index without their own work, so
   that there are many strangers.
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

from experiments.calibration.answers import ASKED, answers, folds_by_work, likeliest
from experiments.calibration.regression import logistic
from experiments.calibration.thresholds import threshold_for
from fpcore.config import Decision, EvidenceName, FittedOn

FITTED: tuple[EvidenceName, ...] = (
    "log_idf",
    "log_chance",
    "found",
    "rank_z",
    "broadband_z",
    "crest_db",
)
"""Kinds of evidence that are weighed; `experiments/TRIED.md` tells what others brought."""


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
            "false_alarm_rate": false_alarm_rate,
        }
    )


def cross_fitted(candidates: pd.DataFrame) -> pd.DataFrame:
    """Return the answer to each query, its probability from a model that saw none of its work.

    Returns
    -------
    pandas.DataFrame
        As `experiments.calibration.answers.answers`.
    """
    parts = [
        answers(candidates.iloc[test], _fitted(candidates.iloc[train]))
        for train, test in folds_by_work(candidates)
    ]
    return pd.concat(parts).sort_values(ASKED, ignore_index=True)


def _fitted(candidates: pd.DataFrame) -> Decision:
    """Return the model of both regressions, with a neutral threshold.

    The first leaves out passes at other playbacks (speeds, pitches, tempos): near the right
    playback they find the right song too, but with the evidence of a wrong one.
    """
    first = _regression(candidates[candidates["pass"] != "playback"])
    best = likeliest(candidates[candidates["asked_of"] != "part"], first)
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
