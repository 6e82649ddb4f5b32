"""Counts of right, wrong and missed answers: per condition and clip length, and over all.

`verdicts` says what is true of each query, `summary` and `overall` count it. Shares lie in
[0, 1]; places are compared in seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.metrics.intervals import Share, clustered, share_of
from experiments.metrics.rows import CELL, probability_of, require

STRICT_PLACE_S = 0.05
LOOSE_PLACE_S = 0.5


def verdicts(outcomes: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """Return what is true of each query: boolean columns on the index of ``outcomes``.

    The columns are the keys of `METRICS`. ``accepted_right``, ``wrong_name`` and
    ``false_accept`` depend on the threshold, the others don't. Columns about positives are false
    for negatives and the reverse: select by ``indexed`` before counting.

    Raises
    ------
    ValueError
        When a column is missing or the threshold is negative. Above 1 nothing is accepted.

    Examples
    --------
    Three queries of indexed songs, the last of them named wrongly, and one of a left-out song:

    >>> rows = pd.DataFrame(
    ...     {
    ...         "indexed": [True, True, True, False],
    ...         "right": [True, True, False, False],
    ...         "same_passage": [True, False, False, False],
    ...         "offset_error_s": [0.01, 30.0, float("nan"), float("nan")],
    ...         "probability": [0.9, 0.4, 0.7, 0.6],
    ...     }
    ... )
    >>> found = verdicts(rows, threshold=0.5)
    >>> found["top1"].tolist(), found["accepted_right"].tolist()
    ([True, True, False, False], [True, False, False, False])
    >>> found["wrong_name"].tolist(), found["false_accept"].tolist()
    ([False, False, True, False], [False, False, False, True])
    """
    require(outcomes, ["indexed", "right", "same_passage", "offset_error_s"])
    if not threshold >= 0:
        raise ValueError(f"threshold must be at least 0, got {threshold}")
    indexed = outcomes["indexed"].to_numpy(bool)
    right = outcomes["right"].to_numpy(bool) & indexed
    accepted = probability_of(outcomes) >= threshold
    error_s = outcomes["offset_error_s"].abs().to_numpy(float)
    same_passage = outcomes["same_passage"].to_numpy(bool)
    columns = {
        "top1": right,
        "accepted_right": right & accepted,
        "within_50ms": right & (error_s <= STRICT_PLACE_S),
        "same_passage": right & same_passage,
        "within_500ms": right & (error_s <= LOOSE_PLACE_S),
        "wrong_name": indexed & accepted & ~right,
        "false_accept": ~indexed & accepted,
    }
    return pd.DataFrame(columns, index=outcomes.index)


METRICS: Mapping[str, str] = {
    "top1": "right song first, before any threshold",
    "accepted_right": "accepted, and right",
    "within_50ms": "right song, its own place within 50 ms",
    "same_passage": "right song, within 50 ms of that place or of an exact repeat of it",
    "within_500ms": "right song, its own place within 500 ms",
    "wrong_name": "accepted under a wrong name, although the song is indexed",
    "false_accept": "given a name, although the song is not indexed",
}
"""What `summary` counts; all but the last over positives, ``false_accept`` over negatives."""

OF_PLACES = ("within_50ms", "same_passage", "within_500ms")
"""Those that are counted over positives whose place is known: of some recordings nobody knows it,
and their rows have no ``start_s``."""


def counted_by(outcomes: pd.DataFrame, metric: str) -> NDArray[np.bool_]:
    """Return which rows (n,) a metric is counted over."""
    indexed = outcomes["indexed"].to_numpy(bool)
    if metric == "false_accept":
        return ~indexed
    if metric in OF_PLACES and "start_s" in outcomes:
        return indexed & outcomes["start_s"].notna().to_numpy(bool)
    return indexed


def summary(outcomes: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """Return every metric per condition and clip length, with counts and Wilson intervals.

    Returns
    -------
    pandas.DataFrame
        Columns condition, clip_s, metric (a key of `METRICS`), n_right, n, share, low, high;
        sorted by condition and clip length, metrics in the order of `METRICS`. ``n_right``
        counts the rows of which the metric is true, for errors too.
    """
    require(outcomes, CELL)
    rows = []
    for (condition, clip_s), cell in outcomes.groupby(CELL, sort=True):
        for metric, share in _shares(cell, threshold).items():
            rows.append({"condition": condition, "clip_s": clip_s, **_row(metric, share)})
    columns = [*CELL, "metric", "n_right", "n", "share", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def overall(outcomes: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """Return every metric over all rows, intervals widened for rows of one work (`clustered`).

    Returns
    -------
    pandas.DataFrame
        Columns n_right, n, share, low, high; the index is the metric, in the order of `METRICS`.
    """
    shares = _shares(outcomes, threshold, by_work=True)
    rows = [_row(metric, share) for metric, share in shares.items()]
    return pd.DataFrame(rows).set_index("metric")


def _shares(outcomes: pd.DataFrame, threshold: float, *, by_work: bool = False) -> dict[str, Share]:
    found = verdicts(outcomes, threshold)
    shares = {}
    for metric in METRICS:
        rows = counted_by(outcomes, metric)
        right = found[metric].to_numpy(bool)[rows]
        if by_work:
            shares[metric] = clustered(right, outcomes["work"].to_numpy(str)[rows])
        else:
            shares[metric] = share_of(right)
    return shares


def _row(metric: str, share: Share) -> dict[str, Any]:
    return {"metric": metric, **asdict(share)}
