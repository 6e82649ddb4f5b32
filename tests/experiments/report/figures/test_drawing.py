"""Drawing that figures share, on figures that are seen in the numbers they were made of."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from experiments.report.figures.drawing import (
    MIN_SPAN,
    heat_map,
    plain_log_axis,
    reach,
    short,
    wrapped,
    write_in_cell,
)


def test_the_number_of_a_trial_keeps_its_run() -> None:
    assert [short("t003-fanout5-density10"), short("run-1/t003-fanout5"), short("t003")] == [
        "t003",
        "run-1/t003",
        "t003",
    ]


def test_a_long_label_breaks_at_its_commas() -> None:
    assert wrapped("grid, n_frames 20, n_bins 31") == "grid,\nn_frames 20,\nn_bins 31"
    assert wrapped("none, a 3, b") == "none, a 3, b"


def test_error_bars_reach_from_the_share_and_never_backwards() -> None:
    share, low, high = np.array([0.5, 0.2]), np.array([0.4, 0.3]), np.array([0.7, 0.1])
    np.testing.assert_allclose(reach(share, low, high), [[0.1, 0.0], [0.2, 0.0]])


def test_a_logarithmic_axis_has_plain_numbers_at_its_ticks() -> None:
    figure = Figure()
    ax = figure.subplots()
    plain_log_axis(ax, 0.4, 30.0)
    figure.canvas.draw()
    ticks = [tick for tick in ax.get_xticks() if 0.4 <= tick <= 30.0]
    assert ticks == pytest.approx([0.5, 1, 2, 5, 10, 20])
    names = [tick.get_text() for tick in ax.get_xticklabels()]
    assert {"0.5", "1", "20"} <= set(names)


@pytest.mark.parametrize(
    ("percent", "limits"),
    [
        ([[50.0, 54.0]], (52.0 - MIN_SPAN / 2, 52.0 + MIN_SPAN / 2)),
        ([[1.0, 4.0]], (2.5 - MIN_SPAN / 2, 2.5 + MIN_SPAN / 2)),
        ([[10.0, np.nan, 90.0]], (10.0, 90.0)),
    ],
    ids=["alike", "alike and low", "one unknown"],
)
def test_colours_span_a_range_in_which_chance_looks_small(
    percent: list[list[float]], limits: tuple[float, float]
) -> None:
    figure = Figure()
    image = heat_map(figure, figure.subplots(), np.array(percent))
    assert image.get_clim() == limits


def test_writing_is_light_on_dark_cells_and_dark_on_light_ones() -> None:
    figure = Figure()
    ax = figure.subplots()
    image = heat_map(figure, ax, np.array([[0.0, 100.0]]))
    for column, percent in enumerate((0.0, 100.0)):
        write_in_cell(ax, image, (0, column), percent, f"{percent:g}")
    light, dark = ax.texts
    assert (light.get_position(), dark.get_position()) == ((0, 0), (1, 0))
    assert dark.get_color() == "white" != light.get_color()
