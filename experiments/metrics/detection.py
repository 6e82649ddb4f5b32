"""Misses against false alarms: the whole curve, and recall at a stated false-alarm rate.

A query is accepted when its probability is at least the threshold; all rates lie in [0, 1].
Both functions read stored outcome rows and choose the threshold on these same rows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from experiments.metrics.intervals import Share, clustered
from experiments.metrics.rows import require, scores_of


def det_curve(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Return false-alarm rate against miss rate at every threshold that changes either.

    Returns
    -------
    pandas.DataFrame
        Columns threshold (falling; first +inf, which accepts nothing), false_alarm_rate
        (rising from 0) and miss_rate (falling from 1). Empty without positives or negatives.

    References
    ----------
    A. Martin et al., "The DET curve in assessment of detection task performance", Eurospeech
    1997. A miss is not the song's rejection alone but any failure to name it.
    """
    scores, right, negative = scores_of(outcomes)
    columns = ["threshold", "false_alarm_rate", "miss_rate"]
    n_negatives = int(negative.sum())
    n_positives = len(scores) - n_negatives
    if not n_negatives or not n_positives:
        return pd.DataFrame(columns=columns, dtype=float)
    order = np.argsort(-scores, kind="stable")
    falling = scores[order]
    last = np.flatnonzero(np.append(np.diff(falling) != 0, True))
    false_alarms = np.cumsum(negative[order])[last] / n_negatives
    hits = np.cumsum(right[order])[last] / n_positives
    return pd.DataFrame(
        {
            "threshold": np.concatenate([[np.inf], falling[last]]),
            "false_alarm_rate": np.concatenate([[0.0], false_alarms]),
            "miss_rate": np.concatenate([[1.0], 1 - hits]),
        }
    )


@dataclass(frozen=True, slots=True)
class Recall:
    """How many positives are accepted and right when few negatives may be accepted.

    ``threshold`` is the lowest that keeps to ``false_alarm_rate`` on these negatives.
    ``false_alarms`` is the share of them that it accepts; its interval says what the rate may
    really be. ``supported`` says whether the negatives are so many that one of them may be
    accepted at this rate. Where they are fewer, the threshold lies above all of them.
    """

    false_alarm_rate: float
    threshold: float
    recall: Share
    false_alarms: Share
    supported: bool

    @property
    def n_negatives_needed(self) -> int:
        """Fewest negatives of which one may be accepted at this rate."""
        return math.ceil(1 / self.false_alarm_rate - 1e-9)

    @property
    def note(self) -> str:
        """What the number of negatives does not allow to say, in a sentence; "" if enough."""
        if self.supported:
            return ""
        return (
            f"{self.false_alarms.n} queries of left-out songs cannot show a false-alarm rate of "
            f"{self.false_alarm_rate:.1%}: at least {self.n_negatives_needed} are needed; the "
            f"threshold lies above all of them, and the true rate may be up to "
            f"{self.false_alarms.high:.1%}."
        )


def recall_at(outcomes: pd.DataFrame, false_alarm_rate: float) -> Recall:
    """Return the share of positives accepted and right at a stated false-alarm rate.

    Parameters
    ----------
    outcomes : pandas.DataFrame, a row per query
        Outcome rows with the column work, for the intervals (`clustered`).
    false_alarm_rate : float, in (0, 1)
        Largest share of the negatives that may be accepted.

    Raises
    ------
    ValueError
        When a column is missing, or the rate is out of range.

    Examples
    --------
    Of two negatives one may be accepted at a rate of 50%: the threshold lies just above 0.3.

    >>> rows = pd.DataFrame(
    ...     {
    ...         "indexed": [True, True, False, False],
    ...         "right": [True, True, False, False],
    ...         "probability": [0.9, 0.2, 0.6, 0.3],
    ...         "work": ["a", "b", "c", "d"],
    ...     }
    ... )
    >>> found = recall_at(rows, false_alarm_rate=0.5)
    >>> round(found.threshold, 6), found.recall.share, found.false_alarms.share
    (0.3, 0.5, 0.5)
    """
    if not 0 < false_alarm_rate < 1:
        raise ValueError(f"false_alarm_rate must be between 0 and 1, got {false_alarm_rate}")
    require(outcomes, ["work"])
    scores, right, negative = scores_of(outcomes)
    works = outcomes["work"].to_numpy(str)
    falling = np.sort(scores[negative])[::-1]
    n_allowed = math.floor(false_alarm_rate * len(falling) + 1e-9)
    bound = float(falling[n_allowed]) if n_allowed < len(falling) else -math.inf
    accepted = scores > bound
    return Recall(
        false_alarm_rate,
        threshold=max(0.0, float(np.nextafter(bound, math.inf))),
        recall=clustered((right & accepted)[~negative], works[~negative]),
        false_alarms=clustered(accepted[negative], works[negative]),
        supported=n_allowed >= 1,
    )
