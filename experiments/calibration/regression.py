"""Logistic regression with a penalty: weights that stay near 0 unless examples speak for more.

With an offset the same serves to move a known model: the offset is what that model says, and the
penalty holds it where examples are silent. Log-odds are natural.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

RIDGE = 0.1
"""Strength of the penalty on the squares of the standardised weights. With ten times
as much, decisions that were fitted to few queries were too timid: `experiments/TRIED.md`."""

CONSTANT = 1e-9
"""Evidence that varies less than this tells nothing and weighs nothing."""


def logistic(
    features: NDArray[np.float64],
    right: NDArray[np.bool_],
    *,
    offset: NDArray[np.float64],
    count: NDArray[np.float64] | None = None,
    ridge: float = RIDGE,
    ridge_intercept: float = 0.0,
) -> tuple[float, NDArray[np.float64]]:
    """Return intercept and weights of a ridge logistic regression, on the scale of the features.

    Parameters
    ----------
    features : float64 (n, k)
        Evidence of each example, in any units: it is standardised for the penalty. A column
        that is constant gets the weight 0.
    right : bool (n,)
        Whether each example is right.
    offset : float64 (n,)
        Log-odds of each example that are known beforehand; the model adds to them.
    count : float64 (n,), optional
        For how many examples each one stands, 1 by default.
    ridge : float, at least 0, optional
        Strength of the penalty on the squares of the standardised weights.
    ridge_intercept : float, at least 0, optional
        The same for the log-odds that the model adds to an example of average features.

    Returns
    -------
    intercept : float
    weights : float64 (k,)

    Examples
    --------
    Right answers have more votes:

    >>> votes = np.array([[1.0], [2.0], [3.0], [7.0], [8.0], [9.0]])
    >>> right = np.array([False, False, False, True, True, True])
    >>> intercept, weights = logistic(votes, right, offset=np.zeros(6))
    >>> bool(weights[0] > 0), round(-intercept / float(weights[0]))  # as likely as not at 5 votes
    (True, 5)
    """
    from scipy.optimize import minimize  # half a second to import

    mean, spread = features.mean(axis=0), features.std(axis=0)
    spread[spread < CONSTANT] = np.inf
    scaled = np.column_stack([np.ones(len(features)), (features - mean) / spread])
    sign = np.where(right, 1.0, -1.0)
    times = np.ones(len(features)) if count is None else count
    penalty = np.concatenate([[ridge_intercept], np.full(features.shape[1], ridge)])

    def loss(model: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        margin = sign * (scaled @ model + offset)
        pull = -sign * expit(-margin) * times
        total = (times * np.logaddexp(0, -margin)).sum() + (penalty * model**2).sum() / 2
        return total, scaled.T @ pull + penalty * model

    start = np.zeros(len(penalty))
    model = minimize(loss, start, jac=True, method="L-BFGS-B", options={"gtol": 1e-6}).x
    weights = model[1:] / spread
    return float(model[0] - weights @ mean), weights
