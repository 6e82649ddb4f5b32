"""How right a profile is: its decision fitted on one half of a corpus, measured on the other."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from experiments import calibration
from experiments.corpora import Corpus
from experiments.metrics import overall, summary
from experiments.progress import Show, silent
from experiments.trial import Plan, ask_corpus
from fpcore.config import Profile

KEPT_OF_ORIGIN = frozenset(
    {
        "run",
        "trial",
        "corpus",
        "postings_per_s",
        "bytes_per_hour",
        "versions",
        "git_commit",
        "date",
    }
)
"""What of a promotion holds for the configuration, whatever decides."""


@dataclass(frozen=True, slots=True, eq=False)
class Accuracy:
    """Raw outcome rows of the test half, and the metrics at the profile's own threshold.

    ``by_condition`` and ``overall`` are the tables of `experiments.metrics`.
    """

    outcomes: pd.DataFrame
    by_condition: pd.DataFrame
    overall: pd.DataFrame


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
    name, judged on songs that the model in question had not seen. What a promotion measured was
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
    decision = calibration.fit(
        rows,
        false_alarm_rate=false_alarm_rate,
        description=description,
        n_songs=len(plan.split(source).indexed),
    )
    origin = {
        name: value for name, value in (profile.provenance or {}).items() if name in KEPT_OF_ORIGIN
    }
    return profile.model_copy(update={"decision": decision, "provenance": origin or None})


def measure(
    profile: Profile, source: Corpus, plan: Plan, *, n_jobs: int = -1, show: Show = silent
) -> Accuracy:
    """Return how right a profile is on the test half of a corpus, at its own threshold."""
    asked = ask_corpus(source, profile, plan, roles=["test"], n_jobs=n_jobs, show=show)
    outcomes = asked.outcomes
    threshold = profile.decision.threshold
    return Accuracy(outcomes, summary(outcomes, threshold), overall(outcomes, threshold))
