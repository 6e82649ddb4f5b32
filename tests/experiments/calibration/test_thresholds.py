"""Thresholds: counted on many strangers, and on few with those of the profile counted in."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from experiments.calibration import thresholds
from experiments.calibration.thresholds import (
    HARDEST,
    MOST_CAUTIOUS,
    PRIOR_STRANGERS,
    Strangers,
    Tail,
    log_odds_of,
    pooled_threshold,
    resampled_thresholds,
    stated_rate,
    strangers_of,
    threshold_for,
)
from fpcore.config import Decision

TAIL = Tail(log_odds=0.5, rate=0.003)
RATE = 0.005


def _strangers(probabilities: list[float]) -> pd.DataFrame:
    """Return a query of an unknown work for each probability."""
    works = [f"w{number}" for number in range(len(probabilities))]
    return pd.DataFrame({"work": works, "probability": probabilities})


@pytest.mark.parametrize("probability", [0.3, 1 - 1e-11, 1 - 1e-13, 1 - 2**-53])
@pytest.mark.parametrize("rate", [0.01, 0.25])
def test_equal_strangers_are_all_rejected_when_they_are_too_many(
    probability: float, rate: float
) -> None:
    surest = _strangers([probability] * 6 + [0.1] * 4)
    threshold = threshold_for(surest, rate)
    assert probability < threshold <= 1


def test_the_threshold_lies_between_the_rejected_and_the_accepted_stranger() -> None:
    spread = _strangers([0.9, 0.5, 0.2, 0.1])
    assert threshold_for(spread, 0.25) == pytest.approx(0.75)  # odds 9 and 1: 3
    assert threshold_for(spread, 0.0) == pytest.approx(1 / (1 + np.exp(-1) / 9))


def test_every_work_weighs_the_same_however_often_it_was_asked() -> None:
    often = pd.DataFrame({"work": ["a"] * 6, "probability": [0.99, 0.98, 0.97, 0.96, 0.95, 0.94]})
    once = pd.DataFrame({"work": ["b", "c", "d"], "probability": [0.6, 0.5, 0.4]})
    asked = pd.concat([once, often], ignore_index=True)
    # One of four works may be named: that is "a", with all of its queries.
    assert 0.6 < threshold_for(asked, 0.25) < 0.94
    # Half of its queries are an eighth of the works.
    assert 0.96 < threshold_for(asked, 0.125) < 0.97
    assert threshold_for(asked, 0.5) < 0.6


def test_where_all_strangers_may_be_named_the_threshold_is_the_least_likely_one() -> None:
    assert threshold_for(_strangers([0.8, 0.5, 0.2]), 1.0) == pytest.approx(0.2)


def test_above_strangers_that_are_certain_lies_no_threshold() -> None:
    assert threshold_for(_strangers([1.0] * 6 + [0.1] * 4), 0.25) == 1.0


def _of(log_odds: list[float]) -> Strangers:
    return Strangers.of(_strangers([float(expit(one)) for one in log_odds]))


def _lowest() -> float:
    return float(TAIL.reached_by(RATE / HARDEST))


def test_without_own_strangers_the_threshold_is_that_of_the_profile_for_half_the_rate() -> None:
    threshold = pooled_threshold(_of([]), TAIL, RATE)
    assert log_odds_of(threshold) == pytest.approx(_lowest())
    assert TAIL.rate_from(log_odds_of(threshold)) == pytest.approx(RATE / HARDEST)


def test_one_odd_stranger_moves_a_threshold_little_and_never_to_one() -> None:
    usual = [-9.0] * 59
    calm, odd = (pooled_threshold(_of([*usual, one]), TAIL, RATE) for one in (-9.0, 25.0))
    assert threshold_for(_strangers([1.0] + [0.01] * 59), RATE) > 0.999  # counted alone
    assert calm <= odd < 0.8


def test_strangers_lower_no_threshold_below_that_of_the_profile() -> None:
    assert log_odds_of(pooled_threshold(_of([-9.0] * 3000), TAIL, RATE)) == pytest.approx(_lowest())


def test_many_strangers_that_are_named_raise_the_threshold_above_them_all_but_the_rate() -> None:
    rng = np.random.default_rng(1)
    own = _of(list(rng.normal(1.0, 0.4, 20_000)))
    threshold = pooled_threshold(own, TAIL, RATE)
    named = float((own.log_odds >= log_odds_of(threshold)).mean())
    assert named == pytest.approx(RATE, rel=0.1)


def test_songs_that_share_a_passage_with_strangers_do_not_lock_everything_out() -> None:
    threshold = pooled_threshold(_of([30.0] * 20 + [-9.0] * 40), TAIL, RATE)
    assert log_odds_of(threshold) == pytest.approx(float(TAIL.reached_by(RATE / MOST_CAUTIOUS)))
    found = stated_rate(_of([30.0] * 20 + [-9.0] * 40), TAIL, threshold)
    assert found.n_named == 20
    assert found.rate > 10 * RATE  # and the rate that is stated says so
    assert found.low > RATE


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("n_a_work", [1, 4])
def test_the_threshold_is_the_lowest_at_which_the_pooled_rate_is_kept(
    seed: int, n_a_work: int
) -> None:
    """Against a search through all log-odds in small steps."""
    rng = np.random.default_rng(seed)
    asked = _strangers(list(expit(rng.normal(-1.5, 1.5, rng.integers(5, 400)))))
    own = Strangers.of(asked.assign(work=[f"w{row // n_a_work}" for row in asked.index]))
    highest = float(TAIL.reached_by(RATE / MOST_CAUTIOUS))
    expected = highest
    for odds in np.arange(_lowest(), highest, 1e-3):
        named = own.count[own.log_odds >= odds].sum() + PRIOR_STRANGERS * TAIL.rate_from(odds)
        if named <= RATE * (own.total + PRIOR_STRANGERS):
            expected = odds
            break
    assert log_odds_of(pooled_threshold(own, TAIL, RATE)) == pytest.approx(expected, abs=2e-3)


def test_a_resample_in_which_a_work_comes_twice_is_that_of_two_such_works() -> None:
    odds = [2.0, 1.0, 0.9, 0.8, -3.0, -4.0]
    own = _of(odds)
    drawn = np.array([[2.0, 0.0, 1.0, 1.0, 1.0, 1.0]])
    [twice] = resampled_thresholds(own, TAIL, 0.1, drawn)
    again = _of([2.0, 2.0, 0.9, 0.8, -3.0, -4.0])
    assert twice == pytest.approx(log_odds_of(pooled_threshold(again, TAIL, 0.1)), abs=1e-6)


def test_each_resample_has_a_threshold_of_its_own() -> None:
    own = _of([3.0, 2.0, 1.5, 1.0, -3.0, -4.0])
    drawn = np.array([[0, 0, 1, 1, 2, 2], [3, 1, 0, 0, 1, 1], [1, 1, 1, 1, 1, 1]], float)
    together = resampled_thresholds(own, TAIL, 0.01, drawn)
    alone = [resampled_thresholds(own, TAIL, 0.01, row[None])[0] for row in drawn]
    assert together.tolist() == alone
    assert len(set(alone)) == 3


def test_strangers_at_the_lowest_threshold_are_accepted_there() -> None:
    """Too many of them put the threshold just above."""
    works = np.array([f"w{number}" for number in range(20)])
    own = Strangers(np.full(20, _lowest()), np.ones(20), works, np.arange(20))
    [threshold] = resampled_thresholds(own, TAIL, RATE, np.ones((1, 20)))
    assert threshold == np.nextafter(_lowest(), np.inf)


def test_one_stranger_is_worth_one() -> None:
    assert Strangers.of(_strangers([0.1])).total == pytest.approx(1)


def test_excerpts_of_one_work_count_less_than_those_of_many() -> None:
    many = Strangers.of(_strangers([0.1] * 60))
    one_in_six = Strangers.of(
        pd.DataFrame({"work": [f"w{i % 10}" for i in range(60)], "probability": [0.1] * 60})
    )
    assert many.total == pytest.approx(60)
    assert one_in_six.total == pytest.approx(30)  # alike by 0.2, six a work


def test_the_stated_rate_counts_own_strangers_beside_those_of_the_profile() -> None:
    found = stated_rate(_of([5.0] + [-9.0] * 99), TAIL, float(expit(TAIL.log_odds)))
    expected = (1 + PRIOR_STRANGERS * TAIL.rate) / (100 + PRIOR_STRANGERS)
    assert found.rate == pytest.approx(expected)
    assert (found.n_named, found.n_own, found.n_works) == (1, 100, 100)
    assert found.low < 0.01 < found.high < 0.06


def test_a_stranger_at_the_threshold_is_named() -> None:
    assert stated_rate(_of([1.0, -9.0]), TAIL, float(expit(1.0))).n_named == 1


def test_log_odds_are_bounded_on_both_sides() -> None:
    assert log_odds_of(1.0) == pytest.approx(np.log(1e12), rel=1e-4)
    assert log_odds_of(0.0) == pytest.approx(-log_odds_of(1.0), rel=1e-4)


def test_a_tail_falls_by_e_with_each_scale() -> None:
    assert TAIL.rate_from(TAIL.log_odds) == TAIL.rate
    assert TAIL.rate_from(TAIL.log_odds + TAIL.scale) == pytest.approx(TAIL.rate / np.e)
    assert TAIL.rate_from(-50.0) == 1.0
    assert float(TAIL.reached_by(TAIL.rate)) == TAIL.log_odds


def test_the_tail_of_a_decision_is_told_by_its_threshold_and_rate() -> None:
    model = Decision(intercept=0.0, weights={}, threshold=0.6, false_alarm_rate=0.01)
    tail = Tail.of(model)
    assert tail.rate == 0.01
    assert tail.log_odds == pytest.approx(np.log(0.6 / 0.4))


def test_strangers_are_told_by_what_they_were_asked_of() -> None:
    held_out = pd.DataFrame(
        {
            "query": ["a", "b", "b", "c"],
            "asked_of": ["whole", "others", "whole", "part"],
            "condition": "clean",
            "clip_s": 5.0,
            "work": ["a", "b", "b", "c"],
            "indexed": [False, False, True, False],
            "probability": [0.1, 0.2, 0.9, 0.3],
        }
    )
    found = strangers_of(held_out)
    assert list(found) == ["query", "condition", "clip_s", "work", "kind", "probability"]
    assert found.index.tolist() == [0, 1, 2]
    assert found["query"].tolist() == ["a", "b", "c"]
    assert found["kind"].tolist() == [thresholds.KINDS[one] for one in ("whole", "others", "part")]


@pytest.mark.parametrize(("moved", "followed"), [(2.0, 2.0), (0.0, 0.0), (-2.0, 0.0)])
def test_the_known_strangers_follow_a_decision_that_rises(moved: float, followed: float) -> None:
    before = np.array([-6.0, -5.0, -1.0, 0.0])
    now = before + moved + np.array([9.0, 9.0, -0.5, 0.5])  # the farther half tells nothing
    rows = _strangers([*expit(now)]).assign(base_probability=expit(before))
    assert TAIL.carried_over(rows).log_odds == pytest.approx(TAIL.log_odds + followed)
    assert TAIL.carried_over(rows).rate == TAIL.rate
    assert TAIL.carried_over(rows.drop(columns="base_probability")) == TAIL
    assert TAIL.carried_over(rows[:0]) == TAIL
