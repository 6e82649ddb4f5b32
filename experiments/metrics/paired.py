"""Paired comparison of two configurations, A and B, on the queries that both were asked.

Conventions
-----------
* Two sets of outcome rows (`experiments.evaluation.rows`) are paired by the query's id, its place
  and whether its track is indexed: the same excerpt under the same degradation. The id alone is
  not enough: with another seed, corpus or longest clip it stands for another excerpt. A place that
  neither side knows, of a recording, is the same one. Queries that only one side was asked are
  left out and counted.
* Differences are B minus A, as shares in [-1, 1]. Each side is accepted by its own threshold.
* The p-value is McNemar's, exact and two-sided [1]_: if A and B were equally good, each query
  that only one of them gets right would be the toss of a fair coin. It takes queries to be
  independent.
* The interval is a percentile bootstrap at 95% that draws whole works [2]_, since excerpts of
  one piece are alike. Only when test and interval agree is a difference called real.
* Nothing paired: shares are NaN, the p-value is 1. Fewer than two works: the interval is (-1, 1).

References
----------
.. [1] Q. McNemar, "Note on the sampling error of the difference between correlated proportions
   or percentages", Psychometrika 12, 1947; exact form by the binomial distribution.
.. [2] A. C. Davison and D. V. Hinkley, "Bootstrap Methods and their Application", Cambridge
   University Press, 1997, section 3.8.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import bdtr

from experiments import metrics
from experiments.metrics.counts import counted_by

N_RESAMPLES = 10_000
SIGNIFICANCE = 0.05
CHUNK = 500

SAME_PLACE_S = 0.05
"""Excerpts that start this near to each other are one: they are drawn in blocks of this length,
whose first sample depends on the sample rate."""


@dataclass(frozen=True, slots=True)
class PairedComparison:
    """How two configurations did on the same ``n`` queries of ``n_works`` works.

    ``only_a`` and ``only_b`` count the queries of which the metric is true for one alone, ``low``
    and ``high`` bound ``difference``. ``n_unpaired`` queries were asked of one side only.
    """

    metric: str
    n: int
    n_works: int
    n_unpaired: int
    both: int
    only_a: int
    only_b: int
    neither: int
    difference: float
    low: float
    high: float
    p_value: float
    n_compared: int = 1

    @property
    def share_a(self) -> float:
        """Share of the queries of which the metric is true for A."""
        return (self.both + self.only_a) / self.n if self.n else math.nan

    @property
    def share_b(self) -> float:
        """Share of the queries of which the metric is true for B."""
        return (self.both + self.only_b) / self.n if self.n else math.nan

    @property
    def real(self) -> bool:
        """Whether both the test and the interval speak against chance."""
        p_value = self.p_value * self.n_compared
        return p_value < SIGNIFICANCE and not self.low <= 0 <= self.high


def mcnemar_p(only_a: int, only_b: int) -> float:
    """Return the exact two-sided p-value of McNemar's test; 1 when nothing differs.

    Examples
    --------
    >>> mcnemar_p(0, 5)
    0.0625
    """
    n = only_a + only_b
    return min(1.0, 2.0 * float(bdtr(min(only_a, only_b), n, 0.5))) if n else 1.0


def bootstrap_difference(
    difference: NDArray[np.float64],
    works: NDArray[np.str_],
    rng: np.random.Generator,
    *,
    n_resamples: int = N_RESAMPLES,
    confidence: float = metrics.CONFIDENCE,
) -> tuple[float, float]:
    """Return the interval of a mean difference, by a bootstrap that draws whole works.

    Parameters
    ----------
    difference : float64 (n,), in [-1, 1]
        B minus A for each query.
    works : str (n,)
        The work of each query.
    rng : numpy.random.Generator
        Draws the works; the same state gives the same interval.
    n_resamples : int, at least 1, optional
        How often the works are drawn, with replacement.
    confidence : float, in (0, 1), optional
        Coverage of the interval.

    Returns
    -------
    low, high : float
        (-1, 1) with fewer than two works.

    Examples
    --------
    Four queries from four works: B gets three of them that A misses; they agree on the fourth.

    >>> works = np.array(["a", "b", "c", "d"])
    >>> difference = np.array([1.0, 1.0, 1.0, 0.0])
    >>> bootstrap_difference(difference, works, np.random.default_rng(0))
    (0.25, 1.0)
    """
    names, row = np.unique(works, return_inverse=True)
    if len(names) < 2:
        return -1.0, 1.0
    sums = np.bincount(row, weights=difference)
    sizes = np.bincount(row)
    means = []
    for start in range(0, n_resamples, CHUNK):
        size = min(CHUNK, n_resamples - start)
        drawn = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=size)
        means.append((drawn @ sums) / (drawn @ sizes))
    tail = (1 - confidence) / 2
    low, high = np.quantile(np.concatenate(means), [tail, 1 - tail])
    return float(low), float(high)


def compare(
    a: pd.DataFrame,
    b: pd.DataFrame,
    *,
    thresholds: tuple[float, float],
    rng: np.random.Generator,
    metric: str = "accepted_right",
    n_resamples: int = N_RESAMPLES,
    n_compared: int = 1,
) -> PairedComparison:
    """Return the paired comparison of two sets of outcome rows.

    Parameters
    ----------
    a, b : pandas.DataFrame, a row per query
        Outcome rows, each query once.
    thresholds : (float, float), at least 0
        Probabilities from which A and B accept.
    rng : numpy.random.Generator
        Draws the works of the bootstrap.
    metric : str, optional
        A key of `experiments.metrics.METRICS`; ``false_accept`` is compared over queries of
        left-out tracks, every other one over those of indexed tracks.
    n_resamples : int, at least 1, optional
        How often the works are drawn.
    n_compared : int, at least 1, optional
        How many comparisons are made together.

    Raises
    ------
    ValueError
        When the metric is unknown, or a query comes twice.
    """
    if metric not in metrics.METRICS:
        raise ValueError(f"metric must be one of {', '.join(metrics.METRICS)}, got {metric!r}")
    first, second = (
        _asked(rows, threshold, metric) for rows, threshold in zip((a, b), thresholds, strict=True)
    )
    paired = first.add_suffix("_a").join(second.add_suffix("_b"), how="inner").sort_index()
    is_same = (paired["start_s_a"] - paired["start_s_b"]).abs() < SAME_PLACE_S
    is_same |= paired["start_s_a"].isna() & paired["start_s_b"].isna()
    is_same &= paired["indexed_a"] == paired["indexed_b"]
    paired = paired[is_same & paired["counts_a"]]
    n_asked = int(first["counts"].sum() + second["counts"].sum())
    in_a, in_b = paired["true_a"].to_numpy(bool), paired["true_b"].to_numpy(bool)
    difference = in_b.astype(float) - in_a.astype(float)
    works = paired["work_a"].to_numpy(str)
    confidence = 1 - (1 - metrics.CONFIDENCE) / n_compared
    low, high = bootstrap_difference(
        difference, works, rng, n_resamples=n_resamples, confidence=confidence
    )
    only_a, only_b = int((in_a & ~in_b).sum()), int((in_b & ~in_a).sum())
    return PairedComparison(
        metric=metric,
        n=len(paired),
        n_works=len(np.unique(works)),
        n_unpaired=n_asked - 2 * len(paired),
        both=int((in_a & in_b).sum()),
        only_a=only_a,
        only_b=only_b,
        neither=int((~in_a & ~in_b).sum()),
        difference=float(difference.mean()) if len(paired) else math.nan,
        low=low,
        high=high,
        p_value=mcnemar_p(only_a, only_b),
        n_compared=n_compared,
    )


def _asked(rows: pd.DataFrame, threshold: float, metric: str) -> pd.DataFrame:
    """Return by query: work, place, whether indexed, and whether the metric counts and is true."""
    if rows["query"].duplicated().any():
        twice = rows.loc[rows["query"].duplicated(), "query"].iloc[0]
        raise ValueError(f"the query {twice} comes twice: compare one trial with one other")
    found = metrics.verdicts(rows, threshold)[metric]
    told = rows[["query", "work", "start_s", "indexed"]]
    return told.assign(true=found, counts=counted_by(rows, metric)).set_index("query")


def verdict(comparison: PairedComparison, *, a: str = "A", b: str = "B") -> str:
    """Return what a comparison says, in a plain sentence with the numbers behind it.

    Parameters
    ----------
    comparison : PairedComparison
        As `compare` returns it.
    a, b : str, optional
        What the two configurations are called in the sentence.
    """
    one = comparison
    if not one.n:
        return f"{a} and {b} were not asked a single query in common, so nothing can be said."
    errors = one.metric in {"false_accept", "wrong_name"}
    done = metrics.METRICS[one.metric]
    numbers = (
        f"{b} {one.share_b:.1%} against {a} {one.share_a:.1%} of {one.n} queries from "
        f"{one.n_works} works ({done}); difference {points(one.difference)} points, 95% interval "
        f"{points(one.low)} to {points(one.high)}; {one.only_b} only {b}, {one.only_a} only {a}, "
        f"exact McNemar p {format_p(one.p_value)}"
    )
    if not one.real:
        return f"No difference that these queries can show: {numbers}."
    better = b if (one.difference > 0) != errors else a
    return f"{better} is better: {numbers}."


def points(share: float) -> str:
    """Return a difference of shares in percentage points, with its sign."""
    return f"{round(100 * share, 1) + 0.0:+.1f}".replace("-", "−")


def format_p(p_value: float) -> str:
    """Return a p-value as "= 0.012" or "< 0.001"."""
    return "< 0.001" if p_value < 0.001 else f"= {p_value:.3f}"
