"""Scores of peaks: they find the law that peaks live by, and never hear a work they judge."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from experiments.survival.examples import Examples
from experiments.survival.features import NAMES
from experiments.survival.models import (
    FITS,
    Score,
    cross_scored,
    fit_boosted,
    fit_height,
    fit_linear,
    height,
)
from fpcore.records import DoubleArray
from tests.experiments.survival.synthetic_examples import examples, law


def auc(score: DoubleArray, known: Examples) -> float:
    return float(roc_auc_score(known.found.ravel(), np.repeat(score, known.found.shape[1])))


def test_the_linear_score_finds_the_weights_of_the_law() -> None:
    wanted = law(height_db=1.0, octaves=-2.0)
    known = examples(wanted, n_windows=600)
    model = fit_linear(known, np.arange(len(known.work)))
    np.testing.assert_allclose(model.weights, wanted, atol=0.1)  # 24,000 fates
    assert model.intercept == pytest.approx(0, abs=0.05)


def test_the_boosted_score_also_finds_what_is_not_linear() -> None:
    known = examples(law(), n_windows=200)
    column = known.description[:, NAMES.index("rise_db")]
    lives = np.repeat((np.abs(column) < 0.7)[:, None], 2, axis=1)
    bent = Examples(known.description, lives, known.work, known.window, known.conditions)
    assert auc(cross_scored(bent, fit_linear), bent) < 0.6
    assert auc(cross_scored(bent, fit_boosted), bent) > 0.95


@pytest.mark.parametrize("name", FITS)
def test_fits_are_the_same_each_time(name: str) -> None:
    known = examples(law(height_db=1.0), n_windows=30)
    first, again = (cross_scored(known, FITS[name]) for _ in range(2))
    np.testing.assert_array_equal(first, again)


def test_the_height_needs_no_examples() -> None:
    known = examples(law(), n_windows=4)
    score = fit_height(known, np.arange(0))
    np.testing.assert_array_equal(score(known.description), known.description[:, 0])


def test_each_score_comes_from_a_fit_without_the_works_it_judges() -> None:
    known = examples(law(), n_windows=40)
    judged = []

    def spy(of: Examples, rows: NDArray[np.intp]) -> Score:
        heard = set(of.work[rows])

        def score(description: DoubleArray) -> DoubleArray:
            where = np.isin(of.description[:, 0], description[:, 0])
            judged.append(heard.isdisjoint(of.work[where]))
            return height(description)

        return score

    np.testing.assert_array_equal(cross_scored(known, spy, n_folds=3), known.description[:, 0])
    assert judged == [True] * 3


def test_one_work_alone_is_refused() -> None:
    with pytest.raises(ValueError, match="gather from more works"):
        cross_scored(examples(law(), n_windows=4, n_works=1), fit_height)
