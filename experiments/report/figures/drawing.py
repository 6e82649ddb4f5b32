"""Drawing that the figures share: their frame, colours, heat maps and names of trials.

Sizes of figures are in inches, at `DPI` dots each.
"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from numpy.typing import NDArray

from fpcore.display.style import BLACK, BLUE, GREEN, ORANGE, VERMILLION

DPI = 160
FAINT = "#EEEEEE"
MIN_SPAN = 15.0
"""Percent that a colour scale spans at least: random differences are not to look large."""
SERIES = (BLUE, ORANGE, GREEN, VERMILLION)
MARKERS = ("o", "D", "s", "^")
_BLUES = LinearSegmentedColormap.from_list("blues", ["#F7FBFF", "#9CC7E4", BLUE, "#083A5E"])


def new_figure(width_in: float, height_in: float) -> Figure:
    """Return an empty figure that knows nothing of pyplot."""
    figure = Figure(figsize=(width_in, height_in), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def short(key: str) -> str:
    """Return the number that a trial's key begins with, such as t003, after its run if given."""
    run, slash, trial = key.rpartition("/")
    return f"{run}{slash}{trial.partition('-')[0]}"


def wrapped(text: str) -> str:
    """Return a long label on a line for each of its parts."""
    return text.replace(", ", ",\n") if len(text) > 12 else text


def reach(
    share: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return how far intervals reach below and above shares, as error bars need it.

    Parameters
    ----------
    share, low, high : float64 (n,)
        Shares and the bounds of their intervals, in any unit.

    Returns
    -------
    float64 (2, n), at least 0
        Below in the first row, above in the second.
    """
    return np.stack([np.maximum(share - low, 0), np.maximum(high - share, 0)])


def heat_map(figure: Figure, ax: Axes, percent: NDArray[np.float64]) -> AxesImage:
    """Draw percentages as a heat map with its colour bar.

    Parameters
    ----------
    figure : Figure
        Takes the colour bar.
    ax : Axes
        Takes the map.
    percent : float64 (rows, columns), in [0, 100]
        NaN leaves a cell empty. The colours span the values there are, and `MIN_SPAN` at least.
    """
    known = percent[np.isfinite(percent)]
    low, high = float(known.min(initial=100)), float(known.max(initial=0))
    if high - low < MIN_SPAN:
        low, high = max(0.0, high - MIN_SPAN), max(high, MIN_SPAN)
    image = ax.imshow(percent, cmap=_BLUES, vmin=low, vmax=high, aspect="auto")
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    figure.colorbar(image, ax=ax, label="accepted and right [%]", shrink=0.9)
    return image


def write_in_cell(
    ax: Axes, image: AxesImage, place: tuple[int, int], percent: float, text: str
) -> None:
    """Write into a cell of a heat map, light on dark and dark on light.

    Parameters
    ----------
    ax : Axes
        Holds the map.
    image : AxesImage
        The map, as `heat_map` returns it.
    place : (int, int)
        Row and column of the cell.
    percent : float
        Value of the cell, which decides between light and dark.
    text : str
        What is written.
    """
    low, high = image.get_clim()
    dark = low is not None and high is not None and percent > low + 0.55 * (high - low)
    ax.text(
        place[1],
        place[0],
        text,
        ha="center",
        va="center",
        fontsize=8.5,
        linespacing=1.25,
        color="white" if dark else BLACK,
    )
