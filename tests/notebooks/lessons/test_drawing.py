"""Parts of all figures: numbers on logarithmic axes, and a legend that covers nothing."""

from __future__ import annotations

import pytest
from matplotlib.axes import Axes

from fpcore.display.frame import new_figure
from notebooks.lessons.drawing import legend_above, plain_numbers


@pytest.fixture
def ax() -> Axes:
    drawn: Axes = new_figure(6.0, 4.0).subplots()
    return drawn


def test_a_logarithmic_axis_has_plain_numbers(ax: Axes) -> None:
    ax.set(xscale="log", xlim=(0.9, 110))
    plain_numbers(ax.xaxis)
    ax.figure.draw_without_rendering()  # type: ignore[union-attr]
    labels = [label.get_text() for label in ax.get_xticklabels()]
    assert [text for text in labels if 1 <= float(text) <= 100] == [
        "1", "2", "5", "10", "20", "50", "100",
    ]  # fmt: skip
    assert not any(label.get_text() for label in ax.get_xticklabels(minor=True))


@pytest.mark.parametrize("rows", [1, 2])
def test_a_legend_stands_between_the_axes_and_the_title(rows: int, ax: Axes) -> None:
    for number in range(2 * rows):
        ax.plot([0, 1], [0, 1], label=f"line {number}")
    ax.set_title("A title", loc="left")
    legend_above(ax, 2, rows=rows)
    ax.figure.draw_without_rendering()  # type: ignore[union-attr]
    legend = ax.get_legend()
    assert legend is not None
    box, top = legend.get_window_extent(), ax.get_window_extent().y1
    [title] = [text for text in ax.get_children() if getattr(text, "get_text", str)() == "A title"]
    assert top - 1 <= box.y0 < box.y1 <= title.get_window_extent().y0 + 1
