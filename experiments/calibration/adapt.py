"""Decision of a trial, on few tracks: its profile's own, moved as far as the queries justify.

The decision of a preset was fitted on thousands of queries. A library of 25 tracks gives some
hundred, most of which are recognised without doubt: they tell little of what evidence is worth,
and a decision fitted to them alone gets weights that are wrong in noise, however right it is on
what it has seen. So the profile's decision is the offset of the regression, and every step away
from it costs. How much it costs (the *strength*) is chosen by queries of works that the fit did
not see: a weaker hold is taken only when it makes their answers clearly likelier.

A trial may change what evidence means: with fewer peaks all of it is weaker. Most kinds are scaled
by what chance gives for the same query (`log_chance`, `found`, `rank_z`), and so carry over; the
rest is for the fit to find, first of all the intercept, which is held ten times more loosely. What
is known of the profile's strangers goes along with the decision (`Tail.carried_over`).

Only answers are fitted, the likeliest candidates under the profile's decision, as in the second
step of `experiments.calibration.fit`. Strangers count in all as much as indexed songs, which is
what the intercept of a calibrated decision supposes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from experiments.calibration.answers import ASKED, answers, folds_by_work, likeliest, log_odds
from experiments.calibration.fit import FITTED
from experiments.calibration.regression import logistic
from experiments.calibration.thresholds import Strangers, Tail, pooled_threshold
from experiments.metrics.rows import Floats
from fpcore.config import Decision, FittedOn

STRENGTHS = (10.0, 100.0, 1000.0)
"""Penalties on a step of one standard deviation of each kind of evidence; and none of them, which
keeps the profile's decision."""

LOOSER = 10.0
"""How many times more loosely the intercept is held than the weights."""

CLEARLY = 2.0
"""By how much the log-likelihood of unseen answers has to grow for a weaker hold: e² to one."""


@dataclass(frozen=True, slots=True, eq=False)
class Adapted:
    """A decision and what it rests on.

    ``held_out`` are answers as in `experiments.calibration.answers.answers`, each picked by a
    decision that saw nothing of its work, with the base_probability of the answer that the profile
    picks. ``strength`` is infinite where the weights are the profile's own.
    """

    decision: Decision
    held_out: pd.DataFrame
    strength: float


def adapted(
    candidates: pd.DataFrame,
    base: Decision,
    *,
    false_alarm_rate: float,
    description: str,
    n_songs: int | None = None,
    fitted_on: FittedOn | None = None,
) -> Adapted:
    """Return a decision that starts from another one.

    Parameters
    ----------
    candidates : pandas.DataFrame, a row per query and candidate
        Rows of calibration queries, of indexed and of left-out tracks.
    base : Decision
        A calibrated decision, of the profile that the trial varies.
    false_alarm_rate : float, in (0, 1)
        Share of strangers that may be given a name.
    description : str
        Where the rows come from, kept with the profile.
    n_songs : int, optional
        How many songs the index had.
    fitted_on : FittedOn, optional
        Of which half of which corpus the rows are, kept with the profile.
    """
    of_answers = _fitted_on(candidates, base)
    strength = _strength(of_answers, base)
    judged = (
        answers(
            candidates.iloc[test], _moved(_fitted_on(candidates.iloc[train], base), base, strength)
        )
        for train, test in folds_by_work(candidates)
    )
    held_out = pd.concat(judged).sort_values(ASKED, ignore_index=True)
    held_out["base_probability"] = answers(candidates, base)["probability"]
    model = _moved(of_answers, base, strength)
    own = held_out[~held_out["indexed"]]
    tail = Tail.of(base).carried_over(own)
    decision = model.model_copy(
        update={
            "threshold": pooled_threshold(Strangers.of(own), tail, false_alarm_rate),
            "calibration": f"{description}; {_told(strength)}",
            "n_songs": _larger(base.n_songs, n_songs),
            "fitted_on": fitted_on,
            "false_alarm_rate": false_alarm_rate,
        }
    )
    return Adapted(decision, held_out, strength)


def _fitted_on(candidates: pd.DataFrame, base: Decision) -> pd.DataFrame:
    """Return the rows that are examples: the likeliest candidates, small parts left aside."""
    return likeliest(candidates[candidates["asked_of"] != "part"], base)


def _strength(examples: pd.DataFrame, base: Decision) -> float:
    """Return the strongest hold that no weaker one clearly beats on works it has not seen."""
    folds = folds_by_work(examples)

    def unseen(strength: float) -> float:
        return sum(
            _log_likelihood(examples.iloc[test], _moved(examples.iloc[train], base, strength))
            for train, test in folds
        )

    chosen, best = math.inf, unseen(math.inf)
    for strength in sorted(STRENGTHS, reverse=True):
        reached = unseen(strength)
        if reached > best + CLEARLY:
            chosen, best = strength, reached
    return chosen


def _moved(examples: pd.DataFrame, base: Decision, strength: float) -> Decision:
    """Return the base as far from itself as the examples justify at a strength."""
    if math.isinf(strength):
        return base
    intercept, steps = logistic(
        examples[list(FITTED)].to_numpy(float),
        examples["right"].to_numpy(bool),
        offset=log_odds(examples, base),
        count=_counts(examples),
        ridge=strength,
        ridge_intercept=strength / LOOSER,
    )
    weights = dict(base.weights)
    for name, step in zip(FITTED, steps, strict=True):
        weights[name] = weights.get(name, 0.0) + float(step)
    return base.model_copy(update={"intercept": base.intercept + intercept, "weights": weights})


def _counts(examples: pd.DataFrame) -> Floats:
    """Return for how many each example counts: strangers together as much as indexed songs."""
    indexed = examples["indexed"].to_numpy(bool)
    n_indexed, n_strangers = int(indexed.sum()), int((~indexed).sum())
    balance = n_indexed / n_strangers if n_indexed and n_strangers else 1.0
    return np.where(indexed, 1.0, balance)


def _log_likelihood(examples: pd.DataFrame, model: Decision) -> float:
    sign = np.where(examples["right"].to_numpy(bool), 1.0, -1.0)
    margin = sign * log_odds(examples, model)
    return -float(np.sum(_counts(examples) * np.logaddexp(0, -margin)))


def _larger(one: int | None, other: int | None) -> int | None:
    known = [n for n in (one, other) if n is not None]
    return max(known, default=None)


def _told(strength: float) -> str:
    if math.isinf(strength):
        return "the weights are those of the profile that it starts from"
    return f"fitted from those of the profile that it starts from (strength {strength:g})"
