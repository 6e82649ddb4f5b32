"""Parts that the teaching figures share: their frame, legend and logarithmic axes."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from fpcore.display.style import BLUE, GREEN, ORANGE, VERMILLION

WIDTH_IN = 11.0
SERIES = (BLUE, ORANGE, GREEN, VERMILLION)
MARKERS = ("o", "s", "^", "D")


def new_figure(height_in: float, width_in: float = WIDTH_IN, *, h_pad_in: float = 0.04) -> Figure:
    """Return an empty figure that pyplot does not know of, so that it need not be closed.

    Parameters
    ----------
    height_in, width_in : float
        Size in inches, above 0.
    h_pad_in : float
        Inches above and below each row of Axes.

    Returns
    -------
    Figure
        Its layout leaves room for all labels.
    """
    layout = ConstrainedLayoutEngine(h_pad=h_pad_in)
    figure = Figure(figsize=(width_in, height_in), dpi=100, layout=layout)
    FigureCanvasAgg(figure)
    return figure


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
