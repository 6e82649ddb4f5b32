"""Drawing that the figures share: markers, heat maps, logarithmic axes and names of trials.

Sizes of figures are in inches, at `DPI` dots each.
"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import FixedLocator, FuncFormatter
from numpy.typing import NDArray

from fpcore.display.style import BLACK, BLUE

DPI = 160
"""Dots per inch of a report's pictures, which may be printed."""
FAINT = "#EEEEEE"
MIN_SPAN = 15.0
"""Percent that a colour scale spans at least: random differences are not to look large."""
MARKERS = ("o", "D", "s", "^")
"""Of the series of one picture, in their order: the baseline, which comes second, is a diamond."""
_BLUES = LinearSegmentedColormap.from_list("blues", ["#F7FBFF", "#9CC7E4", BLUE, "#083A5E"])


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


def plain_log_axis(ax: Axes, low: float, high: float) -> None:
    """Make the x axis logarithmic, with plain numbers 1, 2, 5, 10 and so on at its ticks.

    Parameters
    ----------
    ax : Axes
        The Axes.
    low, high : float
        Where the axis begins and ends, above 0.
    """
    ax.set_xscale("log")
    ax.set_xlim(low, high)
    steps = [m * 10.0**e for e in range(-4, 7) for m in (1, 2, 5)]
    ax.xaxis.set_major_locator(FixedLocator(steps))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    ax.minorticks_off()


def heat_map(figure: Figure, ax: Axes, percent: NDArray[np.float64]) -> AxesImage:
    """Draw percentages as a heat map with its colour bar.

    Parameters
    ----------
    figure : Figure
        Takes the colour bar.
    ax : Axes
        Takes the map.
    percent : float64 (rows, columns), in [0, 100]
        NaN leaves a cell empty. The colours span the values there are, and `MIN_SPAN` at least, of
        which values that are nearly the same take the middle.
    """
    known = percent[np.isfinite(percent)]
    low, high = float(known.min(initial=100)), float(known.max(initial=0))
    if high - low < MIN_SPAN:
        low, high = ((low + high) / 2 + side * MIN_SPAN / 2 for side in (-1, 1))
    image = ax.imshow(percent, cmap=_BLUES, vmin=low, vmax=high, aspect="auto")
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    bar = figure.colorbar(image, ax=ax, label="accepted and right [%]", shrink=0.9)
    bar.ax.set_ylim(max(low, 0.0), min(high, 100.0))
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
