"""Comparison at one false-alarm rate: intervals, losses that can be ruled out, and power."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from experiments import metrics
from experiments.calibration.thresholds import Tail
from experiments.report import equal_terms, study
from experiments.report.equal_terms import (
    Difference,
    accuracy_interval,
    difference,
    largest_loss,
    works_to_settle,
)
from tests.experiments.report.synthetic_runs import write_run


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> list[study.Result]:
    return list(study.load([write_run(tmp_path_factory.mktemp("runs") / "one").path]).results)


def _pooled(result: study.Result) -> study.Result:
    """Return a result whose threshold rests on its strangers and on those of a profile."""
    return dataclasses.replace(result, tail=Tail(log_odds=0.5, rate=0.003))


def _accuracy(result: study.Result) -> float:
    return float(metrics.overall(result.outcomes, result.threshold)["share"]["accepted_right"])


def test_a_trial_does_not_differ_from_itself(results: list[study.Result]) -> None:
    found = difference(results[0], results[0])
    assert (found.difference, found.low, found.high) == (0.0, 0.0, 0.0)


def test_the_difference_is_that_of_the_accuracies_and_lies_in_its_interval(
    results: list[study.Result],
) -> None:
    a, b = results[0], results[4]
    found = difference(a, b)
    assert found.difference == pytest.approx(_accuracy(b) - _accuracy(a))
    assert found.low < found.difference < found.high
    assert (found.n, found.n_works) == (60 * 2 * 4, 30)


def test_many_comparisons_have_wider_intervals(results: list[study.Result]) -> None:
    alone = difference(results[0], results[4])
    of_eight = difference(results[0], results[4], n_compared=8)
    assert of_eight.low < alone.low
    assert of_eight.high > alone.high


def test_uncertain_thresholds_widen_the_interval_of_an_accuracy(
    results: list[study.Result],
) -> None:
    result = results[4]
    hard = result.strangers.assign(
        probability=np.where(np.arange(len(result.strangers)) % 40 == 0, 0.7, 0.05)
    )
    pooled = dataclasses.replace(_pooled(result), strangers=hard)
    low, high = accuracy_interval(result)
    low_pooled, high_pooled = accuracy_interval(pooled)
    assert low < _accuracy(result) < high
    assert high_pooled - low_pooled > high - low


def test_agreement_on_few_queries_rules_no_loss_out_and_on_many_it_does(
    results: list[study.Result],
) -> None:
    whole = results[8]
    few = dataclasses.replace(
        whole, outcomes=whole.outcomes[whole.outcomes["work"].isin(_works(whole)[:4])]
    )
    assert difference(few, few).low == 0
    assert largest_loss(few, few) > 0.05
    assert 0 < largest_loss(whole, whole) < 0.05


def _works(result: study.Result) -> list[str]:
    return sorted(result.outcomes.loc[result.outcomes["indexed"], "work"].unique())


def test_nothing_in_common_rules_nothing_out(results: list[study.Result]) -> None:
    other = results[1].outcomes
    renamed = dataclasses.replace(results[1], outcomes=other.assign(query=other["query"] + "!"))
    assert largest_loss(results[0], renamed) == 1.0
    assert difference(results[0], renamed).n == 0


def test_no_difference_needs_no_number_of_works() -> None:
    none = Difference(n=80, n_works=10, difference=0.0, low=0.0, high=0.0, spread=0.0)
    assert works_to_settle(none) is None
    assert works_to_settle(dataclasses.replace(none, n=0, difference=math.nan)) is None


def test_so_many_works_show_the_difference_four_times_in_five() -> None:
    """Against a simulation: works differ by 3 points on average, spread by 15."""
    rng = np.random.default_rng(3)
    seen = Difference(
        n=200, n_works=20, difference=0.03, low=0, high=0, spread=0.15 / math.sqrt(20)
    )
    n_works = works_to_settle(seen)
    assert n_works is not None
    means = rng.normal(0.03, 0.15, (4000, n_works)).mean(axis=1)
    shown = (means - 1.96 * 0.15 / math.sqrt(n_works) > 0).mean()
    assert shown == pytest.approx(0.8, abs=0.03)


def test_more_comparisons_need_more_works() -> None:
    seen = Difference(n=200, n_works=20, difference=0.03, low=0, high=0, spread=0.03)
    alone, of_ten = works_to_settle(seen), works_to_settle(seen, n_compared=10)
    assert alone is not None
    assert of_ten is not None
    assert of_ten > alone


def test_accuracies_of_resamples_are_those_of_the_rows_repeated(
    results: list[study.Result],
) -> None:
    """Against rows that are repeated as often as their work was drawn, at each threshold."""
    result = _pooled(results[4])
    works = np.unique(result.outcomes["work"].to_numpy(str))
    drawn = np.random.default_rng(7).multinomial(len(works), np.full(len(works), 1 / len(works)), 5)
    found = equal_terms._accuracies(result, works, drawn.astype(float))
    thresholds = equal_terms._thresholds(result, works, drawn.astype(float))
    rows = result.outcomes[result.outcomes["indexed"]]
    for times, threshold, accuracy in zip(drawn, thresholds, found, strict=True):
        repeated = rows.loc[rows.index.repeat(times[np.searchsorted(works, rows["work"])])]
        odds = np.log(repeated["confidence_probability"] / (1 - repeated["confidence_probability"]))
        assert accuracy == pytest.approx((repeated["right"] & (odds >= threshold)).mean())
