"""Pictures of a report: which there are, drawn without a warning, and of sparse studies too."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.report import pictures, study, tables
from tests.experiments.report import synthetic_runs


def drawn(figure: Figure) -> list[Axes]:
    """Draw a figure to its end; return its axes that say something on their x axis."""
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=40)
    assert content.getvalue().startswith(b"\x89PNG")
    return [ax for ax in figure.axes if ax.get_xlabel()]


def all_figures(found: study.Study) -> dict[str, pictures.Picture]:
    board = tables.leaderboard(found)
    shown = [
        *pictures.tradeoff(board),
        *pictures.parameter(found, board),
        *pictures.robustness(found, board),
        *pictures.trust(found, board),
        *pictures.cost(found, board),
    ]
    return {picture.name: picture for picture in shown}


def test_every_figure_draws_and_has_units_on_its_axes(made_up: study.Study) -> None:
    shown = all_figures(made_up)
    assert set(shown) == {
        "pareto",
        "parameter-fingerprint-pairs-fan_out",
        "parameter-fingerprint-peaks-max_peaks_per_s",
        "pair-fan_out-max_peaks_per_s",
        "conditions",
        "all-conditions",
        "det",
        "calibration",
        "strangers",
        "latency",
    }
    unitless = {
        "degradation",
        "probability of the likeliest song",
        "stated probability of the best candidate",
    }
    for picture in shown.values():
        axes = drawn(picture.figure)
        assert axes
        for ax in axes:
            assert "[" in ax.get_xlabel() or ax.get_xlabel() in unitless, picture.name
        assert picture.caption


@pytest.mark.parametrize(
    "changes",
    [
        {"fingerprint": {}},
        {"fingerprint": {}, "profiles": ["balanced", "seed"], "clip_lengths_s": [5]},
        {"fingerprint": {}, "query": {"n_shifts": [1, 2]}, "degradations": ["clean"]},
        {"fingerprint": {"peaks.max_peaks_per_s": [5.0, None]}},
    ],
    ids=["one-trial", "two-profiles", "query-alone", "none-among-numbers"],
)
def test_other_shapes_of_sweep_draw_too(tmp_path: Path, changes: dict[str, Any]) -> None:
    run = synthetic_runs.write_run(tmp_path / "run", synthetic_runs.spec(**changes))
    for picture in all_figures(study.load([run.path])).values():
        drawn(picture.figure)


def test_rows_without_negatives_without_times_and_all_right_draw_too(made_up: study.Study) -> None:
    bare = [
        dataclasses.replace(
            result,
            outcomes=result.outcomes[result.outcomes["indexed"]].assign(
                right=True, confidence_probability=1.0
            ),
            timings=result.timings.iloc[:0],
            index={**result.index, "ingest_x_real_time": np.nan},
        )
        for result in made_up.results
    ]
    for picture in all_figures(dataclasses.replace(made_up, results=bare)).values():
        drawn(picture.figure)


def test_results_in_depth_are_named_by_what_they_are_and_each_comes_once(
    made_up: study.Study, board: pd.DataFrame
) -> None:
    best = made_up.find(str(board.index[0]))
    recommended = made_up.find(str(board.index[board["recommended"]][0]))
    assert best is recommended is not None
    shown = pictures.compared(made_up, board)
    assert list(shown) == ["t008, recommended, most accurate", "t004, baseline"]
    assert shown["t008, recommended, most accurate"] is best
    lost = dataclasses.replace(made_up, baseline=None)
    assert list(pictures.compared(lost, board)) == ["t008, recommended, most accurate"]
