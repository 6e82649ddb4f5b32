"""The penalised regression: against scikit-learn, and what offset, counts and penalties do."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from experiments.calibration.regression import RIDGE, logistic


@pytest.mark.parametrize("ridge", [RIDGE, 20.0, 200.0])
def test_without_an_offset_the_regression_is_that_of_scikit_learn(ridge: float) -> None:
    rng = np.random.default_rng(1)
    features = rng.normal(size=(500, 3)) * [1.0, 5.0, 0.1] + [0.0, 3.0, -2.0]
    right = rng.random(500) < 1 / (1 + np.exp(-(features @ [1.0, 0.3, -4.0] - 9.0)))
    mean, spread = features.mean(axis=0), features.std(axis=0)
    model = LogisticRegression(C=1 / ridge, max_iter=1000, tol=1e-8)
    model.fit((features - mean) / spread, right)
    intercept, weights = logistic(features, right, offset=np.zeros(500), ridge=ridge)
    np.testing.assert_allclose(weights * spread, model.coef_[0], atol=1e-3)
    assert intercept + weights @ mean == pytest.approx(model.intercept_[0], abs=1e-3)


def test_a_constant_column_weighs_nothing_and_takes_no_part() -> None:
    rng = np.random.default_rng(3)
    telling, right = rng.normal(size=(50, 1)), rng.random(50) < 0.5
    with_constant = np.column_stack([telling, np.full(50, 7.0)])
    intercept, weights = logistic(with_constant, right, offset=np.zeros(50))
    alone = logistic(telling, right, offset=np.zeros(50))
    assert weights[1] == 0
    assert (intercept, weights[0]) == pytest.approx((alone[0], alone[1][0]))


def test_what_is_known_of_the_odds_is_not_fitted_again() -> None:
    rng = np.random.default_rng(2)
    features, offset = rng.normal(size=(4000, 1)), rng.normal(scale=3.0, size=4000)
    right = rng.random(4000) < 1 / (1 + np.exp(-(2.0 * features[:, 0] + offset - 1.0)))
    intercept, [weight] = logistic(features, right, offset=offset)
    assert (intercept, weight) == pytest.approx((-1.0, 2.0), abs=0.2)


def test_few_examples_are_believed_nearly_as_they_are() -> None:
    """Of two examples apart by two standard deviations the best weight is known by a formula."""
    _, [weight] = logistic(np.array([[-1.0], [1.0]]), np.array([False, True]), offset=np.zeros(2))
    # Where the derivative of the loss is 0; a strong penalty would hold the weight near 0.
    assert 2 / (1 + np.exp(weight)) == pytest.approx(0.1 * weight, abs=1e-5)
    assert weight > 2


def test_an_example_that_counts_thrice_is_three_examples() -> None:
    rng = np.random.default_rng(5)
    features, right = rng.normal(size=(60, 2)), rng.random(60) < 0.4
    count = np.where(right, 3.0, 1.0)
    counted = logistic(features, right, offset=np.zeros(60), count=count, ridge=0.0)
    again = np.repeat(np.arange(60), count.astype(int))
    repeated = logistic(features[again], right[again], offset=np.zeros(len(again)), ridge=0.0)
    assert counted[0] == pytest.approx(repeated[0], abs=1e-3)
    np.testing.assert_allclose(counted[1], repeated[1], atol=1e-3)


def test_a_strong_penalty_holds_the_known_model_and_a_weak_one_lets_it_go() -> None:
    rng = np.random.default_rng(6)
    features = rng.normal(size=(400, 1))
    right = rng.random(400) < 1 / (1 + np.exp(-(3.0 * features[:, 0] + 1.0)))
    known = np.zeros(400)
    held = logistic(features, right, offset=known, ridge=1e6, ridge_intercept=1e6)
    free = logistic(features, right, offset=known, ridge=1e-3, ridge_intercept=1e-3)
    assert abs(held[0]) < 1e-3
    assert abs(held[1][0]) < 1e-3
    assert free[0] == pytest.approx(1.0, abs=0.5)
    assert free[1][0] == pytest.approx(3.0, abs=0.8)
