"""What answers and an index cost: every column, and what is not known."""

from __future__ import annotations

import math

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
