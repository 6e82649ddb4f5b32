"""Answers to recordings with a known song: counts and shares, overall and for groups of them.

Rows are those of `experiments.evaluation.recordings`. Recordings of one piece tend to be recognised
or missed together, so intervals are widened for rows of one work (`clustered`). A place can only
be judged where one is given; it is judged among answers that are accepted and right.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from experiments.metrics.counts import LOOSE_PLACE_S, STRICT_PLACE_S, verdicts
from experiments.metrics.intervals import Bools, Share, clustered
from experiments.metrics.rows import probability_of, require

SHARES: Mapping[str, str] = {
    "accepted_right": "of recordings of indexed songs, accepted and right",
    "wrong_name": "of recordings of indexed songs, accepted under a wrong name",
    "false_accept": "of recordings of strangers, given a name",
    "placed_50ms": "of accepted and right answers whose place is given, there within 50 ms",
    "placed_500ms": "of accepted and right answers whose place is given, there within 500 ms",
}
"""What `shares` counts."""

FAILURES: Mapping[str, str] = {
    "false_accept": "stranger named",
    "wrong_name": "wrong song",
    "missed": "not recognised",
    "misplaced": "wrong place",
}
"""The failures that `failures` finds, the gravest first."""


def shares(outcomes: pd.DataFrame, threshold: float) -> dict[str, Share]:
    """Return the shares that `SHARES` names, with 95% intervals, by their names.

    Raises
    ------
    ValueError
        When a column is missing or the threshold is negative.
    """
    require(outcomes, ["work", "start_s"])
    found = verdicts(outcomes, threshold)
    indexed = outcomes["indexed"].to_numpy(bool)
    placed = found["accepted_right"].to_numpy(bool) & outcomes["start_s"].notna().to_numpy(bool)
    error_s = outcomes["offset_error_s"].abs().to_numpy(float)
    works = outcomes["work"].to_numpy(str)

    def share(true: Bools, of: Bools) -> Share:
        return clustered(true[of], works[of])

    return {
        "accepted_right": share(found["accepted_right"].to_numpy(bool), indexed),
        "wrong_name": share(found["wrong_name"].to_numpy(bool), indexed),
        "false_accept": share(found["false_accept"].to_numpy(bool), ~indexed),
        "placed_50ms": share(error_s <= STRICT_PLACE_S, placed),
        "placed_500ms": share(error_s <= LOOSE_PLACE_S, placed),
    }


def failures(outcomes: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """Return the rows that were answered wrongly, with what went wrong in the column ``failure``.

    Returns
    -------
    pandas.DataFrame
        ``failure`` is a key of `FAILURES`, the gravest first, and the surest answers of each
        first. An answer is misplaced where it is right, its place is given, and is neither told
        within 500 ms nor an exact repeat.
    """
    require(outcomes, ["start_s", "same_passage"])
    found = verdicts(outcomes, threshold)
    is_placed = outcomes["same_passage"] | (outcomes["offset_error_s"].abs() <= LOOSE_PLACE_S)
    is_true = {
        "false_accept": found["false_accept"],
        "wrong_name": found["wrong_name"],
        "missed": outcomes["indexed"] & ~found["accepted_right"] & ~found["wrong_name"],
        "misplaced": found["accepted_right"] & outcomes["start_s"].notna() & ~is_placed,
    }
    surest = (-pd.Series(probability_of(outcomes), index=outcomes.index)).sort_values(kind="stable")
    ordered, true = outcomes.loc[surest.index], pd.DataFrame(is_true).loc[surest.index]
    return pd.concat([ordered[true[kind]].assign(failure=kind) for kind in FAILURES])
