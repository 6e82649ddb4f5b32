"""The leaderboard and what follows from it, against slow references and known cases."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments import metrics
from experiments.report import study, tables

levels = st.sampled_from([1.0, 2.0, 3.0])


def board_of(rows: Sequence[tuple[float, float, float]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["accuracy", "query_p50_s", "bytes_per_hour"])


@settings(deadline=None)
@given(st.lists(st.tuples(levels, levels, levels), max_size=12))
def test_pareto_front_equals_a_loop_over_pairs(rows: list[tuple[float, float, float]]) -> None:
    def beats(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
        no_worse = a[0] >= b[0] and a[1] <= b[1] and a[2] <= b[2]
        return no_worse and a != b

    expected = [not any(beats(other, one) for other in rows) for one in rows]
    assert tables.pareto(board_of(rows)).tolist() == expected


def test_what_is_not_known_counts_as_the_worst() -> None:
    board = board_of([(0.5, 1.0, 1.0), (np.nan, 1.0, 1.0), (0.9, np.nan, 1.0)])
    assert tables.pareto(board).tolist() == [True, False, True]


def test_leaderboard_is_sorted_and_carries_what_the_rows_say(
    made_up: study.Study, board: pd.DataFrame
) -> None:
    assert board["accuracy"].is_monotonic_decreasing
    for result in made_up.results:
        row = tables.row(board, result.key)
        rows = result.outcomes
        right = rows["indexed"] & rows["right"]
        accepted = rows["confidence_probability"] >= 0.62
        assert row["accuracy"] == (right & accepted).sum() / rows["indexed"].sum()
        assert row["accuracy_low"] < row["accuracy"] < row["accuracy_high"]
        alarms = (accepted & ~rows["indexed"]).sum() / (~rows["indexed"]).sum()
        assert row["false_accept"] == alarms
        total_s = result.timings.drop(columns="query").sum(axis=1)
        assert row["query_p50_s"] == pytest.approx(total_s.median())
        assert row["fingerprint.pairs.fan_out"] == result.swept["fingerprint.pairs.fan_out"]
    assert board.loc[board["baseline"]].index.tolist() == ["t004-fanout5-density10"]
    assert board["recommended"].sum() == 1
    assert tables.row(board, "t004-fanout5-density10")["difference"] == 0


def test_times_whose_intervals_overlap_put_no_trial_on_or_off_the_front() -> None:
    board = pd.DataFrame(
        {
            "accuracy": [0.9, 0.9, 0.9],
            "query_p50_s": [0.020, 0.021, 0.030],
            "query_p50_s_low": [0.019, 0.020, 0.028],
            "query_p50_s_high": [0.021, 0.022, 0.032],
            "bytes_per_hour": [1e6, 1e6, 1e6],
        }
    )
    assert tables.pareto(board).tolist() == [True, True, False]
    assert tables.pareto(board.assign(bytes_per_hour=[1e6, 9e5, 1e6])).tolist() == [
        False,
        True,
        False,
    ]


def test_a_time_that_cannot_be_told_from_that_of_the_reference_recommends_nothing(
    made_up: study.Study,
) -> None:
    best = max(made_up.results, key=_accuracy)
    times = [f"{stage}_s" for stage in metrics.STAGES]
    quick = best.timings.assign(**{name: best.timings[name] * 0.5 for name in times})
    # As often slower as faster, but faster in the median.
    factors = np.where(np.arange(len(best.timings)) % 2, 0.9, 1.05)
    jitter = best.timings.assign(**{name: best.timings[name] * factors for name in times})
    found = {}
    for key, timings in (("quick", quick), ("jitter", jitter)):
        copy = dataclasses.replace(best, key=key, timings=timings)
        two = dataclasses.replace(made_up, results=[best, copy], baseline=best.key)
        board = tables.leaderboard(two)
        assert tables.row(board, key)["query_p50_s"] != tables.row(board, best.key)["query_p50_s"]
        assert tables.as_fast(board, best.key)[key] == (key == "jitter")
        found[key] = tables.recommended(two, board)
    assert found == {"quick": "quick", "jitter": best.key}


@pytest.mark.parametrize(
    ("factor", "alike"), [(0.80, False), (0.88, True), (1.14, True), (1.20, False)]
)
def test_a_configuration_that_was_timed_twice_is_as_fast_as_itself(
    made_up: study.Study, factor: float, alike: bool
) -> None:
    result = made_up.results[0]
    times = [f"{stage}_s" for stage in metrics.STAGES]
    later = result.timings.assign(**{name: result.timings[name] * factor for name in times})
    copy = dataclasses.replace(result, key="later", timings=later)
    board = tables.leaderboard(
        dataclasses.replace(made_up, results=[result, copy], baseline=result.key)
    )
    assert tables.as_fast(board, result.key)["later"] == alike


def test_a_cheaper_trial_within_the_tolerable_loss_is_recommended(made_up: study.Study) -> None:
    best, *others = made_up.results
    cheap = dataclasses.replace(
        best, key="cheap", index={**best.index, "bytes_per_hour": best.index["bytes_per_hour"] / 2}
    )
    rows = best.outcomes.copy()
    found = metrics.verdicts(rows, best.threshold)["accepted_right"]
    few = rows.index[found][:3]
    worse = rows.assign(right=rows["right"] & ~rows.index.isin(few))
    cheap_but_worse = dataclasses.replace(cheap, outcomes=worse)
    two = dataclasses.replace(made_up, results=[best, cheap_but_worse], baseline=None)
    board = tables.leaderboard(two)
    assert board.index[0] == best.key
    assert board.index[board["recommended"]].tolist() == ["cheap"]
    many = rows.index[found][:40]
    much_worse = rows.assign(right=rows["right"] & ~rows.index.isin(many))
    two = dataclasses.replace(
        made_up, results=[best, dataclasses.replace(cheap, outcomes=much_worse)], baseline=None
    )
    board = tables.leaderboard(two)
    assert board.index[board["recommended"]].tolist() == [best.key]
    assert others


def _with_cheap_copy(
    made_up: study.Study, lost: Callable[[pd.DataFrame], pd.Index[int]]
) -> study.Study:
    """Return a study of its best trial and of a cheaper one that gets these rows wrong."""
    best = max(made_up.results, key=_accuracy)
    worse = best.outcomes.assign(
        right=best.outcomes["right"] & ~best.outcomes.index.isin(lost(_named(best)))
    )
    index = {**best.index, "bytes_per_hour": best.index["bytes_per_hour"] / 2}
    cheap = dataclasses.replace(best, key="cheap", index=index, outcomes=worse)
    return dataclasses.replace(made_up, results=[best, cheap], baseline=None)


def _accuracy(result: study.Result) -> float:
    return float(metrics.overall(result.outcomes, result.threshold)["share"]["accepted_right"])


def _named(result: study.Result) -> pd.DataFrame:
    """Return the rows of a result that are accepted and right."""
    found = metrics.verdicts(result.outcomes, result.threshold)["accepted_right"]
    return result.outcomes[found]


def test_a_loss_within_the_tolerance_is_not_recommended_when_the_test_shows_it(
    made_up: study.Study,
) -> None:
    def one_of_each_work(named: pd.DataFrame) -> pd.Index[int]:
        return named.drop_duplicates("work").index[:8]

    two = _with_cheap_copy(made_up, one_of_each_work)
    best, cheap = two.results
    assert 0 < _accuracy(best) - _accuracy(cheap) < tables.TOLERABLE_LOSS
    assert tables.paired(best, cheap).real
    board = tables.leaderboard(two)
    assert board.index[board["recommended"]].tolist() == [best.key]


def test_a_loss_beyond_two_points_is_not_recommended_though_the_test_cannot_show_it(
    made_up: study.Study,
) -> None:
    def all_of_two_works(named: pd.DataFrame) -> pd.Index[int]:
        most = named["work"].value_counts().index[:2]
        return named[named["work"].isin(most)].index

    two = _with_cheap_copy(made_up, all_of_two_works)
    best, cheap = two.results
    assert 0.02 < _accuracy(best) - _accuracy(cheap) < 0.1
    assert not tables.paired(best, cheap).real
    board = tables.leaderboard(two)
    assert board.index[board["recommended"]].tolist() == [best.key]


def test_effect_pools_the_trials_of_each_value_in_ascending_order(
    made_up: study.Study, board: pd.DataFrame
) -> None:
    effect = tables.effect(board, made_up, "fingerprint.pairs.fan_out")
    assert effect["value"].tolist() == ["3", "5", "10"]
    assert effect["n_trials"].tolist() == [3, 3, 3]
    of_three = board[board["fingerprint.pairs.fan_out"] == 3]
    assert effect["share"][0] == pytest.approx(of_three["accuracy"].mean())
    assert effect["bytes_per_hour"][0] == of_three["bytes_per_hour"].median()
    assert effect["share"].is_monotonic_increasing
