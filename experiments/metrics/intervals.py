"""Shares with 95% intervals: of independent queries, and of excerpts that are alike.

Everything here takes counts or booleans, and knows nothing of songs. For independent queries the
interval is Wilson's [1]_. Excerpts of one work tend to be recognised or missed together, so that
fewer of them count as independent; their interval is Wilson's for that effective number [2]_.
How much alike they are cannot be measured where nearly all or nearly none are right: there the
value is drawn towards `ASSUMED_LIKENESS`, which was measured elsewhere.

References
----------
.. [1] E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
   Journal of the American Statistical Association 22, 1927.
.. [2] L. Kish, "Survey Sampling", Wiley, 1965, chapter 5 on the design effect.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

CONFIDENCE = 0.95

ASSUMED_LIKENESS = 0.2
"""Correlation of rows of one work before it is measured: trials on generated songs gave .1-.3."""

LIKENESS_ROWS = 5.0
"""Rows of the rarer outcome at which the measured correlation weighs as much as the assumed."""

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Share:
    """``n_right`` out of ``n`` as a share, with its interval from ``low`` to ``high``."""

    n_right: int
    n: int
    share: float
    low: float
    high: float


def wilson(n_right: float, n: float, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return Wilson's score interval of a share, (0, 1) when ``n`` is 0.

    Parameters
    ----------
    n_right, n : float, 0 <= n_right <= n
        Right answers and queries. They may be fractional: effective numbers.
    confidence : float, in (0, 1), optional
        Coverage of the interval.

    Returns
    -------
    low, high : float
        In [0, 1]. Where all are right the interval still reaches below 1.

    Raises
    ------
    ValueError
        When the counts or the confidence are out of range.

    Examples
    --------
    >>> low, high = wilson(8, 10)
    >>> round(low, 4), round(high, 4)
    (0.4902, 0.9433)
    """
    if not 0 <= n_right <= n:
        raise ValueError(f"n_right must be from 0 to n, got {n_right} of {n}")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must be between 0 and 1, got {confidence}")
    if n == 0:
        return 0.0, 1.0
    z = float(ndtri((1 + confidence) / 2))
    share = n_right / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    reach = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    low = 0.0 if n_right == 0 else max(0.0, middle - reach)
    high = 1.0 if n_right == n else min(1.0, middle + reach)
    return low, high


def share_of(right: Bools) -> Share:
    """Return how many of ``right`` (n,) are true, with Wilson's interval."""
    return _share(int(np.sum(right)), len(right), effective_n=len(right))


def clustered(right: Bools, clusters: NDArray[Any]) -> Share:
    """Return how many of ``right`` (n,) are true, where rows of one cluster are alike.

    ``clusters`` (n,) names the cluster of each row, usually its work. The interval is Wilson's
    for the effective number of rows: n over the design effect. How alike the rows of a cluster
    are is measured, and drawn towards `ASSUMED_LIKENESS` where few rows show it. A single cluster
    counts as one row, since nothing can be measured in it.

    Examples
    --------
    Eight of ten right: ten works say more than five works with two excerpts each.

    >>> right = np.array([True, True, True, True, True, True, True, True, False, False])
    >>> alone = share_of(right)
    >>> pairs = clustered(right, np.array([0, 0, 1, 1, 2, 2, 3, 3, 4, 4]))
    >>> round(alone.low, 2), round(pairs.low, 2)
    (0.49, 0.43)
    """
    return _share(int(np.sum(right)), len(right), effective_n=effective_n(right, clusters))


def _share(n_right: int, n: int, *, effective_n: float) -> Share:
    if n == 0:
        return Share(0, 0, math.nan, 0.0, 1.0)
    share = n_right / n
    low, high = wilson(share * effective_n, effective_n)
    return Share(n_right, n, share, low, high)


def effective_n(right: Bools, clusters: NDArray[Any]) -> float:
    """Return how many independent rows say as much as these, which are alike within clusters.

    That is n over the design effect 1 + (m - 1) r, for rows in clusters of m, alike by r.

    Parameters
    ----------
    right : bool (n,)
        What is true of each row.
    clusters : (n,)
        The cluster of each row.
    """
    n = len(right)
    _, row = np.unique(clusters, return_inverse=True)
    sizes = np.bincount(row)
    if len(sizes) < 2:
        return float(len(sizes))
    size = float(np.sum(sizes**2)) / n
    share = float(np.mean(right))
    alike = 0.0
    if 0 < share < 1 and size > 1:
        residuals = np.bincount(row, weights=np.asarray(right, float)) - share * sizes
        between = len(sizes) / (len(sizes) - 1) * float(np.sum(residuals**2)) / n**2
        design_effect = between / (share * (1 - share) / n)
        alike = min(max((design_effect - 1) / (size - 1), 0.0), 1.0)
    n_rare = n * min(share, 1 - share)
    assumed = ASSUMED_LIKENESS * LIKENESS_ROWS
    alike = (n_rare * alike + assumed) / (n_rare + LIKENESS_ROWS)
    return n / (1 + (size - 1) * alike)
