"""Paired comparison: known p-values, enumerated tests, seeded and clustered intervals."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike

from experiments.metrics import METRICS
from experiments.metrics.paired import (
    bootstrap_difference,
    compare,
    format_p,
    mcnemar_p,
    points,
    verdict,
)


def rows(
    right: ArrayLike,
    works: Sequence[str] | None = None,
    *,
    indexed: bool = True,
    probability: float = 0.9,
) -> pd.DataFrame:
    """Return outcome rows of one query each."""
    found = np.asarray(right, bool)
    n = len(found)
    return pd.DataFrame(
        {
            "query": [f"{'in' if indexed else 'out'}{i:04d}" for i in range(n)],
            "work": works if works is not None else [f"w{i}" for i in range(n)],
            "start_s": 2.5 * np.arange(n),
            "indexed": np.full(n, indexed),
            "right": found,
            "probability": np.broadcast_to(probability, n),
            "offset_error_s": 0.0,
            "same_passage": found,
        }
    )


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def test_mcnemar_gives_known_p_values() -> None:
    # 2 * (1 + 10) / 2**10, 2 / 2**6, and one coin either way.
    assert mcnemar_p(1, 9) == pytest.approx(22 / 1024)
    assert mcnemar_p(6, 0) == pytest.approx(1 / 32)
    assert mcnemar_p(5, 5) == 1
    assert mcnemar_p(0, 0) == 1


@settings(deadline=None)
@given(st.integers(0, 6), st.integers(0, 6))
def test_mcnemar_equals_counting_all_outcomes_of_fair_coins(only_a: int, only_b: int) -> None:
    n, fewest = only_a + only_b, min(only_a, only_b)
    as_uneven = sum(
        min(sum(coins), n - sum(coins)) <= fewest for coins in itertools.product((0, 1), repeat=n)
    )
    assert mcnemar_p(only_a, only_b) == pytest.approx(as_uneven / 2**n)
    assert mcnemar_p(only_a, only_b) == mcnemar_p(only_b, only_a)


def test_a_place_that_neither_side_knows_is_the_same_one() -> None:
    a, b = rows([True, False, True]), rows([True, True, True])
    a["start_s"] = [math.nan, math.nan, 3.0]
    b["start_s"] = [math.nan, 2.0, 3.0]
    paired = compare(a, b, thresholds=(0.5, 0.5), rng=rng())
    assert (paired.n, paired.both, paired.n_unpaired) == (2, 2, 2)


def test_bootstrap_agrees_with_the_normal_interval_for_works_of_one_query() -> None:
    right = np.random.default_rng(1).random(2000) < 0.3
    low, high = bootstrap_difference(right.astype(float), np.arange(2000).astype(str), rng())
    reach = 1.96 * right.std() / math.sqrt(2000)
    # Quantiles of 10,000 resamples scatter by about 0.0003 here.
    assert (low, high) == pytest.approx((right.mean() - reach, right.mean() + reach), abs=0.0015)


def test_copies_of_a_query_add_no_certainty() -> None:
    difference = np.array([1.0, 0.0, 0.0, -1.0, 1.0, 1.0, 0.0, 0.0])
    works = np.array(list("abcdefgh"))
    once = bootstrap_difference(difference, works, rng())
    many = bootstrap_difference(np.repeat(difference, 50), np.repeat(works, 50), rng())
    assert many == pytest.approx(once)


def test_bootstrap_follows_from_the_seed_alone() -> None:
    difference = np.random.default_rng(2).integers(-1, 2, 100).astype(float)
    works = np.arange(100).astype(str)
    assert bootstrap_difference(difference, works, rng()) == bootstrap_difference(
        difference, works, rng()
    )


def test_one_work_says_nothing_about_others() -> None:
    assert bootstrap_difference(np.ones(20), np.full(20, "a"), rng()) == (-1.0, 1.0)


def test_compare_counts_pairs_whatever_the_order_of_the_rows() -> None:
    a = rows([True, True, False, False, False, True, True, True, False, False])
    b = rows([True, False, True, True, True, True, True, True, False, False])
    found = compare(a, b.iloc[::-1], thresholds=(0.5, 0.5), rng=rng())
    assert (found.both, found.only_a, found.only_b, found.neither) == (4, 1, 3, 2)
    assert (found.n, found.n_works, found.n_unpaired) == (10, 10, 0)
    assert found.difference == pytest.approx(0.2)
    assert (found.share_a, found.share_b) == (0.5, 0.7)
    assert found.low <= 0.2 <= found.high


def test_each_side_is_accepted_by_its_own_threshold() -> None:
    a = rows([True] * 4, probability=0.6)
    found = compare(a, a, thresholds=(0.5, 0.7), rng=rng())
    assert (found.only_a, found.only_b) == (4, 0)
    assert compare(a, a, thresholds=(0.5, 0.7), rng=rng(), metric="top1").only_a == 0


def test_only_common_queries_count_and_the_others_are_told() -> None:
    a, b = rows([True] * 6), rows([True] * 10)
    found = compare(a, b, thresholds=(0.5, 0.5), rng=rng())
    assert (found.n, found.n_unpaired) == (6, 4)


def test_queries_of_one_name_are_paired_only_where_they_are_the_same_excerpt() -> None:
    a = rows([True] * 6)
    b = a.assign(
        start_s=a["start_s"] + [0, 0, 4e-5, 0.1, 30, 0], indexed=[True] * 5 + [False]
    )  # the third is at another sample rate, the sixth left out
    found = compare(a, b, thresholds=(0.5, 0.5), rng=rng())
    assert (found.n, found.n_unpaired) == (3, 5)


def test_false_accepts_are_compared_over_left_out_queries_and_fewer_is_better() -> None:
    positives = rows([True] * 10)
    a = pd.concat([positives, rows([False] * 40, indexed=False, probability=0.9)])
    b = pd.concat([positives, rows([False] * 40, indexed=False, probability=0.1)])
    found = compare(a, b, thresholds=(0.5, 0.5), rng=rng(), metric="false_accept")
    assert (found.n, found.only_a, found.only_b, found.n_unpaired) == (40, 40, 0, 0)
    assert verdict(found, a="old", b="new").startswith("new is better: new 0.0% against old 100.0%")


def test_a_clear_gain_is_called_better_with_its_numbers() -> None:
    truth = np.random.default_rng(3).random(300)
    found = compare(rows(truth < 0.7), rows(truth < 0.85), thresholds=(0.5, 0.5), rng=rng())
    said = verdict(found, a="t000", b="t001")
    assert found.real
    assert said.startswith("t001 is better")
    assert f"{found.only_b} only t001, 0 only t000" in said
    assert "p < 0.001" in said


def test_a_gain_within_chance_is_not_called_better() -> None:
    found = compare(rows([True, False] * 10), rows([True, True] * 10), thresholds=(0.5, 0.5),
                    rng=rng())  # fmt: skip
    assert found.real
    small = compare(rows([True, False] * 2), rows([True] * 4), thresholds=(0.5, 0.5), rng=rng())
    assert not small.real
    assert verdict(small).startswith("No difference that these queries can show")


def test_a_gain_on_one_work_alone_is_not_called_better_although_the_coin_test_would() -> None:
    works = ["hymn"] * 30 + [f"w{i}" for i in range(30)]
    a = rows([False] * 30 + [True] * 30, works)
    b = rows([True] * 60, works)
    found = compare(a, b, thresholds=(0.5, 0.5), rng=rng())
    assert found.p_value < 1e-6
    assert not found.real


def test_five_fair_coins_may_all_fall_alike_so_a_gain_of_five_is_not_called_better() -> None:
    a, b = rows([False] * 100), rows([True] * 5 + [False] * 95)
    found = compare(a, b, thresholds=(0.5, 0.5), rng=rng())
    assert found.low > 0  # the interval alone would call it better
    assert found.p_value == 0.0625
    assert not found.real
    six = compare(a, rows([True] * 6 + [False] * 94), thresholds=(0.5, 0.5), rng=rng())
    assert six.real


def test_equal_rows_do_not_differ() -> None:
    found = compare(rows([True, False]), rows([True, False]), thresholds=(0.5, 0.5), rng=rng())
    assert (found.difference, found.low, found.high, found.p_value) == (0, 0, 0, 1)
    assert not found.real


def test_nothing_in_common_is_said_in_words() -> None:
    a, b = rows([True]), rows([True]).assign(query="other")
    found = compare(a, b, thresholds=(0.5, 0.5), rng=rng())
    assert (found.n, found.n_unpaired, found.p_value) == (0, 2, 1.0)
    assert math.isnan(found.difference)
    assert "not asked a single query in common" in verdict(found)
    assert compare(rows([]), rows([]), thresholds=(0.5, 0.5), rng=rng()).n == 0


def test_what_cannot_be_paired_is_refused() -> None:
    once = rows([True, False])
    with pytest.raises(ValueError, match="metric must be one of top1, "):
        compare(once, once, thresholds=(0.5, 0.5), rng=rng(), metric="recall")
    with pytest.raises(ValueError, match="in0000 comes twice"):
        compare(pd.concat([once, once]), once, thresholds=(0.5, 0.5), rng=rng())


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    generator = np.random.default_rng(5)
    works = np.repeat(np.arange(60), 5).astype(str)
    covered = []
    for _ in range(200):
        gain = np.repeat(generator.normal(0.05, 0.1, 60), 5)  # works differ in what they gain
        difference = np.sign(gain) * (generator.random(300) < np.abs(gain))
        low, high = bootstrap_difference(difference, works, generator, n_resamples=500)
        covered.append(low <= 0.05 <= high)
    assert 0.89 <= np.mean(covered) <= 0.99  # nominal 0.95; 200 draws scatter by 0.015


def test_of_comparisons_made_together_each_has_to_be_surer() -> None:
    a, b = rows([False] * 100), rows([True] * 7 + [False] * 93)
    alone, of_four = (compare(a, b, thresholds=(0.5, 0.5), rng=rng(), n_compared=n) for n in (1, 4))
    assert alone.real  # p is 1 in 64
    assert not of_four.real
    difference = np.repeat([1.0, 0.0], [7, 93])
    works = np.array([f"w{i}" for i in range(100)])
    surer = bootstrap_difference(difference, works, rng(), confidence=1 - 0.05 / 4)
    assert (of_four.low, of_four.high) == pytest.approx(surer)


def test_the_interval_is_of_as_many_resamples_as_asked_for() -> None:
    a, b = rows([True, False] * 20), rows([False, False, True, True] * 10)
    one, usual = (compare(a, b, thresholds=(0.5, 0.5), rng=rng(), n_resamples=n) for n in (1, 501))
    assert one.low == one.high  # quantiles of a single mean
    assert usual.low < usual.difference < usual.high


def test_the_interval_is_that_of_the_means_over_the_drawn_works() -> None:
    difference = np.array([1.0, 0.0, -1.0, 1.0, 0.0])
    works = np.array(list("aabcc"))
    sums, sizes = np.array([1.0, -1.0, 1.0]), np.array([2, 1, 2])
    for n_resamples in (3, 501):
        drawn = rng().multinomial(3, [1 / 3] * 3, size=n_resamples)
        expected = np.quantile((drawn @ sums) / (drawn @ sizes), [0.025, 0.975])
        found = bootstrap_difference(difference, works, rng(), n_resamples=n_resamples)
        assert found == pytest.approx(expected)
        # As many draws were taken as asked for: what is drawn next is the same.
        taken = rng()
        bootstrap_difference(difference, works, taken, n_resamples=n_resamples)
        reference = rng()
        reference.multinomial(3, [1 / 3] * 3, size=n_resamples)
        assert taken.bit_generator.state == reference.bit_generator.state


@pytest.mark.parametrize(("metric", "better"), [("accepted_right", "B"), ("wrong_name", "A")])
def test_more_is_better_of_what_is_right_and_worse_of_errors(metric: str, better: str) -> None:
    few, many = [True] * 10 + [False] * 90, [True] * 90 + [False] * 10
    if metric == "wrong_name":  # what is not right is accepted under a wrong name here
        few, many = many, few
    gained = compare(rows(few), rows(many), thresholds=(0.5, 0.5), rng=rng(), metric=metric)
    lost = compare(rows(many), rows(few), thresholds=(0.5, 0.5), rng=rng(), metric=metric)
    assert gained.difference == pytest.approx(0.8)
    assert verdict(gained).startswith(f"{better} is better: B 90.0% against A 10.0% of 100 queries")
    assert verdict(lost).startswith(f"{'AB'.replace(better, '')} is better: B 10.0% against A")
    assert f"({METRICS[metric]}); difference +80.0 points" in verdict(gained)


@pytest.mark.parametrize(
    ("share", "told"),
    [
        (0.12345, "+12.3"),
        (-0.05, "−5.0"),
        (1.0, "+100.0"),
        (0.0, "+0.0"),
        (-0.0004, "+0.0"),
        (-0.0006, "−0.1"),
    ],
)
def test_a_difference_is_told_in_points_with_its_sign(share: float, told: str) -> None:
    assert points(share) == told


@pytest.mark.parametrize(
    ("p_value", "told"),
    [(0.0004, "< 0.001"), (0.001, "= 0.001"), (0.0126, "= 0.013"), (1, "= 1.000")],
)
def test_a_p_value_is_told_to_three_places(p_value: float, told: str) -> None:
    assert format_p(p_value) == told
