"""Figures of accuracy against the size of the index: all conditions together, and one by one.

Accuracy is the share of queries of indexed songs that are accepted and right, in percent, with
every system at its own threshold for one rate of false alarms. Sizes are on a logarithmic axis.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.report.figures.drawing import DPI, FAINT, MARKERS, plain_log_axis, reach
from experiments.studies.peers.tables import EVERYTHING
from experiments.studies.peers.workbench import FAMILY
from fpcore.display.frame import new_figure
from fpcore.display.style import SERIES, house_style

N_COLUMNS = 3

_SIZES = (
    ("bytes_per_hour", "index on disk [MB per hour]", 1e-6),
    ("postings_per_s", "postings per second", 1.0),
)


def accuracy_against_size(
    accuracy: pd.DataFrame,
    costs: pd.DataFrame,
    *,
    families: Mapping[str, str],
    clip_s: float,
    false_alarm_rate: float,
) -> Figure:
    """Draw all conditions pooled, against bytes per hour and against postings per second.

    Systems of one family share a colour and a marker. Settings of a peer are joined by a line
    in the order of their size; profiles, which differ in more than one setting, are not. Bars
    are 95% intervals.

    Parameters
    ----------
    accuracy, costs : pandas.DataFrame
        As `tables.accuracy` and `tables.costs` return them.
    families : mapping of str to str
        The family of each system.
    clip_s : float
        Length of the clips to draw, in seconds; one of those in ``accuracy``.
    false_alarm_rate : float, in (0, 1)
        Rate for which the thresholds were set, for the title.
    """
    points = _points(accuracy, costs, families, clip_s)
    points = points[points["condition"] == EVERYTHING]
    with house_style():
        figure = new_figure(10.5, 4.9, dpi=DPI)
        axes = figure.subplots(1, 2, sharey=True)
        for ax, (column, label, unit) in zip(axes, _SIZES, strict=True):
            _draw(ax, points, column, unit, named=True)
            ax.set_xlabel(f"{label}, less is better")
        axes[0].set_ylabel("accepted and right\n[% of queries of indexed songs]")
        figure.suptitle(_title(clip_s, false_alarm_rate), x=0.01, ha="left", fontsize=10.5)
        handles, names = axes[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside lower center", ncols=len(names))
    return figure


def by_condition(
    accuracy: pd.DataFrame,
    costs: pd.DataFrame,
    *,
    families: Mapping[str, str],
    clip_s: float,
    false_alarm_rate: float,
) -> Figure:
    """Draw a panel per condition, against bytes per hour; otherwise as `accuracy_against_size`.

    Parameters
    ----------
    accuracy, costs : pandas.DataFrame
        As `tables.accuracy` and `tables.costs` return them.
    families : mapping of str to str
        The family of each system.
    clip_s : float
        Length of the clips to draw, in seconds; one of those in ``accuracy``.
    false_alarm_rate : float, in (0, 1)
        Rate for which the thresholds were set, for the title.
    """
    points = _points(accuracy, costs, families, clip_s)
    conditions = [name for name in points["condition"].unique() if name != EVERYTHING]
    n_rows = -(-len(conditions) // N_COLUMNS)
    column, label, unit = _SIZES[0]
    with house_style():
        n_columns = min(N_COLUMNS, len(conditions))
        figure = new_figure(1.0 + 3.2 * n_columns, 1.2 + 2.5 * n_rows, dpi=DPI)
        axes = figure.subplots(n_rows, n_columns, sharex=True, sharey=True, squeeze=False)
        for ax, condition in zip(axes.flat, conditions, strict=False):
            _draw(ax, points[points["condition"] == condition], column, unit, named=False)
            ax.set_title(condition)
        for ax in axes.flat[len(conditions) :]:
            ax.set_visible(False)
        figure.suptitle(_title(clip_s, false_alarm_rate), x=0.01, ha="left", fontsize=10.5)
        for ax in axes[:, 0]:
            ax.set_ylabel("accepted and right [%]")
        for ax in axes.flat[max(0, len(conditions) - n_columns) : len(conditions)]:
            ax.set_xlabel(label)
            ax.tick_params(labelbottom=True)
        handles, names = axes[0, 0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside lower center", ncols=len(names))
    return figure


def _title(clip_s: float, false_alarm_rate: float) -> str:
    return (
        f"Clips of {clip_s:g} s, every system at its threshold for "
        f"{100 * false_alarm_rate:g}% false alarms on calibration songs"
    )


def _points(
    accuracy: pd.DataFrame, costs: pd.DataFrame, families: Mapping[str, str], clip_s: float
) -> pd.DataFrame:
    chosen = accuracy[
        (accuracy["metric"] == "accepted_right")
        & (accuracy["decision"] == "fixed")
        & (accuracy["clip_s"] == clip_s)
    ]
    return chosen.join(costs, on="system").assign(family=chosen["system"].map(families))


def _draw(ax: Axes, points: pd.DataFrame, column: str, unit: float, *, named: bool) -> None:
    for number, (family, group) in enumerate(points.groupby("family", sort=False)):
        ordered = group.sort_values(column)
        share = ordered["share"].to_numpy(float)
        bars = reach(share, ordered["low"].to_numpy(float), ordered["high"].to_numpy(float))
        ours = family == FAMILY
        ax.errorbar(
            unit * ordered[column].to_numpy(float),
            100 * share,
            yerr=100 * bars,
            color=SERIES[number % len(SERIES)],
            marker=MARKERS[number % len(MARKERS)],
            markersize=6.0,
            linestyle="none" if ours else "--",
            linewidth=1.2,
            elinewidth=1.0,
            capsize=2.5,
            label=str(family),
            clip_on=False,
            zorder=4 if ours else 3,
        )
        if named:
            _name_points(ax, ordered, column, unit, above=number == 0)
    sizes = unit * points[column].to_numpy(float)
    plain_log_axis(ax, sizes.min() / 1.4, sizes.max() * 1.6)
    ax.set_ylim(0, 100)
    ax.grid(True, color=FAINT, zorder=0)


def _name_points(ax: Axes, points: pd.DataFrame, column: str, unit: float, *, above: bool) -> None:
    for row in points.to_dict("records"):
        ax.annotate(
            str(row["system"]).removeprefix(f"{row['family']} "),
            (unit * row[column], 100 * row["share"]),
            xytext=(7, 7 if above else -13),
            textcoords="offset points",
            fontsize=8.5,
            color="#333333",
            zorder=9,
        )
