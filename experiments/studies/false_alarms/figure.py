"""Figure of false alarms in large libraries: strangers' log-odds, and the rates they lead to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter
from scipy import stats

from experiments.metrics.intervals import Share
from experiments.report.figures.drawing import DPI, FAINT, MARKERS, reach
from experiments.studies.false_alarms.gumbel import OfSize
from fpcore.display.frame import new_figure
from fpcore.display.style import BLACK, SERIES, house_style


def false_alarms_figure(rows: pd.DataFrame, sizes: Sequence[OfSize], *, threshold: float) -> Figure:
    """Draw how many strangers reach which log-odds, and the rates against the number of songs.

    Lines are the Gumbel laws, points the strangers; bars are 95% intervals.

    Parameters
    ----------
    rows : pandas.DataFrame, a row per query and size
        The rows of `ask`.
    sizes : sequence of OfSize
        What `gumbel.by_size` makes of them.
    threshold : float
        Log-odds from which an answer is given.
    """
    with house_style():
        figure = new_figure(10.5, 4.6, dpi=DPI)
        left, right = figure.subplots(1, 2)
        for number, size in enumerate(sizes):
            of_size = (rows["kind"] == size.kind) & (rows["times"] == size.times)
            log_odds = rows.loc[of_size & ~rows["indexed"], "log_odds"].to_numpy(float)
            _draw_tail(left, size, log_odds, number)
        left.axvline(threshold, color=BLACK, linestyle=":", label="threshold")
        left.set_yscale("log")
        left.set_ylim(0.1, 110)
        left.yaxis.set_major_formatter(FuncFormatter(lambda percent, _: f"{percent:g}"))
        left.set_xlabel("log-odds of the likeliest song")
        left.set_ylabel("strangers that reach them [%]")
        left.legend()
        _draw_rates(right, [size for size in sizes if size.kind != "surrogates alone"])
    return figure


def _draw_tail(ax: Axes, size: OfSize, log_odds: np.ndarray, number: int) -> None:
    colour = SERIES[number % len(SERIES)]
    falling = np.sort(log_odds)[::-1]
    percent = 100 * np.arange(1, len(falling) + 1) / len(falling)
    alone = ", surrogates alone" if size.kind == "surrogates alone" else ""
    ax.plot(
        falling,
        percent,
        linestyle="none",
        color=colour,
        marker=MARKERS[number % len(MARKERS)],
        markersize=3.0,
        label=f"{size.n_songs:,} songs{alone}",
    )
    grid = np.linspace(falling[np.isfinite(falling)].min(), falling[0] + 2 * size.law.scale, 200)
    by_law = 100 * stats.gumbel_r.sf(grid, size.law.location, size.law.scale)
    ax.plot(grid, by_law, color=colour, linewidth=1.0)


def _draw_rates(ax: Axes, sizes: Sequence[OfSize]) -> None:
    """Draw the shares against the number of songs, on a logarithmic axis."""
    series: tuple[tuple[str, list[Share]], ...] = (
        ("indexed songs, accepted and right", [size.accepted_right for size in sizes]),
        ("strangers above what 5% reach in the corpus", [size.watched for size in sizes]),
        ("strangers given a name", [size.false_alarms for size in sizes]),
    )
    n_songs = np.array([size.n_songs for size in sizes])
    for number, (label, shares) in enumerate(series):
        share, low, high = (
            np.array([getattr(one, name) for one in shares]) for name in ("share", "low", "high")
        )
        ax.errorbar(
            n_songs,
            100 * share,
            yerr=100 * reach(share, low, high),
            color=SERIES[number],
            marker=MARKERS[number],
            capsize=2.5,
            label=label,
        )
    ax.set_xscale("log")
    ax.set_xticks(n_songs, [f"{n:,}" for n in n_songs])
    ax.minorticks_off()
    ax.set_ylim(0, 100)
    ax.set_xlabel("songs in the index")
    ax.set_ylabel("queries [%]")
    ax.grid(True, color=FAINT, zorder=0)
    ax.legend(loc="center left")
