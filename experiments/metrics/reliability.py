"""Calibration of stated probabilities: of the answers given 90%, are nine in ten right?

Probabilities and shares lie in [0, 1]. Nothing is corrected here; that is the calibration's work
(`experiments.calibration`).
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from experiments.metrics.intervals import share_of
from experiments.metrics.rows import require, scores_of


def calibration_curve(outcomes: pd.DataFrame, *, n_bins: int = 10) -> pd.DataFrame:
    """Return how often answers of a stated probability are right, in bins of equal width.

    All queries count, negatives as answered wrongly. The curve is therefore valid only for
    queries with the same share of unknown songs.

    Returns
    -------
    pandas.DataFrame
        A row per bin that is not empty: from_probability, to_probability, n, probability
        (their mean), share (right), low and high (Wilson). Sorted by probability.

    Raises
    ------
    ValueError
        When a column is missing, or ``n_bins`` is below 1.

    Examples
    --------
    >>> rows = pd.DataFrame(
    ...     {
    ...         "indexed": [True, True, True, False],
    ...         "right": [True, True, False, False],
    ...         "probability": [0.9, 0.8, 0.7, 0.1],
    ...     }
    ... )
    >>> curve = calibration_curve(rows, n_bins=2)
    >>> curve[["n", "probability", "share"]].round(2).values.tolist()
    [[1.0, 0.1, 0.0], [3.0, 0.8, 0.67]]
    """
    if n_bins < 1:
        raise ValueError(f"n_bins must be at least 1, got {n_bins}")
    probability, right, _ = scores_of(outcomes)
    bins = np.minimum((probability * n_bins).astype(int), n_bins - 1)
    rows = []
    for one in np.unique(bins):
        inside = bins == one
        share = share_of(right[inside])
        rows.append(
            {
                "from_probability": one / n_bins,
                "to_probability": (one + 1) / n_bins,
                "n": share.n,
                "probability": float(probability[inside].mean()),
                "share": share.share,
                "low": share.low,
                "high": share.high,
            }
        )
    columns = ["from_probability", "to_probability", "n", "probability", "share", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def calibration_error(curve: pd.DataFrame) -> float:
    """Return the expected calibration error of a `calibration_curve`; NaN when it is empty.

    It is the mean distance between the stated probability and the share that is right, weighted
    by the rows of each bin: C. Guo et al., "On calibration of modern neural networks", ICML 2017,
    equation 5.
    """
    require(curve, ["n", "probability", "share"])
    n = curve["n"].sum()
    if n == 0:
        return math.nan
    return float(((curve["probability"] - curve["share"]).abs() * curve["n"]).sum() / n)
