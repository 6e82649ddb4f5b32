"""Comparison at one false-alarm rate, with what is uncertain about the thresholds in the intervals.

Every trial accepts from a threshold that is set for the same rate, by strangers of its own and of
the profile that it starts from (`experiments.calibration.thresholds`). Other strangers would have
set another threshold, and so the accuracy at it is less certain than its queries alone tell.
Here whole works are drawn with replacement [1]_, from the asked songs and the strangers alike;
each draw sets the thresholds anew and counts the accuracy at them. All trials see the same draws,
so that differences are paired.

Shares lie in [0, 1]; differences are B minus A.

References
----------
.. [1] A. C. Davison and D. V. Hinkley, "Bootstrap Methods and their Application", Cambridge
   University Press, 1997, section 3.8.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import betaincinv, ndtri

from experiments import metrics
from experiments.calibration.thresholds import (
    Strangers,
    bounded_log_odds,
    log_odds_of,
    resampled_thresholds,
)
from experiments.metrics.intervals import CONFIDENCE, Bools, effective_n
from experiments.metrics.rows import Floats, probability_of
from experiments.report.study import Result
from experiments.seeds import seeded_rng

N_RESAMPLES = 2000

POWER = 0.8
"""Probability with which a difference of the size that is seen should be shown."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Accuracy of B minus that of A on the ``n`` queries that both were asked.

    ``low`` and ``high`` bound it, thresholds set anew; ``spread`` is its standard deviation.
    """

    n: int
    n_works: int
    difference: float
    low: float
    high: float
    spread: float


def accuracy_interval(result: Result, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return the interval of a trial's accuracy when its threshold is set anew with the works."""
    works = _works(result)
    if len(works) < 2 or _positives(result).empty:
        return 0.0, 1.0
    return _bounds(_accuracies(result, works, _drawn(len(works))), confidence)


def difference(
    a: Result, b: Result, *, confidence: float = CONFIDENCE, n_compared: int = 1
) -> Difference:
    """Return how much more accurate B is, on the queries of indexed songs that both were asked.

    Parameters
    ----------
    a, b : Result
        Trials that were asked the same excerpts.
    confidence : float, in (0, 1), optional
        Coverage of the interval.
    n_compared : int, at least 1, optional
        How many differences are looked at: all of their intervals hold together with this
        confidence (Bonferroni).
    """
    common = sorted(_asked(a) & _asked(b))
    one, other = (_only(result, common) for result in (a, b))
    works = np.union1d(_works(one), _works(other))
    if not common or len(works) < 2:
        return Difference(len(common), len(works), math.nan, -1.0, 1.0, math.nan)
    drawn = _drawn(len(works))
    differences = _accuracies(other, works, drawn) - _accuracies(one, works, drawn)
    now = np.ones((1, len(works)))
    seen = float(_accuracies(other, works, now)[0] - _accuracies(one, works, now)[0])
    low, high = _bounds(differences, 1 - (1 - confidence) / n_compared)
    n_works = len(np.unique(_positives(one)["work"]))
    return Difference(len(common), n_works, seen, low, high, float(np.nanstd(differences)))


def largest_loss(a: Result, b: Result, confidence: float = CONFIDENCE) -> float:
    """Return how much accuracy B may lose against A, with this confidence, as a share.

    It is the larger of two one-sided bounds: that of the bootstrap, and one for the share of
    queries that A alone gets right. Where the two agree on every query, no resample shows a loss,
    and yet a few dozen queries cannot rule one out: the second bound is that of Jeffreys, for as
    many queries as there would be independent ones.

    Parameters
    ----------
    a, b : Result
        Trials that were asked the same excerpts.
    confidence : float, in (0.5, 1), optional
        Probability with which the loss is no larger.
    """
    common = sorted(_asked(a) & _asked(b))
    if not common:
        return 1.0
    found = difference(a, b, confidence=2 * confidence - 1)
    right_a, right_b, works = _rights(_only(a, common), _only(b, common))
    lost, won = right_a & ~right_b, right_b & ~right_a
    n = effective_n(lost, works)
    n_lost = max(float(lost.mean() - won.mean()), 0.0) * n
    bound = float(betaincinv(n_lost + 0.5, n - n_lost + 0.5, confidence))
    return max(-found.low, bound)


def works_to_settle(found: Difference, n_compared: int = 1) -> int | None:
    """Return how many works would show the difference that is seen, with a probability of 80%.

    Parameters
    ----------
    found : Difference
        What was found on ``found.n_works`` works. A difference from ten times as many works
        would spread √10 times less.
    n_compared : int, at least 1, optional
        How many comparisons share the error of 5% (Bonferroni).

    Returns
    -------
    int or None
        None where no difference is seen.

    Examples
    --------
    >>> seen = Difference(n=80, n_works=10, difference=0.02, low=-0.02, high=0.06, spread=0.02)
    >>> works_to_settle(seen)
    79
    """
    if not abs(found.difference) > 0 or not found.spread > 0:
        return None
    tail = (1 - CONFIDENCE) / 2 / n_compared
    reach = -float(ndtri(tail)) + float(ndtri(POWER))
    return math.ceil(found.n_works * (reach * found.spread / abs(found.difference)) ** 2)


def _bounds(values: Floats, confidence: float) -> tuple[float, float]:
    tail = (1 - confidence) / 2
    low, high = np.nanquantile(values, [tail, 1 - tail])
    return float(low), float(high)


def _drawn(n_works: int) -> Floats:
    rng = seeded_rng(0, "equal terms")
    return rng.multinomial(n_works, np.full(n_works, 1 / n_works), size=N_RESAMPLES).astype(float)


def _accuracies(result: Result, works: NDArray[np.str_], drawn: Floats) -> Floats:
    """Return the accuracy in each resample (m,), in which works were drawn as often as told."""
    asked = _positives(result)
    row = np.searchsorted(works, asked["work"].to_numpy(str))
    odds = bounded_log_odds(probability_of(asked))
    right = asked["right"].to_numpy(bool)
    # Right answers of each work among the k likeliest of all, so that a threshold is a column.
    likeliest_first = np.argsort(-odds[right], kind="stable")
    n_right = np.zeros((len(works), len(likeliest_first) + 1))
    n_right[row[right][likeliest_first], np.arange(len(likeliest_first)) + 1] = 1.0
    n_right = np.cumsum(n_right, axis=1)
    falling = odds[right][likeliest_first]
    n_accepted = np.searchsorted(-falling, -_thresholds(result, works, drawn), side="right")
    reached = np.einsum("mw,mw->m", drawn, n_right.T[n_accepted])
    with np.errstate(invalid="ignore"):
        shares: Floats = reached / (drawn @ np.bincount(row, minlength=len(works)))
    return shares


def _thresholds(result: Result, works: NDArray[np.str_], drawn: Floats) -> Floats:
    """Return the threshold in each resample, as log-odds (m,)."""
    if result.tail is None:
        return np.full(len(drawn), log_odds_of(result.threshold))
    own = Strangers.of(result.strangers)
    of_own = drawn[:, np.searchsorted(works, own.works)]
    return resampled_thresholds(own, result.tail, result.false_alarm_rate, of_own)


def _works(result: Result) -> NDArray[np.str_]:
    """Return the works of the asked songs and of the strangers of a trial, sorted."""
    asked = _positives(result)["work"].to_numpy(str)
    return np.union1d(asked, result.strangers["work"].to_numpy(str))


def _positives(result: Result) -> pd.DataFrame:
    return result.outcomes[result.outcomes["indexed"]]


def _asked(result: Result) -> set[str]:
    return set(_positives(result)["query"])


def _only(result: Result, queries: Sequence[str]) -> Result:
    """Return a result with these of its queries of indexed songs, in this order."""
    rows = _positives(result).set_index("query").loc[list(queries)].reset_index()
    return replace(result, outcomes=rows)


def _rights(a: Result, b: Result) -> tuple[Bools, Bools, NDArray[np.str_]]:
    """Return which of the same queries each trial accepts and gets right, and their works."""
    right_a, right_b = (
        metrics.verdicts(one.outcomes, one.threshold)["accepted_right"].to_numpy(bool)
        for one in (a, b)
    )
    return right_a, right_b, a.outcomes["work"].to_numpy(str)
