"""Style of all figures: colours, fonts and rules.

The colours are those of M. Okabe and K. Ito, "Color Universal Design" (2008), which people
with any of the common kinds of colour blindness can tell apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import matplotlib.style
from matplotlib import font_manager

BLACK = "#000000"
ORANGE = "#E69F00"
SKY = "#56B4E9"
GREEN = "#009E73"
BLUE = "#0072B2"
VERMILLION = "#D55E00"
GREY = "#6E6E6E"
PALE = "#C8C8C8"

SERIES = (BLUE, ORANGE, GREEN, VERMILLION)
"""Of the series of one picture, in their order."""

FONT = "DejaVu Sans"
"""Comes with matplotlib, so that a figure looks the same on every machine."""

_FALLBACK_FONTS = (
    "Noto Sans CJK JP",
    "Noto Sans CJK SC",
    "Hiragino Sans",
    "PingFang SC",
    "Yu Gothic",
    "Microsoft YaHei",
    "Malgun Gothic",
    "WenQuanYi Zen Hei",
    "Arial Unicode MS",
)


@cache
def font_families() -> tuple[str, ...]:
    """Return `FONT` and those installed fonts that have East Asian characters."""
    installed = {font.name for font in font_manager.fontManager.ttflist}
    return (FONT, *(name for name in _FALLBACK_FONTS if name in installed))


@contextmanager
def house_style() -> Iterator[None]:
    """Make what is drawn inside independent of the user's own matplotlib settings."""
    rules: dict[str, Any] = {
        "font.family": list(font_families()),
        "font.size": 9.5,
        "axes.titlesize": 10.5,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.titlepad": 8.0,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": GREY,
        "axes.labelcolor": "#333333",
        "xtick.color": "#333333",
        "ytick.color": "#333333",
        "legend.frameon": False,
    }
    with matplotlib.style.context(["default", rules]):
        yield
