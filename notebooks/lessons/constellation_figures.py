"""Figures of notebook 02: from the spectrogram to the constellation.

Frequencies are in Hz, levels in dB re full scale, densities in peaks a second.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from experiments.degradations import degrade
from experiments.degradations.config import White
from experiments.seeds import seeded_rng
from fpcore.config import FingerprintConfig
from fpcore.display import plot_constellation, plot_spectrogram
from fpcore.display.frame import new_figure
from fpcore.display.style import GREY, SERIES, SKY, VERMILLION, house_style
from fpcore.records import Peaks, Signal, Spectrogram
from fpcore.stages import peaks as picking
from fpcore.stages.spectrogram import spectrogram
from fpcore.stages.verification import merged, nearness
from notebooks.lessons.drawing import MARKERS, WIDTH_IN, legend_above

_SEEN_S, _SEEN_HZ = 2.0, 900.0


def neighbourhood_figure(signal: Signal, config: FingerprintConfig) -> Figure:
    """Draw the surroundings of a sound's highest peak, and the area in which it is the highest.

    Without any peak only the spectrogram is drawn.
    """
    levels = spectrogram(signal, config)
    found = picking.local_maxima(levels, config)
    n_frames, n_bins = config.neighbourhood
    with house_style():
        figure = new_figure(8.0, 3.8)
        ax = figure.subplots()
        image = plot_spectrogram(ax, levels, range_db=70)
        figure.colorbar(image, ax=ax, label="level [dB re full scale]")
        if len(found):
            highest = int(np.argmax(found.level_db))
            time_s = (int(found.frame[highest]) + 0.5) * config.hop_s
            frequency_hz = int(found.bin[highest]) * config.bin_hz
            width_s, height_hz = n_frames * config.hop_s, n_bins * config.bin_hz
            corner = (time_s - width_s / 2, frequency_hz - height_hz / 2)
            ax.add_patch(Rectangle(corner, width_s, height_hz, fill=False, edgecolor=SKY,
                                   linewidth=2, label="its neighbourhood"))  # fmt: skip
            ax.scatter(found.frame * config.hop_s + config.hop_s / 2, found.bin * config.bin_hz,
                       s=40, facecolors="none", edgecolors="white", linewidths=1.4,
                       label="local maximum")  # fmt: skip
            ax.set(xlim=(max(0, time_s - _SEEN_S / 2), time_s + _SEEN_S / 2),
                   ylim=(max(0, frequency_hz - _SEEN_HZ / 2),
                         frequency_hz + _SEEN_HZ / 2))  # fmt: skip
            ax.legend(loc="upper right", labelcolor="white", frameon=True, facecolor="black",
                      framealpha=0.6, edgecolor="none")  # fmt: skip
        ax.set_title(f"Highest of {n_frames} frames × {n_bins} bins")
    return figure


def whitening_figure(signal: Signal, config: FingerprintConfig) -> Figure:
    """Draw which peaks are kept without whitening (the loudest) and with it.

    With whitening, as ``config`` says, those are kept that stand out most from their surroundings.
    """
    levels = spectrogram(signal, config)
    plain = FingerprintConfig.model_validate({**config.model_dump(), "whitening": {"kind": "none"}})
    heights = Spectrogram(picking.whiten(levels, config), config.hop_s, config.bin_hz,
                          first_bin=config.first_bin)  # fmt: skip
    rows = (
        ("Without whitening: the loudest win", levels, plain, "level [dB]"),
        ("Whitened: what stands out wins", heights, config, "above surroundings [dB]"),
    )
    with house_style():
        figure = new_figure(WIDTH_IN, 4.0)
        axes = figure.subplots(1, 2, sharex=True, sharey=True)
        for ax, (title, drawn, how, label) in zip(axes, rows, strict=True):
            kept = _constellation(levels, how, config.peaks.max_peaks_per_s)
            image = plot_spectrogram(ax, drawn, range_db=60)
            figure.colorbar(image, ax=ax, label=label)
            plot_constellation(ax, kept, hop_s=config.hop_s, bin_hz=config.bin_hz, colour=SKY)
            ax.set_title(title)
            ax.label_outer()
    return figure


def constellation_figure(
    signal: Signal,
    *,
    max_peaks_per_s: float = 10.0,
    width_s: float = 0.3,
    width_hz: float = 220.0,
    whitened: bool = True,
) -> Figure:
    """Draw the local maxima of a sound, and which of them the density limit keeps.

    The band is 200 to 3500 Hz, the window 4096 samples with a hop of 1024.

    Parameters
    ----------
    signal : Signal
        The sound.
    max_peaks_per_s : float
        How many peaks a second are kept, above 0.
    width_s, width_hz : float
        Size of the neighbourhood in which a peak is the highest, in seconds and Hz, above 0.
    whitened : bool
        Whether the level of the surroundings is subtracted first.

    Returns
    -------
    Figure
        All local maxima as circles, those that are kept as dots.
    """
    config = FingerprintConfig.model_validate(
        {
            "sample_rate_hz": signal.sample_rate_hz,
            "spectrogram": {"min_hz": 200, "max_hz": 3500},
            "whitening": {"kind": "box" if whitened else "none"},
            "peaks": {
                "neighbourhood": {"kind": "physical", "width_s": width_s, "width_hz": width_hz}
            },
        }
    )
    levels = spectrogram(signal, config)
    maxima = picking.local_maxima(levels, config)
    kept = picking.thin(maxima, config, max_peaks_per_s)
    with house_style():
        figure = new_figure(WIDTH_IN, 3.8)
        ax = figure.subplots()
        plot_spectrogram(ax, levels, range_db=70, cmap="Greys").set_alpha(0.5)
        ax.scatter(maxima.frame * config.hop_s, maxima.bin * config.bin_hz, s=14,
                   facecolors="none", edgecolors=GREY, linewidths=0.8,
                   label=f"local maximum ({_rate(maxima, signal)})")  # fmt: skip
        plot_constellation(ax, kept, hop_s=config.hop_s, bin_hz=config.bin_hz,
                           colour=VERMILLION, label=f"kept ({_rate(kept, signal)})")  # fmt: skip
        ax.set_title("The constellation")
        legend_above(ax, 2)
    return figure


def repeatability_figure(
    signal: Signal,
    config: FingerprintConfig,
    *,
    query_densities: Sequence[float] = (10.0, 30.0),
    snrs_db: Sequence[float] = (20, 15, 10, 5, 0, -5, -10),
    seed: int = 0,
) -> Figure:
    """Draw how many peaks of a song are found again in white noise, by the query's density.

    A peak is found again when the recording has one within one frame and one bin.

    Parameters
    ----------
    signal : Signal
        The song; the recording has the same samples with noise.
    config : FingerprintConfig
        How the song is analysed.
    query_densities : sequence of float
        Peaks a second that are kept of the recording, above 0; at most four.
    snrs_db : sequence of float
        Signal-to-noise ratios in dB.
    seed : int
        Of the noise.

    Returns
    -------
    Figure
        A line for each density. Dotted is what the same sound reversed in time has at the places
        of the song's peaks: chance.
    """
    song = _constellation(spectrogram(signal, config), config, config.peaks.max_peaks_per_s)
    backwards = Signal(signal.samples[::-1], signal.sample_rate_hz)
    shares = {
        (density, snr_db): [
            found_again(song, heard, config, density, snr_db, seed) for heard in (signal, backwards)
        ]
        for density in query_densities
        for snr_db in snrs_db
    }
    with house_style():
        figure = new_figure(8.0, 3.8)
        ax = figure.subplots()
        for row, density in enumerate(query_densities):
            drawn = 100 * np.array([shares[density, snr_db] for snr_db in snrs_db])
            ax.plot(snrs_db, drawn[:, 0], marker=MARKERS[row], color=SERIES[row],
                    label=f"{density:g} peaks/s in the query")  # fmt: skip
            ax.plot(snrs_db, drawn[:, 1], ":", color=SERIES[row], linewidth=1.2,
                    label="the same, by chance")  # fmt: skip
        ax.invert_xaxis()
        ax.set(title="How repeatable are peaks under noise?", ylim=(0, 103),
               xlabel="signal-to-noise ratio, white noise [dB]",
               ylabel="song peaks found again [%]")  # fmt: skip
        legend_above(ax, 2, rows=2)
    return figure


def found_again(
    song: Peaks,
    signal: Signal,
    config: FingerprintConfig,
    density: float,
    snr_db: float,
    seed: int = 0,
) -> float:
    """Return the share of a song's peaks that a recording has under white noise.

    Parameters
    ----------
    song : Peaks
        The song's constellation.
    signal : Signal
        The recording without noise, as long as the song.
    config : FingerprintConfig
        How the recording is analysed.
    density : float
        Peaks a second that are kept of the recording, above 0.
    snr_db : float
        Signal-to-noise ratio in dB.
    seed : int
        Of the noise.

    Returns
    -------
    float
        Share in [0, 1] of the song's peaks that have one within one frame and one bin; 0 when the
        song has no peaks.
    """
    rng = seeded_rng(seed, "repeatability", str(snr_db))
    noisy = degrade(signal, [White(snr_db=snr_db)], rng=rng)
    heard = _constellation(spectrogram(noisy, config), config, density)
    near = nearness(song, 0.0, merged([heard]), 1)[1]
    return float(np.count_nonzero(near)) / max(len(song), 1)


def _constellation(
    levels: Spectrogram, config: FingerprintConfig, max_peaks_per_s: float | None
) -> Peaks:
    return picking.thin(picking.local_maxima(levels, config), config, max_peaks_per_s)


def _rate(peaks: Peaks, signal: Signal) -> str:
    return f"{len(peaks) / signal.duration_s:.1f} a second"
