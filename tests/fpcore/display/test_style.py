"""The house's style: the same whatever the user has set, and gone afterwards."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib import font_manager
from matplotlib.colors import to_rgb

from fpcore.display import explanation_figure
from fpcore.display.style import SERIES, font_families, house_style
from fpcore.search.explain import Explanation


def test_settings_of_matplotlib_are_as_before(accepted: Explanation) -> None:
    before = dict(matplotlib.rcParams)
    explanation_figure(accepted)
    assert dict(matplotlib.rcParams) == before


def test_inside_the_users_settings_count_for_nothing() -> None:
    with matplotlib.rc_context({"font.size": 30, "axes.grid": True}):
        with house_style():
            assert matplotlib.rcParams["font.size"] == 9.5
            assert matplotlib.rcParams["axes.grid"] is False
        assert matplotlib.rcParams["font.size"] == 30
        assert matplotlib.rcParams["axes.grid"] is True


def test_the_settings_come_back_after_an_error() -> None:
    before = dict(matplotlib.rcParams)
    with pytest.raises(ZeroDivisionError), house_style():
        raise ZeroDivisionError
    assert dict(matplotlib.rcParams) == before


def test_the_first_font_comes_with_matplotlib_and_the_others_are_installed() -> None:
    first, *others = font_families()
    bundled = Path(matplotlib.get_data_path())
    assert bundled in Path(font_manager.findfont(first)).parents
    assert set(others) <= {font.name for font in font_manager.fontManager.ttflist}


def test_no_two_colours_of_series_look_alike() -> None:
    colours = [np.array(to_rgb(colour)) for colour in SERIES]
    apart = [np.abs(one - other).max() for one, other in combinations(colours, 2)]
    # A fifth of the scale of one of red, green and blue.
    assert min(apart) > 1 / 5
