"""Figures of all configurations at once: the trade-off, and what each swept parameter does to it.

Accuracy is drawn in percent, index size in MB per hour of audio, query time in ms.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from experiments import metrics
from experiments.report import labels, tables
from experiments.report.figures.drawing import (
    DPI,
    FAINT,
    heat_map,
    plain_log_axis,
    reach,
    short,
    wrapped,
    write_in_cell,
)
from experiments.report.study import Study
from fpcore.display.frame import new_figure
from fpcore.display.style import BLACK, BLUE, GREY, ORANGE, PALE, VERMILLION, house_style

N_HEAT_ROWS = 30
"""Most configurations in one heat map."""

NEAR = (0.09, 0.035)
"""Points nearer to each other than these shares of the axes get one label: two would overlap."""

_COSTS = (
    ("bytes_per_hour", "index [MB per hour of audio]", 1e-6),
    ("query_p50_s", "time of a query, median [ms]", 1e3),
)


def pareto(board: pd.DataFrame) -> Figure:
    """Draw accuracy against bytes per hour and against query time.

    Configurations on the Pareto front of all three are blue with their numbers, dominated ones
    grey; the baseline is an orange diamond, the recommended one is ringed.
    """
    with house_style():
        figure = new_figure(10.5, 4.8, dpi=DPI)
        axes = figure.subplots(1, 2, sharey=True)
        for ax, (column, label, unit) in zip(axes, _COSTS, strict=True):
            _tradeoff(ax, board, column, unit)
            ax.set_xlabel(f"{label}, less is better")
        axes[0].set_ylabel("accepted and right\n[% of queries of indexed songs]")
        handles, names = axes[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside upper center", ncols=4)
    return figure


def _tradeoff(ax: Axes, board: pd.DataFrame, column: str, unit: float) -> None:
    groups = (
        (board[~board["pareto"]], PALE, GREY, "o", "dominated"),
        (board[board["pareto"] & ~board["baseline"]], BLUE, BLACK, "o", "on the Pareto front"),
        (board[board["baseline"]], ORANGE, BLACK, "D", "baseline"),
    )
    for order, (rows, colour, edge, marker, name) in enumerate(groups, start=1):
        if rows.empty:
            continue
        x, share = unit * rows[column].to_numpy(float), rows["accuracy"].to_numpy(float)
        bars = reach(share, rows["accuracy_low"].to_numpy(), rows["accuracy_high"].to_numpy())
        ax.errorbar(
            x, 100 * share, xerr=unit * _cost_bars(rows, column), yerr=100 * bars, fmt="none",
            ecolor=colour, elinewidth=1, alpha=0.6, zorder=order,
        )  # fmt: skip
        ax.scatter(
            x, 100 * share, s=46, c=colour, marker=marker, edgecolors=edge, linewidths=0.6,
            label=name, zorder=order + 3,
        )  # fmt: skip
    chosen = board[board["recommended"]]
    ax.scatter(
        unit * chosen[column], 100 * chosen["accuracy"], s=190, facecolors="none",
        edgecolors=VERMILLION, linewidths=1.8, label="recommended", zorder=8,
    )  # fmt: skip
    _wide_axis(ax, unit * board[column].to_numpy(float))
    ax.grid(True, color=FAINT, zorder=0)
    _number_points(ax, board[board["pareto"] | board["baseline"]], column, unit)


def _cost_bars(rows: pd.DataFrame, column: str) -> NDArray[np.float64]:
    """Return how far the interval of a cost reaches, (2, n); 0 where there is none to draw."""
    middle = rows[column]
    low, high = (rows.get(f"{column}_{bound}", middle).to_numpy(float) for bound in ("low", "high"))
    bars = reach(middle.to_numpy(float), low, high)
    return np.where(np.isfinite(bars).all(axis=0), bars, 0.0)


def _number_points(ax: Axes, rows: pd.DataFrame, column: str, unit: float) -> None:
    """Write the numbers of trials beside their points, points that nearly coincide together."""
    places: list[tuple[NDArray[np.float64], list[str], tuple[float, float]]] = []
    x, y = unit * rows[column].to_numpy(float), 100 * rows["accuracy"].to_numpy(float)
    for key, *point in zip(rows.index, x, y, strict=True):
        at = ax.transAxes.inverted().transform(ax.transData.transform(point))
        if not np.isfinite(at).all():
            continue
        for beside, names, _ in places:
            if np.all(np.abs(at - beside) < NEAR):
                names.append(short(str(key)))
                break
        else:
            places.append((at, [short(str(key))], (point[0], point[1])))
    for _, names, place in places:
        ax.annotate(
            ", ".join(sorted(names)), place, xytext=(8, 5), textcoords="offset points",
            fontsize=8.5, color="#333333", zorder=9,
        )  # fmt: skip


def _wide_axis(ax: Axes, values: NDArray[np.float64]) -> None:
    """Take a logarithmic axis with plain numbers where values differ threefold or more."""
    known = values[np.isfinite(values) & (values > 0)]
    if not len(known) or known.max() < 3 * known.min():
        return
    plain_log_axis(ax, known.min() / 1.3, known.max() * 1.45)


def parameter(board: pd.DataFrame, study: Study, path: str) -> Figure:
    """Draw what one swept parameter does to accuracy, index size and query time.

    Each point pools all trials of that value, costs are medians; each thin line is one setting of
    the other parameters.

    Parameters
    ----------
    board : pandas.DataFrame, a row per trial
        The study's leaderboard.
    study : Study
        The finished trials.
    path : str
        The parameter's path, such as ``fingerprint.pairs.fan_out``.
    """
    found = tables.effect(board, study, path)
    x = np.arange(len(found))
    with house_style():
        figure = new_figure(10.5, 3.5, dpi=DPI)
        axes = figure.subplots(1, 3, width_ratios=(1.4, 1, 1))
        _thin_lines(list(axes), board, study, path)
        share = found["share"].to_numpy(float)
        bars = reach(share, found["low"].to_numpy(), found["high"].to_numpy())
        style = {"color": BLUE, "marker": "o", "linewidth": 2}
        axes[0].errorbar(x, 100 * share, yerr=100 * bars, capsize=3, **style)
        axes[0].set_ylabel("accepted and right [%]")
        for ax, (column, label, unit) in zip(axes[1:], _COSTS, strict=True):
            ax.plot(x, unit * found[column].to_numpy(float), **style)
            ax.set_ylabel(label)
            ax.set_ylim(bottom=0)
        for ax in axes:
            ax.set_xticks(x, [wrapped(value) for value in found["value"]])
            ax.set_xlim(-0.4, len(found) - 0.6)
            ax.set_xlabel(labels.axis(path))
            ax.grid(True, axis="y", color=FAINT)
    return figure


def _thin_lines(axes: Sequence[Axes], board: pd.DataFrame, study: Study, path: str) -> None:
    """Draw a thin line for each setting of the other parameters, if there is more than one."""
    lines: dict[str, list[tuple[int, str]]] = {}
    for place, (_, results) in enumerate(tables.by_value(study.results, path)):
        for result in results:
            others = {name: one for name, one in result.swept.items() if name != path}
            setting = f"{result.run}: {labels.settings(others)}"
            lines.setdefault(setting, []).append((place, result.key))
    if len(lines) < 2:
        return
    for points in lines.values():
        x = [place for place, _ in points]
        rows = board.loc[[key for _, key in points]]
        columns = (("accuracy", 100.0), *((column, unit) for column, _, unit in _COSTS))
        for ax, (column, unit) in zip(axes, columns, strict=True):
            ax.plot(x, unit * rows[column], color=PALE, linewidth=0.9, zorder=0)


def interaction(study: Study, paths: tuple[str, str]) -> Figure:
    """Draw a heat map of accuracy over two swept parameters, each cell with its interval.

    The first of ``paths`` goes down, the second across. A cell pools all trials with both values.
    """
    down, across = (tables.by_value(study.results, path) for path in paths)
    columns = [value for value, _ in across]
    cells: dict[tuple[int, int], metrics.Share] = {}
    for i, (_, results) in enumerate(down):
        for value, both in tables.by_value(results, paths[1]):
            cells[i, columns.index(value)] = tables.pooled(both)
    percent = np.full((len(down), len(across)), np.nan)
    for place, share in cells.items():
        percent[place] = 100 * share.share
    with house_style():
        figure = new_figure(2.6 + 1.25 * len(across), 1.7 + 0.62 * len(down), dpi=DPI)
        ax = figure.subplots()
        image = heat_map(figure, ax, percent)
        for place, share in cells.items():
            bounds = f"{100 * share.low:.0f}–{100 * share.high:.0f}"
            text = f"{100 * share.share:.1f}\n{bounds}"
            write_in_cell(ax, image, place, percent[place], text)
        ax.set_xticks(range(len(across)), [wrapped(value) for value in columns])
        ax.set_yticks(range(len(down)), [value for value, _ in down])
        ax.set(xlabel=labels.axis(paths[1]), ylabel=labels.axis(paths[0]))
    return figure


def all_conditions(board: pd.DataFrame, study: Study) -> Figure:
    """Draw a heat map of accuracy per degradation for the best `N_HEAT_ROWS` configurations.

    Conditions are sorted by their mean, the hardest to the right; clip lengths are pooled.
    """
    keys = list(board.index[:N_HEAT_ROWS])
    results = [result for key in keys if (result := study.find(key)) is not None]
    counts = tables.conditions(results).groupby(["key", "condition"])[["n_right", "n"]].sum()
    shares = (100 * counts["n_right"] / counts["n"]).unstack()
    easiest_first = shares.mean().sort_values(ascending=False, kind="stable").index
    percent = shares.loc[keys, easiest_first].to_numpy(float)
    names = [f"{short(key)}  {board.loc[key, 'settings']}" for key in keys]
    width_in = 2.4 + 0.066 * max(map(len, names)) + 0.72 * percent.shape[1]
    with house_style():
        figure = new_figure(min(max(width_in, 6.0), 14.0), 1.9 + 0.3 * len(keys), dpi=DPI)
        ax = figure.subplots()
        image = heat_map(figure, ax, percent)
        for (i, j), one in np.ndenumerate(percent):
            if np.isfinite(one):
                write_in_cell(ax, image, (i, j), float(one), f"{one:.0f}")
        ax.set_yticks(range(len(keys)), names)
        ax.set_xticks(range(percent.shape[1]), easiest_first, rotation=30, ha="right")
        ax.set(xlabel="degradation", ylabel="configuration")
    return figure
