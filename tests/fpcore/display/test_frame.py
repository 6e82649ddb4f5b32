"""The empty figure: its size, its layout, and that pyplot has no part in it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from fpcore.display.frame import new_figure

LOADED = """
import sys
import fpcore.search.explain
print("matplotlib" in sys.modules)
import fpcore.display
print("matplotlib" in sys.modules, "matplotlib.pyplot" in sys.modules)
"""


@pytest.fixture(scope="module")
def loaded() -> list[str]:
    """Whether matplotlib is loaded by an explanation; then it, and pyplot, by a figure of it."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED], capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def test_pyplot_is_never_loaded(loaded: list[str]) -> None:
    assert loaded[1:] == ["True", "False"]


def test_the_record_needs_no_plot_library(loaded: list[str]) -> None:
    assert loaded[0] == "False"


@pytest.mark.parametrize("dpi", [100, 150])
def test_a_figure_has_its_size_in_inches_times_dots(dpi: int) -> None:
    figure = new_figure(3.0, 1.5, dpi=dpi)
    assert figure.canvas.get_width_height() == (3 * dpi, 1.5 * dpi)
    assert figure.axes == []


def test_labels_have_room_unless_the_layout_is_ones_own() -> None:
    figure = new_figure(3.0, 2.0)
    ax = figure.subplots()
    ax.set_ylabel("two\nlines")
    figure.draw_without_rendering()
    assert ax.yaxis.label.get_window_extent().x0 >= 0

    own = new_figure(3.0, 2.0, layout="none")
    place = own.add_axes((0.25, 0.25, 0.5, 0.5)).get_position().bounds
    own.draw_without_rendering()
    assert own.axes[0].get_position().bounds == place == (0.25, 0.25, 0.5, 0.5)


def test_the_room_above_and_below_rows_is_in_inches() -> None:
    heights = []
    for h_pad_in in (0.0, 0.5):
        figure = new_figure(3.0, 4.0, h_pad_in=h_pad_in)
        for ax in figure.subplots(2, 1):
            ax.set(xticks=[], yticks=[])
        figure.draw_without_rendering()
        heights.append(4.0 * sum(ax.get_position().height for ax in figure.axes))
    # Two rows with half an inch above and below each take two inches.
    assert heights[0] - heights[1] == pytest.approx(2.0, abs=0.1)
