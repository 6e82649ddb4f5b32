"""Parts that the teaching figures share: their width, markers, legend and logarithmic axes."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

WIDTH_IN = 11.0
"""Of a figure as wide as the page of a notebook."""

MARKERS = ("o", "s", "^", "D")
"""Of the series of one picture, in their order."""


def legend_above(ax: Axes, n_columns: int, *, rows: int = 1) -> None:
    """Put the legend between the title and the Axes, where it covers nothing.

    Parameters
    ----------
    ax : Axes
        Its title has been set.
    n_columns : int
        Entries in a row of the legend.
    rows : int
        Rows for which room is made.
    """
    ax.set_title(ax.get_title(loc="left"), loc="left", pad=6 + 18 * rows)
    ax.legend(
        loc="lower left",
        bbox_to_anchor=(-0.01, 1.0),
        ncols=n_columns,
        borderaxespad=0.2,
        fontsize=9,
        columnspacing=1.2,
        handletextpad=0.4,
    )


def plain_numbers(axis: Axis) -> None:
    """Label a logarithmic axis with 1, 2, 5, 10 … instead of powers."""
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())
