"""Figures of notebook 06: what a configuration costs and brings, and how certain that is."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from experiments.metrics import wilson
from fpcore.display.frame import new_figure
from fpcore.display.style import BLACK, BLUE, GREY, PALE, house_style
from notebooks.lessons.drawing import WIDTH_IN, plain_numbers

_NAME_WIDTH = 0.025
"""Share of the width of the Axes that a slanted name takes."""


def size_figure(table: pd.DataFrame) -> Figure:
    """Draw accuracy against the size of the index, a dot for each configuration.

    ``table`` comes from `notebooks.lessons.choices.size_and_accuracy`. Configurations that another
    one beats in size and accuracy are grey; bars are 95% intervals.
    """
    table = table.sort_values("postings_per_s")
    size, share = table["postings_per_s"].to_numpy(float), 100 * table["share"].to_numpy(float)
    with house_style():
        figure = new_figure(WIDTH_IN, 4.8)
        ax = figure.subplots()
        ax.set(ylim=(0, 104), xscale="log", xlim=(size.min() / 1.2, size.max() * 1.2),
               xlabel="size of the index [postings per second of audio]",
               ylabel="right song first [%]")  # fmt: skip
        ax.set_title("Size buys accuracy, up to a point", pad=72)
        plain_numbers(ax.xaxis)
        is_front = ~table["dominated"].to_numpy(bool)
        ax.plot(size[is_front], share[is_front], color=BLUE, linewidth=1, alpha=0.5)
        low, high = (100 * table[column].to_numpy(float) for column in ("low", "high"))
        reach = np.maximum([share - low, high - share], 0)
        for mine, colour in ((is_front, BLUE), (~is_front, PALE)):
            ax.errorbar(size[mine], share[mine], yerr=reach[:, mine], fmt="o", color=colour,
                        capsize=3)  # fmt: skip
        ax.vlines(size, high, 104, color=PALE, linewidth=0.8, linestyles=":")
        _name_above(ax, table["configuration"].tolist(), size, is_front)
    return figure


def _name_above(
    ax: Axes, names: list[str], size: NDArray[np.float64], is_front: NDArray[np.bool_]
) -> None:
    """Write the name of each configuration above the Axes; ``size`` rises and has its scale."""
    low, high = np.log(ax.get_xlim())
    place = (np.log(size) - low) / (high - low)
    # Where sizes are close the names move apart, first to the right, then back into the Axes.
    for i in range(1, len(place)):
        place[i] = max(place[i], place[i - 1] + _NAME_WIDTH)
    place = np.minimum(place, 1 - _NAME_WIDTH * np.arange(len(place))[::-1])
    for name, x, above, mine in zip(names, size, place, is_front, strict=True):
        ax.annotate(name, (x, 1.0), xycoords=("data", "axes fraction"), xytext=(above, 1.05),
                    textcoords="axes fraction", color=BLACK if mine else GREY, fontsize=8.5,
                    rotation=40, rotation_mode="anchor",
                    arrowprops={"arrowstyle": "-", "color": PALE, "linewidth": 0.8,
                                "relpos": (0, 0), "shrinkA": 0, "shrinkB": 0})  # fmt: skip


def interval_figure(*, share: float = 0.9, n_queries: int = 50) -> Figure:
    """Draw how Wilson's 95% interval of a measured share narrows with the number of queries.

    ``share`` lies in [0, 1]; the interval for ``n_queries`` (at least 1) is marked.
    """
    n = np.unique(np.geomspace(5, 2000, 120).astype(int))
    low, high = 100 * np.transpose([wilson(share * k, k) for k in n])
    mine = 100 * np.array(wilson(share * n_queries, n_queries))
    with house_style():
        figure = new_figure(8.0, 3.4)
        ax = figure.subplots()
        ax.fill_between(n, low, high, color=BLUE, alpha=0.2, linewidth=0)
        ax.axhline(100 * share, color=BLUE, linewidth=1.2)
        ax.errorbar(n_queries, 100 * share, yerr=[[100 * share - mine[0]], [mine[1] - 100 * share]],
                    fmt="o", color=BLACK, capsize=4)  # fmt: skip
        ax.set(xscale="log", xlabel="independent queries", ylabel="accuracy [%]", ylim=(0, 103),
               title=f"{100 * share:.0f}% measured on {n_queries} queries: "
               f"{mine[0]:.0f} to {mine[1]:.0f}%")  # fmt: skip
        plain_numbers(ax.xaxis)
    return figure


def unseen_rate_figure(*, n_strangers: int = 20, rate: float = 0.01) -> Figure:
    """Draw which false-alarm rates remain possible when no stranger was given a name.

    ``n_strangers`` (at least 1) were asked; ``rate`` in (0, 1) is the rate that one would like to
    state. The curve is the upper end of Wilson's 95% interval for none of n.
    """
    n = np.unique(np.geomspace(5, 5000, 160).astype(int))
    highest = 100 * np.array([wilson(0, k)[1] for k in n])
    mine = 100 * wilson(0, n_strangers)[1]
    enough = int(n[np.argmax(highest <= 100 * rate)])
    with house_style():
        figure = new_figure(8.0, 3.6)
        ax = figure.subplots()
        ax.fill_between(n, 0, highest, color=BLUE, alpha=0.2, linewidth=0)
        ax.plot(n, highest, color=BLUE)
        ax.axhline(100 * rate, color=GREY, linewidth=1.2, dashes=(4, 2))
        ax.plot([n_strangers] * 2, [0, mine], color=BLACK, marker="o", markevery=[1], linewidth=1.2)
        ax.annotate(f"about {enough} strangers show {100 * rate:g}%", (enough, 100 * rate),
                    xytext=(0, 24), textcoords="offset points", ha="center",
                    arrowprops={"arrowstyle": "-", "color": GREY})  # fmt: skip
        ax.set(
            xscale="log",
            xlabel="independent strangers, none of them named",
            ylabel="rates that remain possible [%]",
            ylim=(0, 45),
            title=f"None of {n_strangers} named: the rate is somewhere from 0 to {mine:.0f}%",
        )
        plain_numbers(ax.xaxis)
    return figure
