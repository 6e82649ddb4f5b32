"""Figures of the constellation: neighbourhoods, whitening, density, and what noise leaves of it."""

from __future__ import annotations

import re

import numpy as np
import pytest
from matplotlib.patches import Rectangle

from fpcore.records import Peaks
from notebooks.lessons.constellation_figures import (
    constellation_figure,
    found_again,
    neighbourhood_figure,
    repeatability_figure,
    whitening_figure,
)
from notebooks.lessons.pair_figures import constellation
from tests.notebooks.lessons.material import (
    CONFIG,
    SILENCE,
    curve,
    legend_texts,
    sine,
    song,
    titles,
)

DENSITY = CONFIG.peaks.max_peaks_per_s or 10.0


def test_the_neighbourhood_is_drawn_around_the_highest_peak_in_its_size() -> None:
    ax = neighbourhood_figure(sine(1000.0), CONFIG).axes[0]
    [area] = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
    n_frames, n_bins = CONFIG.neighbourhood
    assert area.get_width() == pytest.approx(n_frames * CONFIG.hop_s)
    assert area.get_height() == pytest.approx(n_bins * CONFIG.bin_hz)
    assert area.get_y() + area.get_height() / 2 == pytest.approx(1000, abs=CONFIG.bin_hz)


def test_silence_has_no_neighbourhood() -> None:
    figure = neighbourhood_figure(SILENCE, CONFIG)
    assert not figure.axes[0].patches
    assert figure.axes[0].get_images()


def test_without_and_with_whitening_different_peaks_are_kept() -> None:
    figure = whitening_figure(song(), CONFIG)
    plain, whitened, *_ = [
        {tuple(at) for at in np.asarray(ax.collections[0].get_offsets()).tolist()}
        for ax in figure.axes[:2]
    ]
    expected = constellation(song(), CONFIG)
    assert len(whitened) == len(expected)
    assert plain - whitened
    assert whitened - plain


@pytest.mark.parametrize("density", [5.0, 15.0])
def test_at_most_the_asked_density_of_peaks_is_kept(density: float) -> None:
    figure = constellation_figure(song(), max_peaks_per_s=density)
    all_maxima, kept = (
        float(match[1])
        for match in (
            re.search(r"\((\d+\.\d) a second\)", text) for text in legend_texts(figure.axes[0])
        )
        if match
    )
    assert kept <= density < all_maxima
    assert titles(figure) == ["The constellation"]


def test_without_noise_every_peak_is_found_again_and_noise_takes_some_away() -> None:
    peaks = constellation(song(), CONFIG)
    shares = [found_again(peaks, song(), CONFIG, DENSITY, snr_db) for snr_db in (100, 0, -20)]
    assert shares[0] == 1.0
    assert 1.0 > shares[1] > shares[2]


def test_of_a_song_without_peaks_none_is_found_again() -> None:
    none = np.empty(0, np.int32)
    empty = Peaks(none, none, none.astype(np.float32), none.astype(np.float32))
    assert found_again(empty, song(), CONFIG, DENSITY, 0.0) == 0.0


def test_each_density_has_a_line_above_its_chance() -> None:
    figure = repeatability_figure(song(), CONFIG, query_densities=(10.0,), snrs_db=(20, 0))
    [ax] = figure.axes
    found, chance = curve(ax, "10 peaks/s in the query"), curve(ax, "the same, by chance")
    peaks = constellation(song(), CONFIG)
    expected = [100 * found_again(peaks, song(), CONFIG, 10.0, snr_db) for snr_db in (20, 0)]
    assert found.tolist() == [[20, expected[0]], [0, expected[1]]]
    assert np.all(chance[:, 1] < found[:, 1])
