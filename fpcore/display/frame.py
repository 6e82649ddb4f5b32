"""The empty figure that every picture begins with."""

from __future__ import annotations

import io
from typing import Literal

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

SCREEN_DPI = 100
"""Dots per inch of pictures that are looked at on a screen."""


class ShownFigure(Figure):
    """A figure that a notebook shows by itself, whether or not it has loaded pyplot."""

    def _repr_png_(self) -> bytes:
        content = io.BytesIO()
        FigureCanvasAgg(self).print_png(content)  # type: ignore[no-untyped-call]
        return content.getvalue()


def new_figure(
    width_in: float,
    height_in: float,
    *,
    dpi: int = SCREEN_DPI,
    layout: Literal["constrained", "none"] = "constrained",
    h_pad_in: float | None = None,
) -> ShownFigure:
    """Return an empty figure that pyplot does not know of, so that it need not be closed.

    Parameters
    ----------
    width_in, height_in : float
        Size in inches, above 0.
    dpi : int
        Dots per inch.
    layout : str
        "constrained" leaves room for all labels around subplots; "none" leaves every Axes where it
        is put.
    h_pad_in : float, optional
        Inches above and below each row of Axes in a constrained layout, in place of matplotlib's.

    Returns
    -------
    ShownFigure
        Without Axes.
    """
    figure = ShownFigure(figsize=(width_in, height_in), dpi=dpi)
    if layout == "constrained":
        figure.set_layout_engine(ConstrainedLayoutEngine(h_pad=h_pad_in))
    FigureCanvasAgg(figure)
    return figure
