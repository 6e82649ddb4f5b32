"""Protection of promotion: reasons why a trial should not become a profile, by its test songs.

A sweep chooses among many trials by few queries, so what looks best there may be worse than the
profile that it started from. Both are asked the test songs, which the sweep never heard.
"""

from __future__ import annotations

import pandas as pd

from experiments import metrics
from experiments.metrics.intervals import clustered
from experiments.metrics.paired import compare, points
from experiments.seeds import seeded_rng
from fpcore.config import Decision, Profile

BROKEN = 0.2
"""Share of the test queries that may find the right song and yet be rejected. More than this, for
certain, is a threshold or weights that fit the calibration songs alone: the hardest condition that
profiles are reported under (babble at -5 dB, 5 s) loses a tenth in this way."""


ROUNDING = 1e-9
"""Thresholds that differ by less are the same, computed in another way."""


def answers_alike(one: Profile, other: Profile) -> bool:
    """Whether two profiles give the same answers, whatever they are asked."""
    if (one.fingerprint, one.query) != (other.fingerprint, other.query):
        return False
    a, b = one.decision, other.decision
    return _weighing(a) == _weighing(b) and abs(a.threshold - b.threshold) < ROUNDING


def _weighing(decision: Decision) -> tuple[object, ...]:
    return decision.intercept, decision.weights, decision.n_songs


def objections(
    promoted: Profile, base: Profile, outcomes: pd.DataFrame, base_outcomes: pd.DataFrame
) -> list[str]:
    """Return why a profile should not be promoted, a clause each; none where all is well.

    Parameters
    ----------
    promoted, base : Profile
        The profile, and the one that its trial varies.
    outcomes, base_outcomes : pandas.DataFrame, a row per query
        What each answered to the same test queries.
    """
    found = []
    for metric in ("accepted_right", "false_accept"):
        one = compare(
            base_outcomes,
            outcomes,
            thresholds=(base.decision.threshold, promoted.decision.threshold),
            rng=seeded_rng(0, "promotion"),
            metric=metric,
        )
        is_worse = (one.difference > 0) == (metric == "false_accept")
        if one.real and is_worse:
            found.append(
                f"{metrics.METRICS[metric]}: {one.share_b:.1%} of {one.n} test queries against "
                f"{one.share_a:.1%} under {base.name} ({points(one.difference)} points, 95% "
                f"interval {points(one.low)} to {points(one.high)})"
            )
    return found + _broken(outcomes, promoted.decision.threshold)


def _broken(outcomes: pd.DataFrame, threshold: float) -> list[str]:
    positives = outcomes[outcomes["indexed"]]
    verdicts = metrics.verdicts(positives, threshold)
    rejected = (verdicts["top1"] & ~verdicts["accepted_right"]).to_numpy(bool)
    share = clustered(rejected, positives["work"].to_numpy(str))
    if not share.n or share.low <= BROKEN:
        return []
    return [
        f"{share.share:.1%} of the {share.n} test queries find the right song and are rejected "
        f"({share.low:.1%} or more for certain): its decision does not fit these songs"
    ]
