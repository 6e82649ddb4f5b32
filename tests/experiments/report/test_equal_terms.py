"""Comparison at one false-alarm rate: intervals, losses that can be ruled out, and power."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import beta

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


def _of_single_queries(like: study.Result, right: str) -> study.Result:
    """Return a result that gets one query of each work right (r), or not (-), all at once."""
    rows = like.outcomes[like.outcomes["indexed"]].head(1)
    named = [f"w{number:02d}" for number in range(len(right))]
    is_right = np.array([one == "r" for one in right])
    outcomes = pd.concat([rows] * len(right), ignore_index=True).assign(
        query=named,
        work=named,
        right=is_right,
        probability=like.threshold,
        confidence_probability=like.threshold,
    )
    strangers = like.strangers.head(1).assign(work=named[0])
    return dataclasses.replace(like, outcomes=outcomes, strangers=strangers, tail=None)


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


def test_a_difference_spreads_as_far_as_its_interval_tells(results: list[study.Result]) -> None:
    found = difference(results[0], results[4])
    assert found.high - found.low == pytest.approx(2 * 1.96 * found.spread, rel=0.1)
    assert found == difference(results[0], results[4], n_compared=1)


def test_queries_that_only_one_was_asked_play_no_part(results: list[study.Result]) -> None:
    """In whatever order: rows are told apart by their queries."""
    a, b = results[0], results[4]
    half = dataclasses.replace(b, outcomes=b.outcomes[::-2])
    asked = a.outcomes[a.outcomes["query"].isin(half.outcomes["query"])]
    both = difference(dataclasses.replace(a, outcomes=asked), half)
    assert difference(a, half) == both
    assert both.n == len(asked[asked["indexed"]])
    assert both.difference == pytest.approx(_accuracy(half) - _accuracy(_with(a, asked)))


def _with(result: study.Result, outcomes: pd.DataFrame) -> study.Result:
    return dataclasses.replace(result, outcomes=outcomes)


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


def test_of_one_work_or_of_no_query_nothing_is_known(results: list[study.Result]) -> None:
    one, two = (_of_single_queries(results[0], right) for right in ("r", "rr"))
    nothing = dataclasses.replace(results[0], outcomes=results[0].outcomes.iloc[:0])
    assert accuracy_interval(one) == accuracy_interval(nothing) == (0.0, 1.0)
    assert accuracy_interval(two) == (1.0, 1.0)
    assert math.isnan(difference(one, one).difference)
    assert difference(two, two).difference == 0.0


def test_an_answer_just_at_the_threshold_is_accepted(results: list[study.Result]) -> None:
    result = _of_single_queries(results[0], "r" * 8 + "-" * 8)
    low, high = accuracy_interval(result)
    assert 0.1 < low < 0.5 < high < 0.9


def test_an_interval_leaves_out_as_much_on_either_side() -> None:
    assert equal_terms._bounds(np.arange(101.0), 0.9) == pytest.approx((5, 95))


@pytest.mark.parametrize(("right_a", "right_b", "n_lost"), [("r", "-", 1), ("-" * 5, "r" * 5, 0)])
def test_one_query_that_is_lost_bounds_the_loss_as_by_jeffreys(
    results: list[study.Result], right_a: str, right_b: str, n_lost: int
) -> None:
    """Of 40 independent queries, the others right in both; a gain rules no small loss out."""
    a, b = (_of_single_queries(results[0], one.ljust(40, "r")) for one in (right_a, right_b))
    expected = beta.ppf(0.95, n_lost + 0.5, 40 - n_lost + 0.5)
    assert largest_loss(a, b) == pytest.approx(expected)


def test_gains_and_losses_in_many_queries_bound_the_loss_by_their_spread(
    results: list[study.Result],
) -> None:
    a = _of_single_queries(results[0], "r" * 12 + "-" * 10 + "r" * 18)
    b = _of_single_queries(results[0], "-" * 12 + "r" * 28)
    spread = math.sqrt((22 / 40 - (2 / 40) ** 2) / 40)
    # Shares of 40 queries come in steps of 0.025. With 95% on either side it would be 0.28.
    assert largest_loss(a, b) == pytest.approx(2 / 40 + 1.645 * spread, abs=0.02)


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
    found = difference(results[0], renamed)
    assert (found.n, found.n_works, found.low, found.high) == (0, 30, -1.0, 1.0)
    assert math.isnan(found.difference)
    assert math.isnan(found.spread)


def test_no_difference_needs_no_number_of_works() -> None:
    none = Difference(n=80, n_works=10, difference=0.0, low=0.0, high=0.0, spread=0.0)
    assert works_to_settle(none) is None
    assert works_to_settle(dataclasses.replace(none, spread=0.02)) is None
    assert works_to_settle(dataclasses.replace(none, difference=0.02)) is None
    unknown = dataclasses.replace(none, n=0, difference=math.nan, spread=math.nan)
    assert works_to_settle(unknown) is None


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


@pytest.mark.parametrize("log_odds", [0.5, 2.5], ids=["most accepted", "half accepted"])
def test_accuracies_of_resamples_are_those_of_the_rows_repeated(
    results: list[study.Result], log_odds: float
) -> None:
    """Against rows that are repeated as often as their work was drawn, at each threshold."""
    result = dataclasses.replace(results[4], tail=Tail(log_odds=log_odds, rate=0.003))
    works = np.unique(result.outcomes["work"].to_numpy(str))
    drawn = np.random.default_rng(7).multinomial(len(works), np.full(len(works), 1 / len(works)), 5)
    found = equal_terms._accuracies(result, works, drawn.astype(float))
    thresholds = equal_terms._thresholds(result, works, drawn.astype(float))
    rows = result.outcomes[result.outcomes["indexed"]]
    for times, threshold, accuracy in zip(drawn, thresholds, found, strict=True):
        repeated = rows.loc[rows.index.repeat(times[np.searchsorted(works, rows["work"])])]
        odds = np.log(repeated["confidence_probability"] / (1 - repeated["confidence_probability"]))
        assert accuracy == pytest.approx((repeated["right"] & (odds >= threshold)).mean())
