"""Figures of all configurations: which points are marked, and what each value does."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from experiments.report import labels, tables
from experiments.report.figures.configurations import (
    all_conditions,
    interaction,
    parameter,
    pareto,
)
from experiments.report.study import Study

FAN_OUT = "fingerprint.pairs.fan_out"
DENSITY = "fingerprint.peaks.max_peaks_per_s"


def test_dominated_points_are_grey_and_the_baseline_is_marked(board: pd.DataFrame) -> None:
    board = board.assign(pareto=False)
    board.loc[board.index[0], "pareto"] = True
    figure = pareto(board)
    groups = {points.get_label(): points for points in figure.axes[0].collections}
    assert len(np.asarray(groups["dominated"].get_offsets())) == len(board) - 1
    red, green, blue, _ = np.asarray(groups["dominated"].get_facecolor())[0]
    assert red == green == blue
    assert len(np.asarray(groups["baseline"].get_offsets())) == 1
    assert len(np.asarray(groups["recommended"].get_offsets())) == 1


def test_points_that_coincide_share_a_label(board: pd.DataFrame) -> None:
    board = board.assign(accuracy=0.5, bytes_per_hour=1e6, pareto=True)
    [text] = [text.get_text() for text in pareto(board).axes[0].texts]
    assert text.split(", ") == [f"t{i:03d}" for i in range(9)]


def test_the_interval_of_a_time_is_drawn_where_it_is_bounded(board: pd.DataFrame) -> None:
    middle = board["query_p50_s"]
    bounded = board.assign(query_p50_s_low=middle - 1e-3, query_p50_s_high=middle + 1e-3)
    bounded.loc[bounded.index[0], "query_p50_s_high"] = np.inf
    widths = {
        round(float(segment[1, 0] - segment[0, 0]), 6)
        for bars in pareto(bounded).axes[1].containers
        for segment in bars.lines[2][0].get_segments()
    }
    assert widths == {0.0, 2.0}  # in ms


def _cells(ax: Axes) -> dict[tuple[int, int], str]:
    """Return what is written into the cells of a heat map, by row and column."""
    return {
        (round(text.get_position()[1]), round(text.get_position()[0])): text.get_text()
        for text in ax.texts
    }


def test_sizes_that_differ_threefold_are_drawn_on_a_logarithmic_axis(board: pd.DataFrame) -> None:
    sizes, times = pareto(board).axes[:2]
    assert board["bytes_per_hour"].max() > 3 * board["bytes_per_hour"].min()
    assert sizes.get_xscale() == "log"
    alike = board.assign(bytes_per_hour=np.linspace(1e6, 2.9e6, len(board)))
    assert pareto(alike).axes[0].get_xscale() == "linear"
    assert times.get_xlabel() == "time of a query, median [ms], less is better"


def test_a_parameter_has_a_point_a_value_and_a_thin_line_a_setting_of_the_others(
    board: pd.DataFrame, made_up: Study
) -> None:
    figure = parameter(board, made_up, FAN_OUT)
    effect = tables.effect(board, made_up, FAN_OUT)
    accuracy, size, _ = figure.axes
    [points] = [line for line in size.get_lines() if line.get_marker() == "o"]
    np.testing.assert_allclose(np.asarray(points.get_ydata()), 1e-6 * effect["bytes_per_hour"])
    thin = [line for line in accuracy.get_lines() if line.get_linewidth() == 0.9]
    assert len(thin) == board[DENSITY].nunique() == 3
    by_density = board[board[DENSITY] == 5.0].sort_values(FAN_OUT)
    np.testing.assert_allclose(np.asarray(thin[0].get_ydata()), 100 * by_density["accuracy"])
    assert [tick.get_text() for tick in accuracy.get_xticklabels()] == ["3", "5", "10"]
    assert accuracy.get_xlabel() == labels.axis(FAN_OUT)


def test_a_cell_of_two_parameters_pools_the_trials_with_both_values(made_up: Study) -> None:
    ax = interaction(made_up, (FAN_OUT, DENSITY)).axes[0]
    written = _cells(ax)
    assert set(written) == {(row, column) for row in range(3) for column in range(3)}
    wanted = {FAN_OUT: 10, DENSITY: 5.0}
    [result] = [one for one in made_up.results if dict(one.swept) == wanted]
    share = tables.pooled([result])
    expected = f"{100 * share.share:.1f}\n{100 * share.low:.0f}–{100 * share.high:.0f}"
    assert written[2, 0] == expected
    assert (ax.get_ylabel(), ax.get_xlabel()) == (labels.axis(FAN_OUT), labels.axis(DENSITY))


def test_a_pair_of_values_that_was_not_tried_leaves_its_cell_empty(made_up: Study) -> None:
    tried = [one for one in made_up.results if one.swept[FAN_OUT] == 3 or one.swept[DENSITY] == 5]
    ax = interaction(dataclasses.replace(made_up, results=tried), (FAN_OUT, DENSITY)).axes[0]
    assert set(_cells(ax)) == {(0, 0), (0, 1), (0, 2), (1, 0), (2, 0)}


def test_conditions_stand_from_the_easiest_to_the_hardest_and_trials_from_the_best(
    board: pd.DataFrame, made_up: Study
) -> None:
    ax = all_conditions(board, made_up).axes[0]
    columns = [tick.get_text() for tick in ax.get_xticklabels()]
    cells = tables.conditions(made_up.results).groupby("condition")[["n_right", "n"]].sum()
    share = cells["n_right"] / cells["n"]
    assert share[columns].is_monotonic_decreasing
    rows = [tick.get_text() for tick in ax.get_yticklabels()]
    assert [row[:4] for row in rows] == [str(key)[:4] for key in board.index]
    best = made_up.find(str(board.index[0]))
    assert best is not None
    easiest = best.outcomes[best.outcomes["indexed"] & (best.outcomes["condition"] == columns[0])]
    named = easiest["right"] & (easiest["confidence_probability"] >= best.threshold)
    assert _cells(ax)[0, 0] == f"{100 * named.mean():.0f}"
