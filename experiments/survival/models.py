"""A score for peaks that is higher the likelier they live.

The fate of a peak under each condition counts alike, so a score stands for the mean survival
over all of them. Peaks of one work go into the same fold, since a song's peaks are alike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.model_selection import GroupKFold

from experiments.calibration import logistic
from experiments.survival.examples import Examples
from experiments.survival.features import NAMES
from fpcore.records import DoubleArray

Score = Callable[[DoubleArray], DoubleArray]
"""Ranks peaks by their description: float64 (n, k) -> (n,), the higher the better."""

Fit = Callable[[Examples, NDArray[np.intp]], Score]
"""Learns a score from the given rows of examples."""


@dataclass(frozen=True)
class Linear:
    """A logistic regression: a weight for each column of `features.NAMES`, and an intercept."""

    intercept: float
    weights: tuple[float, ...]

    def __call__(self, description: DoubleArray) -> DoubleArray:
        """Return the log-odds of survival."""
        log_odds: DoubleArray = self.intercept + description @ np.array(self.weights)
        return log_odds


@dataclass(frozen=True)
class Boosted:
    """Boosted trees, which may bend and combine what a linear score only adds up."""

    trees: HistGradientBoostingRegressor

    def __call__(self, description: DoubleArray) -> DoubleArray:
        """Return the expected share of conditions that a peak survives."""
        share: DoubleArray = self.trees.predict(description)
        return share


def height(description: DoubleArray) -> DoubleArray:
    """Return the whitened height: what peaks are ranked by without a model."""
    return description[:, NAMES.index("height_db")]


def fit_height(_examples: Examples, _rows: NDArray[np.intp]) -> Score:
    """Return the height, for which nothing is learned."""
    return height


def fit_linear(examples: Examples, rows: NDArray[np.intp]) -> Linear:
    """Return a logistic regression of each peak's fate under each condition."""
    n_conditions = examples.found.shape[1]
    description = np.repeat(examples.description[rows], n_conditions, axis=0)
    found = examples.found[rows].ravel()
    intercept, weights = logistic(description, found, offset=np.zeros(len(found)))
    return Linear(intercept, tuple(weights.tolist()))


def fit_boosted(examples: Examples, rows: NDArray[np.intp]) -> Boosted:
    """Return boosted trees for the share of conditions that a peak survives."""
    trees = HistGradientBoostingRegressor(
        max_iter=200,
        learning_rate=0.08,
        max_leaf_nodes=15,
        early_stopping=False,
        random_state=0,
    )
    return Boosted(trees.fit(examples.description[rows], examples.found[rows].mean(axis=1)))


FITS: dict[str, Fit] = {"height": fit_height, "linear": fit_linear, "boosted": fit_boosted}
"""The scores that are compared, by name; the first is what the others have to beat."""


def cross_scored(examples: Examples, fit: Fit, *, n_folds: int = 5) -> DoubleArray:
    """Return a score for each example, float64 (n,), from a fit that saw none of its work.

    Raises
    ------
    ValueError
        When the examples are of fewer than two works.
    """
    works = np.unique(examples.work)
    if len(works) < 2:
        raise ValueError("peaks of one work alone cannot be held out: gather from more works")
    score = np.empty(len(examples.work))
    folds = GroupKFold(min(n_folds, len(works)))
    for train, test in folds.split(examples.description, groups=examples.work):
        score[test] = fit(examples, train)(examples.description[test])
    return score
