"""Figures of notebook 01: from the waveform to the spectrogram.

Levels are in dB re full scale, frequencies in Hz.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from scipy.signal import get_window

from fpcore.config import FingerprintConfig
from fpcore.display import plot_spectrogram
from fpcore.display.frame import new_figure
from fpcore.display.stages import FREQUENCY_LABEL, TIME_LABEL
from fpcore.display.style import BLUE, GREY, ORANGE, VERMILLION, house_style
from fpcore.records import Signal
from fpcore.stages.spectrogram import spectrogram
from notebooks.lessons.drawing import WIDTH_IN

LEVEL_LABEL = "level [dB re full scale]"
_ZOOM_S = 0.03
_SILENCE_DB = -120.0


def waveform_figure(signal: Signal, *, zoom_s: float = 1.0) -> Figure:
    """Draw a whole signal, and beside it the 30 ms that begin ``zoom_s`` seconds into it."""
    time_s = np.arange(len(signal.samples)) / signal.sample_rate_hz
    start = round(zoom_s * signal.sample_rate_hz)
    part = slice(start, start + round(_ZOOM_S * signal.sample_rate_hz))
    with house_style():
        figure = new_figure(WIDTH_IN, 2.8)
        whole, zoom = figure.subplots(1, 2, width_ratios=(2, 1))
        whole.plot(time_s, signal.samples, color=BLUE, linewidth=0.4)
        whole.axvspan(zoom_s, zoom_s + _ZOOM_S, color=VERMILLION, alpha=0.9)
        whole.set(
            title=f"{len(signal.samples):,} samples, {signal.sample_rate_hz:,} a second",
            xlabel=TIME_LABEL, ylabel="amplitude [full scale = 1]", xlim=(0, signal.duration_s),
        )  # fmt: skip
        zoom.plot(1000 * (time_s[part] - zoom_s), signal.samples[part], ".-", color=VERMILLION,
                  linewidth=0.8, markersize=2.5)  # fmt: skip
        zoom.set(title=f"The {1000 * _ZOOM_S:.0f} ms from {zoom_s:g} s on", xlabel="time [ms]",
                 ylabel="amplitude")  # fmt: skip
    return figure


def frame_figure(signal: Signal, config: FingerprintConfig, *, at_s: float = 1.0) -> Figure:
    """Draw one frame of a signal, before and after its window, and the frame's spectrum.

    Parameters
    ----------
    signal : Signal
        A sound of at least one frame.
    config : FingerprintConfig
        It sets length and window of the frame.
    at_s : float
        Where the frame begins in seconds, >= 0; the last whole frame when that is too late.

    Returns
    -------
    Figure
        Left the samples, right the level of each bin.
    """
    n_fft, rate_hz = config.spectrogram.n_fft, signal.sample_rate_hz
    start = min(round(at_s * rate_hz), len(signal.samples) - n_fft)
    samples = signal.samples[start : start + n_fft]
    time_ms = 1000 * np.arange(n_fft) / rate_hz
    one_frame = spectrogram(Signal(samples, rate_hz), config)
    frequency_hz = (one_frame.first_bin + np.arange(one_frame.level_db.shape[1])) * config.bin_hz
    with house_style():
        figure = new_figure(WIDTH_IN, 3.2)
        before, after = figure.subplots(1, 2)
        window = get_window(config.spectrogram.window, n_fft)
        before.plot(time_ms, samples, color=GREY, linewidth=0.5, label="frame")
        before.plot(time_ms, samples * window, color=BLUE, linewidth=0.7, label="frame × window")
        top = float(np.abs(samples).max(initial=1e-3))
        before.plot(time_ms, top * window, color=ORANGE, linewidth=1.5,
                    label=f"{config.spectrogram.window.capitalize()} window (scaled)")  # fmt: skip
        before.set(title=f"One frame: {n_fft} samples = {1000 * n_fft / rate_hz:.0f} ms",
                   xlabel="time in the frame [ms]", ylabel="amplitude [full scale = 1]",
                   ylim=(-1.15 * top, 1.6 * top))  # fmt: skip
        before.legend(loc="upper left", ncols=3, fontsize=8.5)
        after.plot(frequency_hz, one_frame.level_db[0], color=BLUE, linewidth=0.8)
        after.set(title=f"Its spectrum: a bin every {config.bin_hz:.1f} Hz",
                  xlabel=FREQUENCY_LABEL, ylabel=LEVEL_LABEL)  # fmt: skip
    return figure


def leakage_figure(*, n_fft: int = 1024, bins_off: float = 0.5) -> Figure:
    """Draw the spectrum of a sine without a window and with one.

    The frame has ``n_fft`` samples; the frequency of the sine lies ``bins_off`` bins above a bin.
    """
    n = np.arange(n_fft)
    sine = np.sin(2 * np.pi * (64 + bins_off) * n / n_fft)
    shown = np.arange(44, 86)
    with house_style():
        figure = new_figure(8.0, 3.4)
        ax = figure.subplots()
        names = (("boxcar", "no window", VERMILLION, "s"), ("hann", "Hann window", BLUE, "o"))
        for name, label, colour, marker in names:
            window = get_window(name, n_fft)
            spectrum = np.abs(np.fft.rfft(sine * window)) * 2 / window.sum()
            level_db = 20 * np.log10(np.maximum(spectrum[shown], 10 ** (_SILENCE_DB / 20)))
            ax.plot(shown - 64, level_db, marker=marker, markersize=4, color=colour, label=label)
        ax.axvline(bins_off, color=GREY, linewidth=1, dashes=(4, 3), label="the sine")
        ax.set(title="A pure tone leaks into its neighbours", ylabel=LEVEL_LABEL,
               xlabel="bin, counted from the one nearest below the sine",
               ylim=(_SILENCE_DB, 5))  # fmt: skip
        ax.legend(loc="upper right")
    return figure


def resolution_figure(
    signal: Signal,
    *,
    n_ffts: Sequence[int] = (512, 2048, 8192),
    span_s: tuple[float, float] = (0.7, 1.35),
    band_hz: tuple[float, float] = (700.0, 1400.0),
) -> Figure:
    """Draw one sound's spectrograms side by side, each with another window length.

    The hop is 64 samples throughout, so that only the window limits the resolution.

    Parameters
    ----------
    signal : Signal
        The sound.
    n_ffts : sequence of int
        Lengths of the windows in samples, at least one.
    span_s : tuple of float
        Start and end of the drawn time in seconds.
    band_hz : tuple of float
        Lowest and highest drawn frequency in Hz.

    Returns
    -------
    Figure
        A spectrogram for each window, with common axes.
    """
    with house_style():
        figure = new_figure(WIDTH_IN, 3.4)
        axes = figure.subplots(1, len(n_ffts), sharex=True, sharey=True, squeeze=False)[0]
        for ax, n_fft in zip(axes, n_ffts, strict=True):
            config = FingerprintConfig.model_validate(
                {
                    "sample_rate_hz": signal.sample_rate_hz,
                    "spectrogram": {"n_fft": n_fft, "hop_length": 64},
                }
            )
            image = plot_spectrogram(ax, spectrogram(signal, config), range_db=60)
            # A frame's time is that of its first sample; what it shows lies around its middle.
            left_s, right_s, bottom_hz, top_hz = image.get_extent()
            half_s = n_fft / 2 / signal.sample_rate_hz
            image.set_extent((left_s + half_s, right_s + half_s, bottom_hz, top_hz))
            ax.set(title=f"n_fft {n_fft}: {1000 * n_fft / signal.sample_rate_hz:.0f} ms, "
                   f"{config.bin_hz:.1f} Hz", xlim=span_s, ylim=band_hz)  # fmt: skip
            ax.label_outer()
    return figure


def music_figure(signal: Signal, *, n_fft: int = 4096, overlap: int = 75) -> Figure:
    """Draw a sound's spectrogram under a window length and an overlap.

    Parameters
    ----------
    signal : Signal
        The sound.
    n_fft : int
        Length of the window in samples.
    overlap : int
        Share of a window that the next one covers too, in per cent, from 0 to 99.

    Returns
    -------
    Figure
        The spectrogram below 3500 Hz; its title tells window, bins and hop.
    """
    hop_length = n_fft * (100 - overlap) // 100
    config = FingerprintConfig.model_validate(
        {
            "sample_rate_hz": signal.sample_rate_hz,
            "spectrogram": {"n_fft": n_fft, "hop_length": hop_length, "max_hz": 3500},
        }
    )
    with house_style():
        figure = new_figure(WIDTH_IN, 3.8)
        ax = figure.subplots()
        image = plot_spectrogram(ax, spectrogram(signal, config))
        figure.colorbar(image, ax=ax, label=LEVEL_LABEL)
        window_ms = 1000 * n_fft / signal.sample_rate_hz
        hop_ms = 1000 * config.hop_s
        ax.set_title(f"window {window_ms:.0f} ms, bins {config.bin_hz:.1f} Hz, hop {hop_ms:.0f} ms")
    return figure


def scales_figure(signal: Signal, *, top_hz: float = 8000.0) -> Figure:
    """Draw one spectrogram on three scales of frequency: linear, logarithmic and mel.

    The first two show the same bins. The third sums them into 64 mel bands by librosa's filters.
    """
    import librosa.display  # seconds to load, and nothing else here needs it
    import librosa.filters

    config = FingerprintConfig(sample_rate_hz=signal.sample_rate_hz)
    linear = spectrogram(signal, config)
    level_db = linear.level_db.T
    filters = librosa.filters.mel(
        sr=signal.sample_rate_hz, n_fft=config.spectrogram.n_fft, n_mels=64, fmax=top_hz, norm=None
    )
    mel_db = 10 * np.log10(filters @ 10 ** (level_db / 10))
    how: dict[str, Any] = {
        "sr": signal.sample_rate_hz, "hop_length": config.spectrogram.hop_length, "x_axis": "s",
        "cmap": "magma",
    }  # fmt: skip
    with house_style():
        figure = new_figure(WIDTH_IN, 3.6)
        plain, octaves, mel = axes = figure.subplots(1, 3)
        plot_spectrogram(plain, linear)
        plain.set(title="Linear: every bin equally wide", ylim=(0, top_hz))
        librosa.display.specshow(
            level_db, y_axis="log", ax=octaves, vmin=level_db.max() - 80, **how
        )
        octaves.set(title="Logarithmic: octaves equally high", ylim=(64, top_hz))
        librosa.display.specshow(
            mel_db, y_axis="mel", fmax=top_hz, ax=mel, vmin=mel_db.max() - 80, **how
        )
        mel.set_title("Mel: as pitch is perceived")
        for ax in axes:
            ax.set(xlabel=TIME_LABEL, ylabel=FREQUENCY_LABEL)
            ax.xaxis.set_major_locator(MaxNLocator(6))
    return figure
