"""What the teaching figures share: their frame, and the mark of a threshold."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from fpcore.display.style import BLUE, GREEN, ORANGE, VERMILLION

WIDTH_IN = 11.0
SERIES = (BLUE, ORANGE, GREEN, VERMILLION)
MARKERS = ("o", "s", "^", "D")


def new_figure(height_in: float, width_in: float = WIDTH_IN) -> Figure:
    """Return an empty figure that knows nothing of pyplot."""
    figure = Figure(figsize=(width_in, height_in), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def legend_above(ax: Axes, n_columns: int) -> None:
    """Put the legend between the title and the Axes, where it covers nothing."""
    ax.set_title(ax.get_title(loc="left"), loc="left", pad=24)
    ax.legend(
        loc="lower left",
        bbox_to_anchor=(-0.01, 1.0),
        ncols=n_columns,
        borderaxespad=0.2,
        fontsize=9,
        columnspacing=1.2,
        handletextpad=0.4,
    )
