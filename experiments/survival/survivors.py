"""How many of the peaks that a score keeps are found again.

Peaks compete within a window of time for the same number of places under every score, so
scores are compared at equal size of the index. Intervals are at 95% and take peaks of one work
for alike.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from experiments.comparison import bootstrap_difference
from experiments.metrics import clustered
from experiments.survival.examples import Examples
from fpcore import peaks
from fpcore.config import FingerprintConfig
from fpcore.records import Constellation, DoubleArray, LongArray, Peaks

ALL = "all"
"""Stands for every condition together."""


def places(config: FingerprintConfig) -> int:
    """Return for how many peaks an index has a place in each window of time; at least 1."""
    density = config.peaks.max_peaks_per_s
    if density is None:
        raise ValueError("nothing is left out without peaks.max_peaks_per_s: set it")
    return max(1, int(density * config.peaks.density_window_s))


def kept(score: DoubleArray, window: LongArray, n_places: int) -> NDArray[np.bool_]:
    """Return which peaks are among the ``n_places`` with the highest score of their window.

    Of equal scores the earlier is kept. ``score`` and ``window`` are (n,), in any order.
    """
    order = np.lexsort((-score, window))
    ordered = window[order]
    rank = np.arange(len(ordered)) - np.searchsorted(ordered, ordered)
    chosen = np.zeros(len(score), bool)
    chosen[order[rank < n_places]] = True
    return chosen


def kept_of_song(maxima: Peaks, score: DoubleArray, config: FingerprintConfig) -> Constellation:
    """Return what an index keeps of a whole song when peaks are paired by ``score`` (n,)."""
    ranked = Peaks(maxima.frame, maxima.bin, score.astype(np.float32), maxima.fraction)
    kept = peaks.thin(ranked, config, config.peaks.max_peaks_per_s)  # by the level: the score
    return peaks.constellation(maxima, config, paired=np.isin(_places(maxima), _places(kept)))


def survival(
    examples: Examples,
    scores: Mapping[str, DoubleArray],
    *,
    n_places: int,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return how the peaks fare that each score keeps, by condition and over all of them.

    Parameters
    ----------
    scores
        A score for each example, by name; the first is compared with.
    n_places
        Peaks kept of each window.
    rng
        Drives the bootstrap of the differences.

    Returns
    -------
    DataFrame
        Columns: score, condition, auc (of all peaks, kept or not), n, share, low, high, and
        difference, difference_low, difference_high: how much larger the share of survivors in a
        window is than under the first score, bootstrapped by work.
    """
    first = kept(next(iter(scores.values())), examples.window, n_places)
    rows = []
    for name, score in scores.items():
        chosen = kept(score, examples.window, n_places)
        for condition in (ALL, *examples.conditions):
            found = _found(examples, condition)
            share = clustered(
                found[chosen].ravel(), np.repeat(examples.work[chosen], found.shape[1])
            )
            difference, low, high = _difference(examples, found, (first, chosen), rng)
            rows.append(
                {
                    "score": name,
                    "condition": condition,
                    "auc": _auc(score, found),
                    "n": share.n,
                    "share": share.share,
                    "low": share.low,
                    "high": share.high,
                    "difference": difference,
                    "difference_low": low,
                    "difference_high": high,
                }
            )
    return pd.DataFrame(rows)


def _places(of: Peaks) -> LongArray:
    return of.frame.astype(np.int64) << 32 | of.bin


def _found(examples: Examples, condition: str) -> NDArray[np.bool_]:
    """Return the fates under one condition, (n, 1), or under all of them."""
    if condition == ALL:
        return examples.found
    return examples.found[:, [examples.conditions.index(condition)]]


def _auc(score: DoubleArray, found: NDArray[np.bool_]) -> float:
    """Return how often a peak that is found outranks one that is not; NaN without one of them."""
    if found.all() or not found.any():
        return float("nan")
    return float(roc_auc_score(found.ravel(), np.repeat(score, found.shape[1])))


def _difference(
    examples: Examples,
    found: NDArray[np.bool_],
    choices: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    rng: np.random.Generator,
) -> tuple[float, float, float]:
    """Return by how much the second choice survives better, with the bounds of its interval."""
    _, first_row, row = np.unique(examples.window, return_index=True, return_inverse=True)
    weight = choices[1].astype(float) - choices[0].astype(float)
    gained = np.bincount(row, weights=weight * found.mean(axis=1))
    share = gained / np.bincount(row, weights=choices[0])
    low, high = bootstrap_difference(share, examples.work[first_row], rng)
    return float(share.mean()), low, high
