"""How right a profile is: its decision fitted on one half of a corpus, measured on the other."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from experiments.calibration import fit
from experiments.calibration.model_card import card_of, origin
from experiments.corpora import Corpus
from experiments.evaluation.ask import ask_corpus
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
from experiments.protocol.plan import Plan
from fpcore.config import FittedOn, Profile
from fpcore.errors import ConfigError


@dataclass(frozen=True, slots=True, eq=False)
class Accuracy:
    """Raw outcome rows of the test half, and the metrics at the profile's own threshold.

    ``by_condition`` and ``overall`` are the tables of `experiments.metrics`, as are the rest:
    ``localised`` is of the conditions that leave time as it is.
    """

    outcomes: pd.DataFrame
    by_condition: pd.DataFrame
    overall: pd.DataFrame
    localised: Share
    precision_at: Share
    calibration_error: float


def calibrated(
    profile: Profile,
    source: Corpus,
    plan: Plan,
    *,
    false_alarm_rate: float,
    n_jobs: int = -1,
    show: Show = silent,
) -> Profile:
    """Return the profile with a decision fitted on the calibration half of a corpus.

    The threshold is set so that this share of the recordings of unknown songs are given a
    name, judged on songs that the model in question had not seen. What was measured before was
    measured with another decision, and is not kept.
    """
    asked = ask_corpus(source, profile, plan, roles=["calibration"], n_jobs=n_jobs, show=show)
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
        n_songs=len(plan.split(source).indexed),
        fitted_on=plan.fitted_on(source),
    )
    return profile.model_copy(update={"decision": decision, "provenance": origin(profile) or None})


def measure(
    profile: Profile, source: Corpus, plan: Plan, *, n_jobs: int = -1, show: Show = silent
) -> Accuracy:
    """Return how right a profile is on the test half of a corpus, at its own threshold.

    Raises
    ------
    ConfigError
        When its decision was fitted on another half of the corpus, which holds some of these songs.
    """
    _refuse_known_songs(profile, source, plan)
    asked = ask_corpus(source, profile, plan, roles=["test"], n_jobs=n_jobs, show=show)
    outcomes = asked.outcomes
    threshold = profile.decision.threshold
    in_time = {condition.name for condition in plan.conditions if condition.time_factor == 1}
    return Accuracy(
        outcomes,
        summary(outcomes, threshold),
        overall(outcomes, threshold),
        localised(outcomes[outcomes["condition"].isin(in_time)], threshold),
        precision_at(outcomes, threshold),
        calibration_error(calibration_curve(outcomes)),
    )


def _refuse_known_songs(profile: Profile, source: Corpus, plan: Plan) -> None:
    known, asked = profile.decision.fitted_on, plan.fitted_on(source)
    if known is None or known.corpus_checksum != asked.corpus_checksum or known == asked:
        return
    raise ConfigError(
        f"the decision of {profile.name} was fitted on songs of {source.name} that the split with "
        f"{_told(asked)} would ask about: take the split that it was fitted with, {_told(known)}"
    )


def _told(fitted_on: FittedOn) -> str:
    return f"seed {fitted_on.seed} and a calibration share of {fitted_on.calibration_share:g}"


def with_card(profile: Profile, measured: Accuracy, source: Corpus, plan: Plan) -> Profile:
    """Return the profile with what was measured as its model card."""
    card = card_of(measured.outcomes, profile.decision.threshold, source, plan)
    return profile.model_copy(update={"provenance": {**origin(profile), **card}})
