"""Figures of notebook 06: what a configuration costs and brings, and how certain that is."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from experiments.metrics import wilson
from fpcore.display.style import BLACK, BLUE, GREY, PALE, house_style
from notebooks.lessons.drawing import new_figure, plain_numbers


def size_figure(table: pd.DataFrame) -> Figure:
    """Draw accuracy against the size of the index, a dot for each configuration.

    ``table`` comes from `notebooks.lessons.choices.size_and_accuracy`. Configurations that another
    one beats in size and accuracy are grey; bars are 95% intervals.
    """
    with house_style():
        figure = new_figure(4.2)
        ax = figure.subplots()
        front = table[~table["dominated"]].sort_values("postings_per_s")
        ax.plot(front["postings_per_s"], 100 * front["share"], color=BLUE, linewidth=1, alpha=0.5)
        for side, (_, row) in enumerate(table.sort_values("postings_per_s").iterrows()):
            size, share = float(row["postings_per_s"]), 100 * float(row["share"])
            reach = [[share - 100 * float(row["low"])], [100 * float(row["high"]) - share]]
            colour, text = (PALE, GREY) if row["dominated"] else (BLUE, BLACK)
            ax.errorbar(size, share, yerr=np.maximum(reach, 0), fmt="o", color=colour, capsize=3)
            ax.annotate(str(row["configuration"]), (size, share), color=text, fontsize=8.5,
                        xytext=(6, 6 if side % 2 else -13), textcoords="offset points")  # fmt: skip
        ax.set(title="Size buys accuracy, up to a point", ylim=(0, 104), xscale="log",
               xlabel="size of the index [postings per second of audio]",
               ylabel="right song first [%]")  # fmt: skip
        plain_numbers(ax.xaxis)
    return figure


def interval_figure(*, share: float = 0.9, n_queries: int = 50) -> Figure:
    """Draw how Wilson's 95% interval of a measured share narrows with the number of queries.

    ``share`` lies in [0, 1]; the interval for ``n_queries`` (at least 1) is marked.
    """
    n = np.unique(np.geomspace(5, 2000, 120).astype(int))
    low, high = 100 * np.transpose([wilson(share * k, k) for k in n])
    mine = 100 * np.array(wilson(share * n_queries, n_queries))
    with house_style():
        figure = new_figure(3.4, 8.0)
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
