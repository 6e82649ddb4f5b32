"""Picture of the loops: what promotion won or lost, and how many strangers it names, by size."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.report.figures.drawing import DPI, FAINT
from fpcore.display.frame import new_figure
from fpcore.display.style import BLACK, SERIES, house_style

WIDTH = 0.25
"""By how much points of one size are spread sideways, so that all are seen."""


def trust_figure(rows: pd.DataFrame) -> Figure:
    """Return the picture of all loops.

    Parameters
    ----------
    rows : pandas.DataFrame, a row per loop
        Columns as `experiments.studies.trust.loop.run` returns them.
    """
    sizes = sorted({int(size) for size in rows["n_tracks"]})
    gained = 100 * (rows["promoted_accuracy"] - rows["base_accuracy"])
    with house_style():
        figure = new_figure(8.4, 3.6, dpi=DPI)
        won, named = figure.subplots(1, 2)
        _draw(won, rows, gained, sizes, "promoted", SERIES[0])
        won.axhline(0, color=BLACK, linewidth=0.8)
        lowest, highest = won.get_ylim()
        won.set_ylim(min(lowest, -1), max(highest, 1))
        won.set_ylabel("own clips: promoted − base [points]")
        for number, name in enumerate(("base", "promoted")):
            share = 100 * rows[f"{name}_n_named"] / rows[f"{name}_n_strangers"]
            shift = (number - 0.5) * WIDTH
            _draw(named, rows, share, sizes, name, SERIES[1 - number], shift=shift)
        named.axhline(0.5, color=BLACK, linewidth=0.8, linestyle="--", label="0.5%, as asked for")
        named.set_ylabel("strangers given a name [%]")
        named.set_ylim(bottom=-0.05)
        named.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3)
    return figure


def _draw(
    ax: Axes,
    rows: pd.DataFrame,
    values: pd.Series[float],
    sizes: list[int],
    label: str,
    color: str,
    *,
    shift: float = 0.0,
) -> None:
    """Draw a point for each loop, and a bar at the mean of each size."""
    for place, size in enumerate(sizes):
        of_size = values[rows["n_tracks"] == size].to_numpy(float)
        spread = np.linspace(-WIDTH / 3, WIDTH / 3, len(of_size)) if len(of_size) > 1 else [0.0]
        ax.scatter(
            place + shift + np.asarray(spread),
            of_size,
            s=14,
            color=color,
            alpha=0.7,
            zorder=3,
            label=label if place == 0 else None,
        )
        reach = (place + shift - WIDTH / 2, place + shift + WIDTH / 2)
        ax.plot(reach, [of_size.mean()] * 2, color=color, linewidth=2)
    ax.set_xticks(range(len(sizes)), [f"{size}" for size in sizes])
    ax.set_xlabel("tracks in the sample")
    ax.grid(True, axis="y", color=FAINT, zorder=0)
