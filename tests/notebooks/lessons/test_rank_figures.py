"""Figures of loudness: the song is loudest where its votes agree."""

from __future__ import annotations

import numpy as np
import pytest

from fpcore.library import Library
from fpcore.records import Signal
from notebooks.lessons.rank_figures import CHANCE_Z, broadband_z_figure, rank_z_figure
from tests.fpcore.explained import Asked
from tests.fpcore.indexed import RATE_HZ, part
from tests.notebooks.lessons.material import curve, titles


def test_rank_z_is_highest_where_the_votes_agree(known: Asked, library: Library) -> None:
    hop_s = library.profile.fingerprint.hop_s
    figure = rank_z_figure(known.alignment, library.store, hop_s=hop_s)
    line, dashed = figure.axes[0].get_lines()
    offset_s, rank_z = np.asarray(line.get_data())
    assert np.asarray(dashed.get_xdata())[0] == pytest.approx(10.0, abs=hop_s)
    assert offset_s[np.argmax(rank_z)] == pytest.approx(10.0, abs=2 * hop_s)
    assert rank_z.max() > 5 * CHANCE_Z
    assert titles(figure)[0].startswith("song 1")


def test_without_candidates_the_axes_are_empty(silent: Asked, library: Library) -> None:
    hop_s = library.profile.fingerprint.hop_s
    figure = rank_z_figure(silent.alignment, library.store, hop_s=hop_s)
    assert [len(ax.get_lines()) for ax in figure.axes] == [0]


def test_both_scores_are_drawn_around_the_highest_broadband_z(library: Library) -> None:
    figure = broadband_z_figure(Signal(part(2, 10.0, 4.0), RATE_HZ), library, shown_s=3.0)
    [ax] = figure.axes
    rank_z, broadband_z = curve(ax, "rank z"), curve(ax, "broadband z")
    np.testing.assert_array_equal(rank_z[:, 0], broadband_z[:, 0])
    highest_s = broadband_z[np.argmax(broadband_z[:, 1]), 0]
    assert 0.5 < np.max(np.abs(broadband_z[:, 0] - highest_s)) <= 1.5
    assert broadband_z[:, 1].max() > CHANCE_Z
