"""Figures of a choice: which configurations are beaten, and how sure a measured share is."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import same_color

from experiments.metrics import wilson
from fpcore.display.style import BLACK, GREY
from notebooks.lessons.choice_figures import interval_figure, size_figure, unseen_rate_figure
from tests.notebooks.lessons.material import titles

TABLE = pd.DataFrame(
    {
        "configuration": ["large", "small", "beaten"],
        "postings_per_s": [100.0, 20.0, 90.0],
        "share": [0.9, 0.6, 0.5],
        "low": [0.8, 0.5, 0.4],
        "high": [0.95, 0.7, 0.6],
        "dominated": [False, False, True],
    }
)


def test_configurations_are_drawn_at_their_size_and_those_that_are_beaten_are_grey() -> None:
    [ax] = size_figure(TABLE).axes
    front = np.asarray(ax.get_lines()[0].get_xydata())
    assert front.tolist() == [[20, 60], [100, 90]]
    names = {text.get_text(): text for text in ax.texts}
    assert set(names) == set(TABLE["configuration"])
    assert all(
        same_color(text.get_color(), GREY if name == "beaten" else BLACK)
        for name, text in names.items()
    )


def test_names_of_configurations_of_almost_one_size_do_not_lie_on_each_other() -> None:
    close = TABLE.assign(postings_per_s=[100.0, 100.1, 100.2])
    [ax] = size_figure(close).axes
    places = sorted(text.xyann[0] for text in ax.texts)  # type: ignore[attr-defined]
    assert np.diff(places).min() >= 0.0249
    assert places[-1] <= 1


def test_an_interval_is_wilsons_and_narrows_with_more_queries() -> None:
    figure = interval_figure(share=0.5, n_queries=100)
    # R. G. Newcombe 1998, method 3, for 50 of 100: 0.4038 to 0.5962.
    assert titles(figure) == ["50% measured on 100 queries: 40 to 60%"]
    band = figure.axes[0].collections[0].get_paths()[0].vertices
    assert isinstance(band, np.ndarray)
    heights = [np.ptp(band[band[:, 0] == n, 1]) for n in (5, 2000)]
    assert heights[1] < heights[0] / 10
    assert heights[1] == pytest.approx(200 * 1.96 * np.sqrt(0.25 / 2000), rel=0.01)


def test_none_of_twenty_strangers_leaves_rates_up_to_sixteen_percent() -> None:
    figure = unseen_rate_figure(n_strangers=20, rate=0.01)
    [ax] = figure.axes
    assert ax.get_title(loc="left") == "None of 20 named: the rate is somewhere from 0 to 16%"
    [said] = [text.get_text() for text in ax.texts]
    n_enough = int(said.split()[1])
    assert wilson(0, n_enough)[1] <= 0.01 < wilson(0, n_enough - 20)[1]
