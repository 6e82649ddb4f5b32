"""Shares with intervals: published values, how often they cover, and worked examples."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments import metrics
from experiments.metrics.intervals import clustered, wilson

# R. G. Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in
# Medicine 17, 1998, table I, method 3: 95%, to four decimals.
PUBLISHED = [
    (81, 263, 0.2553, 0.3662),
    (15, 148, 0.0624, 0.1605),
    (0, 20, 0.0, 0.1611),
    (1, 29, 0.0061, 0.1718),
]


@pytest.mark.parametrize(("n_right", "n", "low", "high"), PUBLISHED)
def test_wilson_gives_the_published_intervals(
    n_right: int, n: int, low: float, high: float
) -> None:
    assert metrics.wilson(n_right, n) == pytest.approx((low, high), abs=5.1e-5)


@settings(deadline=None)
@given(st.integers(1, 500), st.data())
def test_wilson_bounds_are_where_the_score_test_just_does_not_refuse(
    n: int, data: st.DataObject
) -> None:
    n_right = data.draw(st.integers(1, n - 1)) if n > 1 else 0
    for bound in metrics.wilson(n_right, n):
        if 0 < bound < 1:
            score = (n_right / n - bound) / math.sqrt(bound * (1 - bound) / n)
            assert abs(score) == pytest.approx(1.959963984540054, rel=1e-6)


@settings(deadline=None)
@given(st.integers(0, 200), st.integers(0, 200))
def test_wilson_holds_the_share_mirrors_and_stays_in_range(n_right: int, n_wrong: int) -> None:
    n = n_right + n_wrong
    low, high = metrics.wilson(n_right, n)
    assert 0 <= low <= (n_right / n if n else 0.5) <= high <= 1
    assert metrics.wilson(n_wrong, n) == pytest.approx((1 - high, 1 - low), abs=1e-12)


@pytest.mark.parametrize("n", [7, 16])
def test_none_right_may_be_0_and_all_right_may_be_1_to_the_last_bit(n: int) -> None:
    assert wilson(0, n)[0] == 0.0
    assert wilson(n, n)[1] == 1.0


def test_all_but_a_trace_right_is_no_more_than_1() -> None:
    n = 1570437.2036152843  # effective numbers are fractional; here some bounds round beyond 1
    assert all(wilson(n - trace, n)[1] <= 1 for trace in np.arange(1, 20) / 1e7)


@pytest.mark.parametrize(("n_right", "n"), [(-1, 5), (6, 5), (1, 0)])
def test_wilson_refuses_impossible_counts(n_right: int, n: int) -> None:
    with pytest.raises(ValueError, match="n_right must be from 0 to n"):
        metrics.wilson(n_right, n)


@pytest.mark.parametrize("confidence", [0, 1, -0.5, 95])
def test_wilson_refuses_impossible_confidence(confidence: float) -> None:
    with pytest.raises(ValueError, match="confidence must be between 0 and 1"):
        metrics.wilson(1, 2, confidence)


def test_wilson_covers_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    covered = []
    for truth in (0.1, 0.5, 0.93):
        for n_right in rng.binomial(60, truth, size=2000):
            low, high = metrics.wilson(int(n_right), 60)
            covered.append(low <= truth <= high)
    assert 0.93 <= np.mean(covered) <= 0.97  # nominal 0.95; 6000 draws scatter by 0.003


def test_copies_of_rows_add_little_certainty() -> None:
    right = np.arange(40) % 4 > 0
    works = np.arange(40)
    once = metrics.share_of(right)
    found = metrics.clustered(np.repeat(right, 25), np.repeat(works, 25))
    assert (found.n_right, found.n, found.share) == (750, 1000, 0.75)
    # Ten rare rows became 250, which outweigh the assumed likeness; what is left of it shows.
    assert found.low == pytest.approx(once.low, abs=0.005)
    assert found.high == pytest.approx(once.high, abs=0.005)


def test_clusters_of_one_row_each_are_independent_rows() -> None:
    right = np.arange(50) % 3 == 0
    assert metrics.clustered(right, np.arange(50)) == metrics.share_of(right)


def test_one_cluster_counts_as_one_row() -> None:
    found = metrics.clustered(np.ones(100, bool), np.zeros(100))
    assert (found.low, found.high) == metrics.wilson(1, 1)


def test_none_right_is_no_surer_than_one_right() -> None:
    works = np.repeat(np.arange(30), 16)
    none, one = np.zeros(480, bool), np.arange(480) == 7
    bounds = [metrics.clustered(right, works).high for right in (none, one)]
    assert metrics.wilson(0, 480)[1] < bounds[0] < bounds[1] < 2 * bounds[0]


def test_clustered_interval_covers_the_truth_where_the_plain_one_does_not() -> None:
    rng = np.random.default_rng(2)
    plain, widened = [], []
    works = np.repeat(np.arange(40), 12)
    for _ in range(400):
        ease = rng.beta(2, 2, size=40)  # works differ in how easy they are; mean 0.5
        right = rng.random(480) < np.repeat(ease, 12)
        independent, found = metrics.share_of(right), metrics.clustered(right, works)
        plain.append(independent.low <= 0.5 <= independent.high)
        widened.append(found.low <= 0.5 <= found.high)
    assert np.mean(plain) < 0.85
    assert 0.92 <= np.mean(widened) <= 0.98  # 400 draws scatter by 0.011


@pytest.mark.parametrize(
    ("right", "clusters", "effective_n"),
    [
        # Rows of a work are all alike: the design effect of 4 is more than rows can give, so
        # they count as alike by 1, drawn to (2 * 1 + 5 * 0.2) / (2 + 5) = 3/7.
        ("1100", "aabb", 4 / (1 + 3 / 7)),
        # Design effect 1.5 of works of three: alike by 0.25, drawn to 1.75 / 8.
        ("111110100", "aaabbbccc", 9 / (1 + 2 * 1.75 / 8)),
        # The same with right and wrong exchanged.
        ("000001011", "aaabbbccc", 9 / (1 + 2 * 1.75 / 8)),
        # Less alike than by chance counts as not alike: drawn to 1 / 8, rows per work 14 / 6.
        ("110100", "aaabbc", 6 / (1 + (14 / 6 - 1) / 8)),
        # Where all or none are right no likeness can be seen: the assumed 0.2.
        ("1111", "aabb", 4 / 1.2),
        ("0000", "aabb", 4 / 1.2),
        # Works of one row each are independent, whatever is assumed.
        ("1010", "abcd", 4.0),
        # One work alone is as one row.
        ("1101", "aaaa", 1.0),
    ],
)
def test_the_interval_is_that_of_the_effective_number_of_rows(
    right: str, clusters: str, effective_n: float
) -> None:
    rows = np.array(list(right)) == "1"
    found = clustered(rows, np.array(list(clusters)))
    assert (found.n_right, found.n, found.share) == (rows.sum(), len(rows), rows.mean())
    expected = wilson(rows.mean() * effective_n, effective_n)
    assert (found.low, found.high) == pytest.approx(expected)


def test_of_nothing_there_is_no_share_and_it_may_be_any() -> None:
    nothing = metrics.share_of(np.empty(0, np.bool_))
    assert (nothing.n_right, nothing.n) == (0, 0)
    assert math.isnan(nothing.share)
    assert (nothing.low, nothing.high) == (0.0, 1.0)
