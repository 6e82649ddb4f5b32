"""Accuracy of a profile: its decision fitted on one half of a corpus, measured on the other.

Nothing is written: callers save the profiles that they get back.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from experiments.calibration import fit
from experiments.calibration.model_card import card_of, origin
from experiments.evaluation.ask import index_and_ask
from experiments.evaluation.context import Context
from experiments.metrics import (
    Share,
    calibration_curve,
    calibration_error,
    localised,
    overall,
    precision_at,
    summary,
)
from experiments.progress import Show, silent
from fpcore.config import FittedOn, Profile
from fpcore.errors import ConfigError


@dataclass(frozen=True, slots=True, eq=False)
class Accuracy:
    """Raw outcome rows of the test half, and the metrics at the profile's own threshold.

    All metrics are those of `experiments.metrics`; ``by_condition`` is its `summary`.
    ``localised`` counts only conditions that change neither speed nor tempo.
    """

    outcomes: pd.DataFrame
    by_condition: pd.DataFrame
    overall: pd.DataFrame
    localised: Share
    precision_at: Share
    calibration_error: float


def calibrated(
    profile: Profile,
    context: Context,
    *,
    false_alarm_rate: float,
    n_jobs: int = -1,
    show: Show = silent,
) -> Profile:
    """Return the profile with a decision fitted on the calibration half of a corpus.

    Parameters
    ----------
    profile : Profile
        The configuration that asks.
    context : Context
        The corpus and the plan.
    false_alarm_rate : float, in (0, 1)
        Share of the queries of unknown songs that may be given a name, judged by models that had
        not seen their works.
    n_jobs : int, optional
        Processes; -1 takes one for each core.
    show : Show, optional
        Where progress is shown.

    Returns
    -------
    Profile
        Its model card holds what does not depend on the decision: accuracies that were measured
        with the old one are left out.
    """
    source, plan = context.corpus, context.plan
    asked = index_and_ask(context, profile, "calibration", n_jobs=n_jobs, show=show)
    rows = asked.candidates
    names = ", ".join(condition.name for condition in plan.conditions)
    lengths = " and ".join(f"{clip_s:g} s" for clip_s in plan.clip_lengths_s)
    description = (
        f"fitted on {rows['query'].nunique()} queries of {lengths} from the calibration half of "
        f"{source.name} (checksum {source.checksum[:12]}, seed {plan.seed}; {names}) for "
        f"{100 * false_alarm_rate:g}% false alarms"
    )
    decision = fit.fit(
        rows,
        false_alarm_rate=false_alarm_rate,
        description=description,
        n_songs=len(context.parts.indexed),
        fitted_on=context.fitted_on,
    )
    return profile.model_copy(update={"decision": decision, "provenance": origin(profile) or None})


def measure(
    profile: Profile, context: Context, *, n_jobs: int = -1, show: Show = silent
) -> Accuracy:
    """Return how right a profile is on the test half of a corpus, at its own threshold.

    Parameters
    ----------
    profile : Profile
        The configuration that asks, with the decision that picks the answers.
    context : Context
        The corpus and the plan.
    n_jobs : int, optional
        Processes; -1 takes one for each core.
    show : Show, optional
        Where progress is shown.

    Raises
    ------
    ConfigError
        When its decision was fitted on another half of the corpus, which holds some of these songs.
    """
    _refuse_known_songs(profile, context)
    outcomes = index_and_ask(context, profile, "test", n_jobs=n_jobs, show=show).outcomes
    threshold = profile.decision.threshold
    conditions = context.plan.conditions
    in_time = {condition.name for condition in conditions if condition.time_factor == 1}
    return Accuracy(
        outcomes,
        summary(outcomes, threshold),
        overall(outcomes, threshold),
        localised(outcomes[outcomes["condition"].isin(in_time)], threshold),
        precision_at(outcomes, threshold),
        calibration_error(calibration_curve(outcomes)),
    )


def _refuse_known_songs(profile: Profile, context: Context) -> None:
    known, asked = profile.decision.fitted_on, context.fitted_on
    if known is None or known.corpus_checksum != asked.corpus_checksum or known == asked:
        return
    raise ConfigError(
        f"the decision of {profile.name} was fitted on songs of {context.corpus.name} that the "
        f"split with {_told(asked)} would ask about: take the split that it was fitted with, "
        f"{_told(known)}"
    )


def _told(fitted_on: FittedOn) -> str:
    return f"seed {fitted_on.seed} and a calibration share of {fitted_on.calibration_share:g}"


def with_card(profile: Profile, measured: Accuracy, context: Context) -> Profile:
    """Return the profile with what was measured as its model card.

    Parameters
    ----------
    profile : Profile
        The profile that was measured.
    measured : Accuracy
        What `measure` returned for it.
    context : Context
        Where it was measured.
    """
    card = card_of(measured.outcomes, profile.decision.threshold, context)
    return profile.model_copy(update={"provenance": {**origin(profile), **card}})
