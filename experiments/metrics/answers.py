"""What a given answer is worth: whether its place is right, how precise the sure ones are."""

from __future__ import annotations

import pandas as pd

from experiments.metrics.counts import verdicts
from experiments.metrics.intervals import Bools, Share, clustered
from experiments.metrics.rows import probability_of

SURE = 0.99
"""From this confidence on an answer is called sure."""


def localised(outcomes: pd.DataFrame, threshold: float) -> Share:
    """Return how many accepted and right answers are at their place or an exact repeat of it.

    Leave out queries whose speed or tempo was changed: no waveform in the song is that of the clip,
    so that exact repeats of the passage would count as wrong.
    """
    found = verdicts(outcomes, threshold)
    in_place, given = (found[name].to_numpy(bool) for name in ("same_passage", "accepted_right"))
    return _share(outcomes, in_place, of=given)


def precision_at(outcomes: pd.DataFrame, threshold: float, confidence: float = SURE) -> Share:
    """Return how many answers of at least this confidence are right, strangers' included."""
    given = probability_of(outcomes) >= max(threshold, confidence)
    return _share(outcomes, verdicts(outcomes, threshold)["top1"].to_numpy(bool), of=given)


def _share(outcomes: pd.DataFrame, true: Bools, *, of: Bools) -> Share:
    return clustered(true[of], outcomes["work"].to_numpy(str)[of])
