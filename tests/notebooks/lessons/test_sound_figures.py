"""Figures from the waveform to the spectrogram: what is drawn is what was computed."""

from __future__ import annotations

import numpy as np
import pytest

from notebooks.lessons.sound_figures import (
    frame_figure,
    leakage_figure,
    music_figure,
    resolution_figure,
    waveform_figure,
)
from tests.notebooks.lessons.material import CONFIG, RATE_HZ, curve, sine, song, titles


def test_the_zoom_shows_30_ms_of_the_signal_from_where_asked() -> None:
    figure = waveform_figure(song(), zoom_s=1.5)
    whole, zoom = figure.axes
    assert len(np.asarray(whole.get_lines()[0].get_ydata())) == len(song().samples)
    start = round(1.5 * RATE_HZ)
    shown = np.asarray(zoom.get_lines()[0].get_ydata())
    np.testing.assert_array_equal(shown, song().samples[start : start + round(0.03 * RATE_HZ)])
    assert titles(figure) == ["88,200 samples, 22,050 a second", "The 30 ms from 1.5 s on"]


def test_the_spectrum_of_a_frame_peaks_at_the_tone() -> None:
    _, spectrum = frame_figure(sine(1000.0), CONFIG, at_s=0.5).axes
    frequency_hz, level_db = np.asarray(spectrum.get_lines()[0].get_data())
    # A sine of half of full scale is at -6 dB; a bin beside its frequency costs up to 1.4 dB.
    assert frequency_hz[np.argmax(level_db)] == pytest.approx(1000, abs=CONFIG.bin_hz / 2)
    assert -7.5 < np.max(level_db) < -5.9


def test_a_frame_that_would_end_too_late_is_the_last_whole_one() -> None:
    samples, _ = frame_figure(song(), CONFIG, at_s=99.0).axes
    n_fft = CONFIG.spectrogram.n_fft
    np.testing.assert_array_equal(curve(samples, "frame")[:, 1], song().samples[-n_fft:])


def test_a_sine_on_a_bin_leaks_nowhere_without_a_window_and_to_its_neighbours_with_one() -> None:
    [ax] = leakage_figure(bins_off=0.0).axes
    plain, hann = dict(curve(ax, "no window")), dict(curve(ax, "Hann window"))
    assert plain[0] == pytest.approx(0, abs=0.01)
    assert max(level_db for bin_, level_db in plain.items() if bin_) == -120
    # The transform of a Hann window is half as high a bin away, and 0 from two bins on.
    assert [hann[bin_] for bin_ in (-1, 0, 1)] == pytest.approx([-6.02, 0, -6.02], abs=0.01)
    assert hann[2] == -120


def test_each_window_has_a_spectrogram_that_is_centred_in_time() -> None:
    figure = resolution_figure(sine(1000.0), n_ffts=(512, 2048))
    assert titles(figure) == ["n_fft 512: 23 ms, 43.1 Hz", "n_fft 2048: 93 ms, 10.8 Hz"]
    starts_s = [ax.get_images()[0].get_extent()[0] for ax in figure.axes]
    assert starts_s[1] - starts_s[0] == pytest.approx((2048 - 512) / 2 / RATE_HZ)


def test_overlap_sets_the_hop() -> None:
    figure = music_figure(sine(1000.0), n_fft=2048, overlap=50)
    assert titles(figure)[0] == "window 93 ms, bins 10.8 Hz, hop 46 ms"
    image = np.asarray(figure.axes[0].get_images()[0].get_array())
    assert image.shape[1] == 1 + (2 * RATE_HZ - 2048) // 1024
