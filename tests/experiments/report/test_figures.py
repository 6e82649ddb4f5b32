"""Figures draw without a warning, name their units, and stand sparse and odd studies."""

from __future__ import annotations

import dataclasses
import io

import numpy as np
import pytest

from experiments.report import figures, pictures, study, tables
from tests.experiments.report import synthetic_runs


def drawn(figure):
    """Draw a figure to its end; return its axes that say something on their x axis."""
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=40)
    assert content.getvalue().startswith(b"\x89PNG")
    return [ax for ax in figure.axes if ax.get_xlabel()]


def all_figures(found):
    board = tables.leaderboard(found)
    shown = [
        *pictures.tradeoff(board),
        *pictures.parameter(found, board),
        *pictures.robustness(found, board),
        *pictures.trust(found, board),
        *pictures.cost(found, board),
    ]
    return {picture.name: picture for picture in shown}


def test_every_figure_draws_and_has_units_on_its_axes(made_up):
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
        "latency",
    }
    unitless = {"degradation", "stated probability of the best candidate"}
    for picture in shown.values():
        axes = drawn(picture.figure)
        assert axes
        for ax in axes:
            assert "[" in ax.get_xlabel() or ax.get_xlabel() in unitless, picture.name
        assert picture.caption


def test_dominated_points_are_grey_and_the_baseline_is_marked(made_up):
    board = tables.leaderboard(made_up).assign(pareto=False)
    board.loc[board.index[0], "pareto"] = True
    figure = figures.pareto(board)
    groups = {points.get_label(): points for points in figure.axes[0].collections}
    assert len(groups["dominated"].get_offsets()) == len(board) - 1
    red, green, blue, _ = groups["dominated"].get_facecolor()[0]
    assert red == green == blue
    assert len(groups["baseline"].get_offsets()) == 1
    assert len(groups["recommended"].get_offsets()) == 1


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
def test_other_shapes_of_sweep_draw_too(tmp_path, changes):
    run = synthetic_runs.write_run(tmp_path / "run", synthetic_runs.spec(**changes))
    for picture in all_figures(study.load([run.path])).values():
        drawn(picture.figure)


def test_rows_without_negatives_without_times_and_all_right_draw_too(made_up):
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


def test_points_that_coincide_share_a_label(made_up):
    board = tables.leaderboard(made_up)
    board = board.assign(accuracy=0.5, bytes_per_hour=1e6, pareto=True)
    [text] = [text.get_text() for text in figures.pareto(board).axes[0].texts]
    assert text.split(", ") == [f"t{i:03d}" for i in range(9)]
