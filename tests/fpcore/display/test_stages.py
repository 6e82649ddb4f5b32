"""Pictures of the stages: levels, dots and lines at their seconds and hertz."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from fpcore.display import plot_constellation, plot_pairs, plot_spectrogram, spectrogram_figure
from fpcore.records import Landmarks, Peaks, Signal, Spectrogram
from fpcore.stages import landmarks, peaks, spectrogram
from tests.fpcore.display.material import drawn
from tests.fpcore.explained import RATE_HZ, excerpt, song
from tests.fpcore.synthetic import LEAN, tone


def test_a_spectrogram_is_drawn_over_its_seconds_and_hertz() -> None:
    signal = Signal(tone(1000.0, 3.0, RATE_HZ), RATE_HZ)
    levels = spectrogram.spectrogram(signal, LEAN)
    ax = Figure().subplots()
    image = plot_spectrogram(ax, levels)
    left_s, right_s, bottom_hz, top_hz = image.get_extent()
    assert left_s == 0
    assert right_s == pytest.approx(levels.level_db.shape[0] * LEAN.hop_s)
    row = int(np.argmax(np.asarray(image.get_array())[:, 10]))
    centre_hz = bottom_hz + (row + 0.5) * (top_hz - bottom_hz) / levels.level_db.shape[1]
    assert centre_hz == pytest.approx(1000, abs=LEAN.bin_hz / 2)
    assert np.asarray(image.get_clim()) == pytest.approx([-80, 0], abs=1)


def test_silence_is_drawn_as_quiet() -> None:
    silence = spectrogram.spectrogram(Signal(np.zeros(RATE_HZ, np.float32), RATE_HZ), LEAN)
    image = plot_spectrogram(Figure().subplots(), silence)
    low_db, high_db = image.get_clim()
    assert (silence.level_db.max() - low_db) / (high_db - low_db) < 0.5


def test_a_constellation_and_its_pairs_lie_on_their_peaks() -> None:
    levels = spectrogram.spectrogram(Signal(excerpt(song(1), 0.0, 3.0), RATE_HZ), LEAN)
    found = peaks.local_maxima(levels, LEAN)
    pairs = landmarks.landmarks(found, LEAN)
    ax = Figure().subplots()
    dots = plot_constellation(ax, found, hop_s=LEAN.hop_s, bin_hz=LEAN.bin_hz)
    lines = plot_pairs(ax, pairs, hop_s=LEAN.hop_s, bin_hz=LEAN.bin_hz)
    places = {tuple(point) for point in np.asarray(dots.get_offsets()).round(6).tolist()}
    assert isinstance(lines, LineCollection)
    ends = [tuple(end) for segment in lines.get_segments() for end in segment.round(6).tolist()]
    assert len(ends) == 2 * len(pairs) > 0
    assert set(ends) <= places
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("time [s]", "frequency [Hz]")


def test_stages_of_nothing_are_drawn_without_a_warning() -> None:
    none = np.empty(0, np.int32)
    nothing = Spectrogram(np.empty((0, 50), np.float32), 0.05, 10.0)
    figure = Figure()
    ax = figure.subplots()
    plot_spectrogram(ax, nothing)
    plot_constellation(
        ax, Peaks.on_bins(none, none, none.astype(np.float32)), hop_s=0.05, bin_hz=10.0
    )
    plot_pairs(ax, Landmarks(none, none, none, none), hop_s=0.05, bin_hz=10.0)
    assert drawn(figure)
    assert drawn(spectrogram_figure(nothing))


def test_the_spectrogram_figure_has_a_scale_in_decibels_and_counts_its_peaks() -> None:
    levels = spectrogram.spectrogram(Signal(excerpt(song(1), 0.0, 3.0), RATE_HZ), LEAN)
    found = peaks.local_maxima(levels, LEAN)
    figure = spectrogram_figure(levels, peaks=found)
    assert drawn(figure)
    ax, scale = figure.axes
    assert f"{len(found)} peaks" in ax.get_title(loc="left")
    assert "[dB re full scale]" in scale.get_ylabel()
