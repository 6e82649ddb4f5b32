"""What is counted per condition and over all: every column, and whose intervals are whose."""

from __future__ import annotations

import pandas as pd

from experiments import metrics
from experiments.metrics.intervals import clustered, share_of

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
    assert over_all[["low", "high"]].tolist() == [alike.low, alike.high]
    cells = metrics.summary(rows, 0.5)
    in_cell = cells[cells["metric"] == "top1"].iloc[0]
    assert in_cell[["low", "high"]].tolist() == [independent.low, independent.high]


def test_the_summary_has_its_columns_in_order_also_without_rows() -> None:
    rows = _asked()
    assert metrics.summary(rows, 0.5).columns.tolist() == COLUMNS
    assert metrics.summary(rows.iloc[:0], 0.5).columns.tolist() == COLUMNS
    assert metrics.overall(rows, 0.5).columns.tolist() == COLUMNS[3:]
