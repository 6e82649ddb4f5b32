"""What answers and an index cost: every column, and what is not known."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from experiments import metrics


def test_latency_has_a_row_per_stage_and_one_for_their_sum() -> None:
    timings = pd.DataFrame(
        {
            "decode_s": [0.0, 0.2],
            "fingerprint_s": [1.0, 3.0],
            "lookup_s": [10.0, 10.0],
            "align_s": [0.0, 100.0],
        }
    )
    stages = pd.Index(["decode", "fingerprint", "lookup", "align", "total"], name="stage")
    expected = pd.DataFrame(
        {
            "p50_s": [0.1, 2.0, 10.0, 50.0, 62.1],
            "p95_s": [0.19, 2.9, 10.0, 95.0, 108.09],  # a twentieth of the way from the larger
            "mean_s": [0.1, 2.0, 10.0, 50.0, 62.1],
            "n": 2,
        },
        index=stages,
    )
    pd.testing.assert_frame_equal(metrics.latency(timings), expected)


def test_latency_of_no_queries_is_not_known() -> None:
    nothing = pd.DataFrame(columns=["decode_s", "fingerprint_s", "lookup_s", "align_s"])
    found = metrics.latency(nothing)
    assert found["n"].tolist() == [0] * 5
    assert found[["p50_s", "p95_s", "mean_s"]].isna().all(axis=None)


@pytest.mark.parametrize(
    ("audio_s", "build_s", "expected"),
    [
        (0.5, 0.25, (20.0, 7200.0, 2.0)),
        (0.5, 0.0, (20.0, 7200.0, math.nan)),
        (0.5, math.nan, (20.0, 7200.0, math.nan)),
        (0.0, 0.25, (math.nan, math.nan, math.nan)),
        (0.0, 0.0, (math.nan, math.nan, math.nan)),
    ],
)
def test_costs_are_known_of_the_shortest_audio_and_of_none_are_not(
    audio_s: float, build_s: float, expected: tuple[float, ...]
) -> None:
    found = metrics.cost(audio_s=audio_s, n_postings=10, file_bytes=1, build_s=build_s)
    assert list(found) == ["postings_per_s", "bytes_per_hour", "ingest_x_real_time"]
    assert tuple(found.values()) == pytest.approx(expected, nan_ok=True)


def test_latency_gives_percentiles_by_stage_and_of_the_sum() -> None:
    timings = pd.DataFrame(
        {"decode_s": np.zeros(101), "fingerprint_s": 0.5, "lookup_s": np.arange(101) / 100}
    ).assign(align_s=1.0)
    found = metrics.latency(timings)
    assert found.index.tolist() == ["decode", "fingerprint", "lookup", "align", "total"]
    assert list(found.loc["lookup", ["p50_s", "p95_s"]]) == pytest.approx([0.5, 0.95])
    assert list(found.loc["total", ["p50_s", "p95_s"]]) == pytest.approx([2.0, 2.45])
    assert metrics.latency(timings.iloc[:0])["p50_s"].isna().all()


def test_cost_is_per_second_and_hour_of_audio() -> None:
    found = metrics.cost(audio_s=7200.0, n_postings=14400, file_bytes=1000, build_s=36.0)
    assert found == {"postings_per_s": 2.0, "bytes_per_hour": 500.0, "ingest_x_real_time": 200.0}
    empty = metrics.cost(audio_s=0.0, n_postings=0, file_bytes=4096)
    assert all(math.isnan(value) for value in empty.values())


def _timed(seconds: list[float]) -> pd.DataFrame:
    """Return timings of so many queries, all of it spent on looking up."""
    rows = pd.DataFrame({"query": [f"q{i}" for i in range(len(seconds))], "lookup_s": seconds})
    return rows.assign(decode_s=0.0, fingerprint_s=0.0, align_s=0.0)


def test_a_ratio_of_times_is_paired_and_bounded_by_order_statistics() -> None:
    rng = np.random.default_rng(2)
    theirs = rng.lognormal(0, 1, 20)  # some queries need ten times as long as others
    factors = np.linspace(1.1, 1.3, 20)
    order = rng.permutation(20)
    mine = _timed(list(theirs * factors)).iloc[order]
    ratio, low, high = metrics.time_ratio(mine, _timed(list(theirs)))
    assert ratio == pytest.approx(np.median(factors))
    assert (low, high) == (pytest.approx(factors[5]), pytest.approx(factors[14]))


def test_the_interval_of_a_ratio_holds_its_median_in_95_of_100_draws() -> None:
    rng = np.random.default_rng(3)
    held = []
    for _ in range(400):
        base = rng.lognormal(0, 1, 20)
        _, low, high = metrics.time_ratio(
            _timed(list(base * rng.lognormal(0.1, 0.3, 20))), _timed(list(base))
        )
        held.append(low <= np.exp(0.1) <= high)
    assert 0.93 <= np.mean(held) <= 0.99


def test_intervals_of_many_ratios_hold_together_in_95_of_100_draws() -> None:
    rng = np.random.default_rng(4)
    held = []
    for _ in range(200):
        base = rng.lognormal(0, 1, 20)
        others = [_timed(list(base * rng.lognormal(0, 0.3, 20))) for _ in range(10)]
        bounds = [
            metrics.time_ratio(other, _timed(list(base)), n_compared=10)[1:] for other in others
        ]
        held.append(all(low <= 1 <= high for low, high in bounds))
    assert 0.93 <= np.mean(held) <= 0.99


@pytest.mark.parametrize(("n_compared", "fewest"), [(1, 6), (10, 9)])
def test_the_fewest_queries_that_bound_a_ratio_do(n_compared: int, fewest: int) -> None:
    mine, theirs = _timed(list(2.0 * np.arange(1, 10))), _timed(list(np.arange(1.0, fewest + 1)))
    assert metrics.time_ratio(mine, theirs, n_compared=n_compared) == (2.0, 2.0, 2.0)
    ratio, low, high = metrics.time_ratio(mine, theirs.iloc[1:], n_compared=n_compared)
    assert (ratio, low, high) == (2.0, 0.0, np.inf)


def test_few_common_queries_bound_no_ratio() -> None:
    ratio, low, high = metrics.time_ratio(_timed([2.0] * 5), _timed([1.0] * 20))
    assert (ratio, low, high) == (2.0, 0.0, np.inf)
    none = metrics.time_ratio(_timed([]), _timed([1.0] * 20))
    assert np.isnan(none[0])


def test_six_common_queries_bound_a_ratio_by_their_extremes() -> None:
    # All six lie on one side of the median with 2 / 2^6 = 3%; five would with 6%.
    mine = _timed([2.0, 7.0, 3.0, 5.0, 4.0, 6.0])
    assert metrics.time_ratio(mine, _timed([1.0] * 6)) == (4.5, 2.0, 7.0)
