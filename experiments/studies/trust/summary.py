"""Summary of loops: what was stated, held against what came out, and against what is to be reached.

All shares lie in [0, 1]. Where a loop promoted nothing, because the test songs spoke against the
trial, the base profile stands for the promoted one.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from experiments.metrics.intervals import Share, share_of

WORST_LOSS, MEAN_LOSS = 0.03, 0.005
WORST_NAMED, MEAN_NAMED = 0.015, 0.005
COVERED = 0.9
SELDOM = 0.05
CLEARLY_WORSE = 0.05
MISCALIBRATED = 0.05


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the table: what is measured, what is to be reached, and what came out.

    ``reach`` is empty where the line is told for comparison, or where nothing came out.
    """

    what: str
    reach: str
    measured: str
    reached: bool


def lines(rows: pd.DataFrame, truth: pd.DataFrame) -> list[Finding]:
    """Return the table of the loops of one spec and size.

    Parameters
    ----------
    rows : pandas.DataFrame, a row per loop
        Columns as `experiments.studies.trust.loop.run` returns them.
    truth : pandas.DataFrame, a row per trial
        Columns as `experiments.studies.trust.truth.truths` returns them.
    """
    gained = rows["promoted_accuracy"] - rows["base_accuracy"]
    named = rows["promoted_n_named"] / rows["promoted_n_strangers"]
    of_base = rows["base_n_named"] / rows["base_n_strangers"]
    error = rows["promoted_calibration_error"]
    return [
        _bound("own clips against the base profile, mean", gained.mean(), -MEAN_LOSS, least=True),
        _bound("the same, worst", gained.min(), -WORST_LOSS, least=True),
        _bound("strangers named, mean", named.mean(), MEAN_NAMED),
        _bound("the same, worst", named.max(), WORST_NAMED),
        Finding("strangers that the base profile names, mean", "", f"{of_base.mean():.2%}", True),
        _share(
            "stated false-alarm interval covers what is then measured",
            covers(rows, "false_accept"),
            COVERED,
            least=True,
        ),
        _share(
            "stated accuracy interval covers what is then measured",
            covers(rows, "accepted_right"),
            COVERED,
            least=True,
        ),
        _twins(rows),
        _recommended_worse(rows, truth),
        _bound("calibration error, mean", error.mean(), MISCALIBRATED),
    ]


def covers(rows: pd.DataFrame, metric: str) -> pd.Series[bool]:
    """Return for each promoted profile whether a stated interval holds what was then measured.

    Both are shares of queries under the conditions and at the lengths that the sweep asked.
    """
    known = rows[rows["refused"] == ""]
    stated_low, stated_high = (known[f"stated_{metric}_{bound}"] for bound in ("low", "high"))
    measured = known[f"promoted_{metric}_share"]
    found: pd.Series[bool] = (stated_low <= measured) & (measured <= stated_high)
    return found


def _twins(rows: pd.DataFrame) -> Finding:
    """Say how often the same configuration is called different, by the loops that had a twin."""
    what = "the same configuration under another name is called different"
    if "twins_differ" not in rows or rows["twins_differ"].isna().all():
        return Finding(what, "", "no sweep had one twice", reached=False)
    return _share(what, rows["twins_differ"].dropna() == 1, SELDOM)


def clearly_worse(rows: pd.DataFrame, truth: pd.DataFrame) -> pd.Series[bool]:
    """Return for each loop whether it recommends a trial that is truly 5 points below the best.

    What is true of a trial is its accuracy on the whole corpus
    (`experiments.studies.trust.truth`).
    """
    worse = _worse_trials(truth)
    keys = zip(rows["spec"], rows["recommended"], strict=True)
    return pd.Series([key in worse for key in keys], index=rows.index, dtype=bool)


def _worse_trials(truth: pd.DataFrame) -> set[tuple[str, str]]:
    accuracy = truth.set_index(["spec", "trial"])["accuracy"]
    below = accuracy.groupby(level="spec").transform("max") - accuracy
    return set(below[below >= CLEARLY_WORSE].index)


def _recommended_worse(rows: pd.DataFrame, truth: pd.DataFrame) -> Finding:
    """Say how often such a trial is recommended, by the loops whose spec has one."""
    what = "a trial is recommended that is 5 points worse"
    could = rows["spec"].isin({spec for spec, _ in _worse_trials(truth)})
    if not could.any():
        return Finding(what, "", "no trial is that much worse", reached=False)
    return _share(what, clearly_worse(rows[could], truth), SELDOM)


def _bound(what: str, value: float, limit: float, *, least: bool = False) -> Finding:
    reached = bool(value >= limit if least else value <= limit)
    return Finding(what, f"{'≥' if least else '≤'} {limit:.1%}", f"{value:.2%}", reached)


def _share(what: str, true: pd.Series[bool], limit: float, *, least: bool = False) -> Finding:
    share: Share = share_of(true.to_numpy(bool))
    if not share.n:
        return Finding(what, "", "no profile was promoted", reached=False)
    told = f"{share.share:.0%} ({share.low:.0%} to {share.high:.0%}; {share.n_right} of {share.n})"
    reached = bool(share.share >= limit if least else share.share <= limit)
    return Finding(what, f"{'≥' if least else '≤'} {limit:.0%}", told, reached)
