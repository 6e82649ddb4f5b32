"""Tables of a comparison, counted by hand."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from experiments import metrics
from experiments.studies.peers import tables
from experiments.studies.peers.record import COLUMNS


def outcome(query: str, **changes: Any) -> dict[str, Any]:
    """A right answer to a query of an indexed song of the test half."""
    row = {
        "system": "one", "query": query, "track": query, "work": query, "condition": "clean",
        "clip_s": 10.0, "start_s": 0.0, "indexed": True, "role": "test", "answer": query,
        "right": True, "score": 50.0, "accepted": True, "offset_s": 0.0, "ask_s": 0.2,
        "ask_cpu_s": 0.1, "memory_bytes": 5,
    }  # fmt: skip
    return row | changes


def unknown(query: str, **changes: Any) -> dict[str, Any]:
    """A query of a left-out song that gets the name of another."""
    return outcome(query, **{"indexed": False, "right": False, "answer": "x", **changes})


def frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(COLUMNS["outcomes"]))


def calibration(scores: list[float]) -> list[dict[str, Any]]:
    return [
        unknown(f"c{i}", role="calibration", score=score, accepted=score >= 5)
        for i, score in enumerate(scores)
    ]


def cell(table: pd.DataFrame, **wanted: Any) -> pd.Series[Any]:
    for column, value in wanted.items():
        table = table[table[column] == value]
    assert len(table) == 1
    return table.iloc[0]


def test_the_threshold_lets_the_stated_share_of_calibration_queries_pass() -> None:
    rows = frame(calibration([float(score) for score in range(200)]))
    found = tables.threshold(rows, 0.005)
    assert found.supported
    assert 198 < found.threshold <= 199  # one of 200 reaches it
    assert tables.threshold(rows.iloc[:199], 0.005).threshold > 198
    assert not tables.threshold(rows.iloc[:199], 0.005).supported


def test_test_queries_have_no_say_in_the_threshold() -> None:
    rows = calibration([1.0, 2.0, 3.0])
    with_test = [*rows, unknown("t", score=99.0), outcome("q", score=98.0)]
    alone, beside = (tables.threshold(frame(some), 0.005) for some in (rows, with_test))
    assert alone.threshold == beside.threshold
    assert 3 < alone.threshold < 4


ROWS = frame(
    [
        *calibration([0.0, 6.0, 9.0]),
        outcome("a", score=50.0),
        outcome("b", score=8.0),
        outcome("c", score=7.0, accepted=False),
        outcome("d", score=60.0, right=False, answer="a"),
        outcome("e", score=0.0, right=False, answer="", accepted=False),
        outcome("f", score=12.0, condition="noise"),
        unknown("u", score=6.0),
        unknown("v", score=30.0),
        unknown("w", score=0.0, answer="", accepted=False),
        unknown("z", score=0.0, answer="", accepted=False, condition="noise"),
    ]
)


@pytest.mark.parametrize(
    ("decision", "metric", "condition", "n_right", "n"),
    [
        ("own", "top1", "all", 4, 6),
        ("own", "accepted_right", "all", 3, 6),
        ("own", "accepted_right", "clean", 2, 5),
        ("own", "accepted_right", "noise", 1, 1),
        ("own", "wrong_name", "all", 1, 6),
        ("own", "false_accept", "all", 2, 4),
        ("fixed", "top1", "all", 4, 6),
        ("fixed", "accepted_right", "all", 2, 6),
        ("fixed", "wrong_name", "clean", 1, 5),
        ("fixed", "false_accept", "all", 1, 4),
        ("fixed", "false_accept", "noise", 0, 1),
    ],
)
def test_accuracy_counts_the_test_half(
    decision: str, metric: str, condition: str, n_right: int, n: int
) -> None:
    table = tables.accuracy(ROWS, 0.005)
    found = cell(table, decision=decision, metric=metric, condition=condition)
    assert (found["n_right"], found["n"]) == (n_right, n)
    assert found["share"] == pytest.approx(n_right / n)


def test_intervals_are_those_of_works_and_not_of_queries() -> None:
    right = [True, True, True, False, False, False]
    works = ["p", "p", "p", "r", "r", "r"]
    asked = [
        outcome(f"q{i}", work=work, right=one)
        for i, (one, work) in enumerate(zip(right, works, strict=True))
    ]
    found = cell(
        tables.accuracy(frame([*calibration([1.0]), *asked]), 0.005),
        decision="own", metric="accepted_right", condition="clean",
    )  # fmt: skip
    low, high = metrics.wilson(3, 6)
    assert found["low"] < low
    assert found["high"] > high


def test_a_system_that_names_nobody_has_no_false_alarms_at_any_threshold() -> None:
    silent = {"answer": "", "score": 0.0, "accepted": False, "right": False}
    rows = [unknown(f"u{i}", **silent, role=role) for i, role in enumerate(["calibration", "test"])]
    table = tables.accuracy(frame([*rows, outcome("q", **silent)]), 0.005)
    assert set(table["n_right"]) == {0}


def test_costs_are_of_processor_time_and_count_saving() -> None:
    songs = pd.DataFrame(
        [
            ("one", "a", 60.0, 9.0, 1.0, 9.0, 2.0),
            ("one", "b", 40.0, 9.0, 3.0, 9.0, 2.0),
            ("other", "a", 60.0, 9.0, 9.0, 9.0, 9.0),
        ],
        columns=list(COLUMNS["songs"]),
    )
    indexes = pd.DataFrame(
        [("one", 2, 100.0, 5_000, 250_000, 9.0, 1.0)], columns=list(COLUMNS["indexes"])
    )
    deaths = pd.DataFrame(
        [("one", "learning", "c", ""), ("one", "asking", "q", ""), ("one", "asking", "r", "")],
        columns=list(COLUMNS["deaths"]),
    )
    asked = frame(
        [
            outcome("a", ask_s=0.1, ask_cpu_s=0.01, memory_bytes=7),
            outcome("b", ask_s=0.3, ask_cpu_s=0.03, memory_bytes=9),
            outcome("c", ask_s=0.2, ask_cpu_s=0.02, memory_bytes=8),
            outcome("died", ask_s=float("nan"), ask_cpu_s=float("nan"), memory_bytes=0),
            outcome("s", indexed=False, ask_s=0.4, ask_cpu_s=0.04, memory_bytes=8),
            outcome("t", indexed=False, ask_s=0.2, ask_cpu_s=0.05, memory_bytes=8),
        ]
    )
    costs = tables.costs(["one"], songs=songs, indexes=indexes, outcomes=asked, deaths=deaths)
    expected = {
        "n_songs": 2,
        "audio_s": 100.0,
        "postings_per_s": 50.0,
        "bytes_per_hour": 9e6,
        "ingest_x": 100 / (4 + 4 + 1),
        "ingest_without_decoding_x": 100 / (4 + 1),
        "decoding_x": 100 / 4,
        "save_cpu_s": 1.0,
        "query_p50_s": 0.2,
        "query_p50_cpu_s": 0.03,
        "known_p50_cpu_s": 0.02,
        "unknown_p50_cpu_s": 0.045,
        "query_p95_s": 0.38,
        "memory_bytes": 9,
        "deaths_learning": 1,
        "deaths_asking": 2,
    }
    assert costs.loc["one"].to_dict() == pytest.approx(expected)
