"""Localisation and precision of the answers that were given.

Both are shares in [0, 1] of accepted answers, with 95% intervals widened for excerpts of one
work (`clustered`). Neither says how many queries got no answer: see `experiments.metrics.counts`.
"""

from __future__ import annotations

import pandas as pd

from experiments.metrics.counts import verdicts
from experiments.metrics.intervals import Bools, Share, clustered
from experiments.metrics.rows import probability_of

SURE = 0.99
"""Confidence from which an answer is called sure."""


def localised(outcomes: pd.DataFrame, threshold: float) -> Share:
    """Return how many of the right answers name the clip's place in the song.

    Of the answers that are accepted and right, those count that point to the place from which the
    clip was cut, or to an exact repeat of it. Leave out queries whose speed or tempo was changed:
    no waveform in the song is that of the clip, so that exact repeats of the passage would count
    as wrong.
    """
    found = verdicts(outcomes, threshold)
    in_place, given = (found[name].to_numpy(bool) for name in ("same_passage", "accepted_right"))
    return _share(outcomes, in_place, of=given)


def precision_at(outcomes: pd.DataFrame, threshold: float, confidence: float = SURE) -> Share:
    """Return how many answers of at least this confidence are right.

    Answers to queries of left-out songs count, as wrong ones.

    Parameters
    ----------
    outcomes : pandas.DataFrame, a row per query
        Outcome rows with the column work.
    threshold : float, at least 0
        Probability from which the configuration accepts. Where it is higher than ``confidence``,
        it decides.
    confidence : float, at least 0, optional
        Probability from which answers count here.

    Returns
    -------
    Share
        ``n`` is the number of answers that count.

    Raises
    ------
    ValueError
        When a column is missing or the threshold is negative.
    """
    given = probability_of(outcomes) >= max(threshold, confidence)
    return _share(outcomes, verdicts(outcomes, threshold)["top1"].to_numpy(bool), of=given)


def _share(outcomes: pd.DataFrame, true: Bools, *, of: Bools) -> Share:
    return clustered(true[of], outcomes["work"].to_numpy(str)[of])
