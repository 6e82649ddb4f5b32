"""What is counted per condition and over all: every column, and whose intervals are whose."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments import metrics
from experiments.metrics.intervals import clustered, share_of
from tests.experiments.metrics.material import SIX, Row, outcomes, random_rows

COLUMNS = ["condition", "clip_s", "metric", "n_right", "n", "share", "low", "high"]


def _asked() -> pd.DataFrame:
    """Return forty queries of four works, of which two were recognised each time."""
    works = [f"w{number % 4}" for number in range(40)]
    right = [work in {"w0", "w1"} for work in works]
    return pd.DataFrame(
        {
            "condition": "clean",
            "clip_s": 5.0,
            "work": works,
            "indexed": True,
            "right": right,
            "probability": 0.9,
            "same_passage": right,
            "offset_error_s": 0.0,
        }
    )


def test_over_all_rows_those_of_one_work_are_alike_and_in_a_cell_they_are_not() -> None:
    rows = _asked()
    right, works = rows["right"].to_numpy(), rows["work"].to_numpy(str)
    alike, independent = clustered(right, works), share_of(right)
    assert alike.high - alike.low > 1.3 * (independent.high - independent.low)
    over_all = metrics.overall(rows, 0.5).loc["top1"]
    assert list(over_all[["low", "high"]]) == [alike.low, alike.high]
    cells = metrics.summary(rows, 0.5)
    in_cell = cells[cells["metric"] == "top1"].iloc[0]
    assert in_cell[["low", "high"]].tolist() == [independent.low, independent.high]


def test_the_summary_has_its_columns_in_order_also_without_rows() -> None:
    rows = _asked()
    assert metrics.summary(rows, 0.5).columns.tolist() == COLUMNS
    assert metrics.summary(rows.iloc[:0], 0.5).columns.tolist() == COLUMNS
    assert metrics.overall(rows, 0.5).columns.tolist() == COLUMNS[3:]


def test_summary_counts_as_defined() -> None:
    found = metrics.summary(SIX, threshold=0.75).set_index("metric")
    counts = dict(zip(found.index, zip(found["n_right"], found["n"], strict=True), strict=True))
    assert counts == {
        "top1": (3, 4),
        "accepted_right": (2, 4),
        "within_50ms": (2, 4),  # 50 ms itself is within
        "same_passage": (3, 4),
        "within_500ms": (2, 4),
        "wrong_name": (0, 4),
        "false_accept": (1, 2),  # a probability equal to the threshold is accepted
    }
    assert tuple(found.loc["top1", ["low", "high"]]) == metrics.wilson(3, 4)
    lower = metrics.summary(SIX, threshold=0.7).set_index("metric")
    assert lower.loc["wrong_name", "n_right"] == 1


@settings(deadline=None)
@given(random_rows, st.sampled_from([0.0, 0.25, 0.6, 1.0]))
def test_summary_equals_a_loop_over_the_rows(rows: list[Row], threshold: float) -> None:
    expected = dict.fromkeys(metrics.METRICS, 0)
    for indexed, right, probability, error_s, same in rows:
        accepted = probability >= threshold
        expected["top1"] += indexed and right
        expected["accepted_right"] += indexed and right and accepted
        expected["within_50ms"] += indexed and right and abs(error_s) <= 0.05
        expected["same_passage"] += indexed and right and same
        expected["within_500ms"] += indexed and right and abs(error_s) <= 0.5
        expected["wrong_name"] += indexed and accepted and not right
        expected["false_accept"] += accepted and not indexed
    found = metrics.overall(outcomes(rows), threshold)
    assert found["n_right"].to_dict() == expected
    n_positives = sum(row[0] for row in rows)
    assert found.loc["top1", "n"] == n_positives
    assert found.loc["false_accept", "n"] == len(rows) - n_positives


def test_summary_has_a_block_per_condition_and_clip_length_in_order() -> None:
    other = SIX.assign(condition="babble 0 dB", clip_s=10.0)
    found = metrics.summary(pd.concat([SIX, other, SIX.assign(clip_s=3.0)]), threshold=0.5)
    cells = found[["condition", "clip_s"]].drop_duplicates()
    assert list(cells.itertuples(index=False, name=None)) == [
        ("babble 0 dB", 10.0),
        ("clean", 3.0),
        ("clean", 5.0),
    ]
    assert found["metric"].tolist() == 3 * list(metrics.METRICS)


def test_nothing_asked_gives_no_share_and_the_widest_interval() -> None:
    nothing = outcomes([])
    assert metrics.summary(nothing, 0.5).empty
    found = metrics.overall(nothing, 0.5)
    assert found["share"].isna().all()
    assert (found["low"] == 0).all()
    assert (found["high"] == 1).all()


def test_all_right_is_one_with_room_for_doubt() -> None:
    perfect = outcomes(30 * [(True, True, 1.0, 0.0, True)] + 30 * [(False, False, 0.0, 0.0, False)])
    found = metrics.overall(perfect, 0.5)
    assert found.loc["accepted_right", "share"] == 1
    assert found.loc["accepted_right", "low"] == pytest.approx(metrics.wilson(30, 30)[0])
    assert found.loc["false_accept", "share"] == 0


def test_out_of_fold_confidence_decides_where_the_rows_have_it() -> None:
    rows = SIX.assign(confidence_probability=0.0)
    assert metrics.overall(rows, 0.5).loc["accepted_right", "n_right"] == 0
    assert metrics.overall(rows, 0.5).loc["top1", "n_right"] == 3


def test_a_negative_threshold_is_refused() -> None:
    with pytest.raises(ValueError, match="threshold must be at least 0"):
        metrics.summary(SIX, -0.1)


def test_verdicts_stand_on_the_index_of_the_rows_and_count_their_limits_as_within() -> None:
    rows = SIX.set_axis(list("abcdef")).assign(offset_error_s=[0.05, 0.5, -0.5, 0.51, 0.0, 0.0])
    found = metrics.verdicts(rows, 0.5)
    assert found.index.tolist() == list("abcdef")
    assert found["within_50ms"].tolist() == [True, False, False, False, False, False]
    assert found["within_500ms"].tolist() == [True, True, True, False, False, False]


def test_places_are_counted_where_they_are_known() -> None:
    rows = _asked().assign(start_s=3.0)
    rows.loc[rows["work"] == "w0", ["start_s", "offset_error_s"]] = float("nan")
    rows.loc[rows["work"] == "w0", "same_passage"] = False
    found = metrics.overall(rows, 0.5)
    assert found["n"].to_dict() == {
        **dict.fromkeys(metrics.METRICS, 40),
        **dict.fromkeys(("within_50ms", "same_passage", "within_500ms"), 30),
        "false_accept": 0,
    }
    assert found.loc["same_passage", "share"] == pytest.approx(10 / 30)
    assert found.loc["top1", "share"] == 0.5
