"""Figures of notebook 03: from the constellation to pairs and hashes.

Times are in seconds, frequencies in Hz; a fan-out is how many pairs begin at a peak.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from fpcore import pipeline
from fpcore.config import FingerprintConfig, QueryConfig
from fpcore.display import plot_constellation, plot_pairs
from fpcore.display.frame import new_figure
from fpcore.display.style import BLUE, GREY, ORANGE, SERIES, VERMILLION, house_style
from fpcore.records import Hashes, Landmarks, Peaks, Signal
from fpcore.stages import hashing
from fpcore.stages import peaks as picking
from fpcore.stages.landmarks import landmarks
from fpcore.stages.spectrogram import spectrogram
from notebooks.lessons.drawing import MARKERS, WIDTH_IN, plain_numbers


def constellation(signal: Signal, config: FingerprintConfig) -> Peaks:
    """Return the peaks of a sound that ``config`` keeps."""
    maxima = picking.local_maxima(spectrogram(signal, config), config)
    return picking.thin(maxima, config, config.peaks.max_peaks_per_s)


def target_zone_figure(peaks: Peaks, config: FingerprintConfig, *, anchor: int = 0) -> Figure:
    """Draw one anchor, its target zone, and the pairs that it makes.

    Parameters
    ----------
    peaks : Peaks
        A constellation of at least one peak.
    config : FingerprintConfig
        It sets the target zone and the fan-out.
    anchor : int
        Which peak is the anchor, counted from 0; beyond the last the last is taken.

    Returns
    -------
    Figure
        The constellation around the anchor.
    """
    pairs = landmarks(peaks, config)
    anchor = min(anchor, len(peaks) - 1)
    frame, bin_ = int(peaks.frame[anchor]), int(peaks.bin[anchor])
    mine = (pairs.anchor_frame == frame) & (pairs.anchor_bin == bin_)
    own = Landmarks(pairs.anchor_frame[mine], pairs.anchor_bin[mine], pairs.target_bin[mine],
                    pairs.delta_frames[mine])  # fmt: skip
    time_s, frequency_hz = frame * config.hop_s, bin_ * config.bin_hz
    reach_hz = config.max_delta_bins * config.bin_hz
    start_s, end_s = (n * config.hop_s for n in (config.min_delta_frames, config.max_delta_frames))
    with house_style():
        figure = new_figure(WIDTH_IN, 3.8)
        ax = figure.subplots()
        zone = Rectangle((time_s + start_s, frequency_hz - reach_hz), end_s - start_s, 2 * reach_hz,
                         facecolor=ORANGE, alpha=0.18, label="target zone")  # fmt: skip
        ax.add_patch(zone)
        plot_constellation(ax, peaks, hop_s=config.hop_s, bin_hz=config.bin_hz, colour=GREY,
                           label="peak")  # fmt: skip
        plot_pairs(ax, own, hop_s=config.hop_s, bin_hz=config.bin_hz,
                   label=f"its {len(own)} pairs")  # fmt: skip
        ax.scatter(time_s, frequency_hz, s=90, marker="*", c=VERMILLION, label="anchor", zorder=4)
        low_hz = config.first_bin * config.bin_hz
        ax.set(title="An anchor pairs with the first peaks of its target zone",
               xlim=(max(0, time_s - 1), time_s + end_s + 1.5),
               ylim=(low_hz - 50, low_hz + config.n_bins * config.bin_hz + 50))  # fmt: skip
        ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


def pairs_figure(
    peaks: Peaks,
    config: FingerprintConfig,
    *,
    fan_out: int = 5,
    max_delta_s: float = 2.0,
    max_delta_hz: float = 1400.0,
) -> Figure:
    """Draw all pairs of a constellation under other limits of the target zone.

    Parameters
    ----------
    peaks : Peaks
        The constellation.
    config : FingerprintConfig
        What made it; its limits of the target zone are replaced.
    fan_out : int
        Most pairs that begin at a peak, at least 1.
    max_delta_s : float
        How many seconds ahead the target may lie.
    max_delta_hz : float
        How many Hz above or below the anchor the target may lie.

    Returns
    -------
    Figure
        Its title tells the numbers of peaks, pairs, and bits of a token.
    """
    changed = {"fan_out": fan_out, "max_delta_s": max_delta_s, "max_delta_hz": max_delta_hz}
    config = FingerprintConfig.model_validate(
        {**config.model_dump(), "pairs": {**config.pairs.model_dump(), **changed}}
    )
    pairs = landmarks(peaks, config)
    bits = np.log2(config.n_tokens)
    with house_style():
        figure = new_figure(WIDTH_IN, 3.8)
        ax = figure.subplots()
        plot_pairs(ax, pairs, hop_s=config.hop_s, bin_hz=config.bin_hz)
        plot_constellation(ax, peaks, hop_s=config.hop_s, bin_hz=config.bin_hz)
        ax.set_title(f"{len(peaks)} peaks make {len(pairs)} pairs; a token has {bits:.1f} bits")
    return figure


def shift_figure(
    signal: Signal,
    config: FingerprintConfig,
    *,
    n_shifts: Sequence[int] = (1, 2, 4),
    n_steps: int = 16,
) -> Figure:
    """Draw how many of a song's hashes a recording has that begins a fraction of a hop later.

    The recording is the same sound without its first samples, as a microphone that was switched
    on a moment later would hear it.

    Parameters
    ----------
    signal : Signal
        The song.
    config : FingerprintConfig
        How both are analysed.
    n_shifts : sequence of int
        At how many shifts within a hop the recording is analysed, each at least 1; a line for
        each, at most four.
    n_steps : int
        Steps from no delay to that of a whole hop, at least 1.

    Returns
    -------
    Figure
        Shares of the song's hashes in per cent over the delay in hops.
    """
    hop = config.spectrogram.hop_length
    song = pipeline.fingerprint([signal.samples], config).hashes
    late = np.linspace(0, hop, n_steps + 1).astype(int)
    with house_style():
        figure = new_figure(8.0, 3.6)
        ax = figure.subplots()
        for row, n in enumerate(n_shifts):
            share = [
                share_found(song, Signal(signal.samples[skip:], signal.sample_rate_hz), config, n)
                for skip in late
            ]
            ax.plot(late / hop, 100 * np.array(share), marker=MARKERS[row], color=SERIES[row],
                    markersize=4, label=f"{n} shift{'s' if n > 1 else ''}")  # fmt: skip
        ax.set(title="Frames of song and recording rarely coincide", ylim=(0, 103),
               xlabel="the recording begins later by [hops]",
               ylabel="song hashes found [%]")  # fmt: skip
        ax.legend(title="query analysed at", loc="lower center", ncols=len(n_shifts))
    return figure


def share_found(song: Hashes, signal: Signal, config: FingerprintConfig, n_shifts: int) -> float:
    """Return the share of a song's hashes that a recording has too.

    Parameters
    ----------
    song : Hashes
        The song's hashes.
    signal : Signal
        The recording.
    config : FingerprintConfig
        How the song was analysed.
    n_shifts : int
        At how many shifts within a hop the recording is analysed, at least 1.

    Returns
    -------
    float
        Share in [0, 1]; 0 when the song has no hashes.
    """
    query = pipeline.query(signal, config, QueryConfig(n_shifts=n_shifts)).hashes
    return float(np.mean(np.isin(song.token, query.token))) if len(song) else 0.0


def specificity_figure(songs: Sequence[Peaks], config: FingerprintConfig) -> Figure:
    """Draw how long the lists of an index are whose keys are single peaks, or pairs.

    Left is the share of keys whose list has so many postings or more; right the number of postings
    that the look-up of one key of the songs finds on average.
    """
    bins = np.concatenate([song.bin for song in songs]).astype(np.int64)
    pairs = [hashing.hashes(landmarks(song, config), config).token for song in songs]
    keys = (("frequency of one peak", bins), ("pair (f1, f2, Δt)", np.concatenate(pairs)))
    with house_style():
        figure = new_figure(WIDTH_IN, 3.6)
        spread, mean = figure.subplots(1, 2, width_ratios=(2, 1))
        for row, (label, key) in enumerate(keys):
            length = np.unique(key, return_counts=True)[1]
            at_least, share = _exceeded(length)
            spread.step(at_least, 100 * share, where="post", color=SERIES[row], linewidth=1.8,
                        label=label)  # fmt: skip
            found = float(np.sum(length**2) / np.sum(length))
            bar = mean.bar(row, found, color=SERIES[row], width=0.6)
            mean.bar_label(bar, fmt="%.1f", padding=2)
        spread.set(xscale="log", title="How long are the index's lists?", ylim=(0, 103),
                   xlabel="postings of a key, at least", ylabel="keys [%]")  # fmt: skip
        plain_numbers(spread.xaxis)
        spread.legend(loc="upper right")
        mean.set(title="What one look-up finds", ylabel="postings, on average",
                 xticks=(0, 1))  # fmt: skip
        mean.set_xticklabels(["one peak", "pair"])
        mean.margins(y=0.25)
    return figure


def _exceeded(values: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the distinct values and the share of all that are at least as large as each."""
    distinct, n = np.unique(values, return_counts=True)
    return distinct, np.cumsum(n[::-1])[::-1] / len(values)


def fan_out_figure(
    signal: Signal,
    noisy: Signal,
    config: FingerprintConfig,
    *,
    fan_outs: Sequence[int] = (1, 2, 3, 5, 8, 12, 20),
) -> Figure:
    """Draw what a fan-out costs in stored hashes, and what it brings in hashes found again.

    Parameters
    ----------
    signal : Signal
        The song.
    noisy : Signal
        The same samples with noise; they are analysed like the song.
    config : FingerprintConfig
        How both are analysed, except for the fan-out.
    fan_outs : sequence of int
        The fan-outs, each at least 1.

    Returns
    -------
    Figure
        Left hashes a second, right shares in per cent. The grey line is the square of the share of
        peaks that are found again: a pair needs both of its peaks.
    """
    song, heard = constellation(signal, config), constellation(noisy, config)
    frames_bins = [set(zip(p.frame.tolist(), p.bin.tolist(), strict=True)) for p in (song, heard)]
    share = len(frames_bins[0] & frames_bins[1]) / max(len(song), 1)
    n_pairs, n_alive = [], []
    for fan_out in fan_outs:
        mine, theirs = (_triples(landmarks(p, config, fan_out)) for p in (song, heard))
        n_pairs.append(len(mine))
        n_alive.append(len(mine & theirs))
    size, alive = np.array(n_pairs), np.array(n_alive)
    with house_style():
        figure = new_figure(WIDTH_IN, 3.6)
        cost, gain = figure.subplots(1, 2)
        cost.plot(fan_outs, size / signal.duration_s, marker="o", color=BLUE, label="stored")
        cost.plot(fan_outs, alive / signal.duration_s, marker="s", color=ORANGE,
                  label="found in the noisy recording")  # fmt: skip
        cost.set(title="More pairs: more to store, more to find", xlabel="fan-out [pairs a peak]",
                 ylabel="hashes [1/s]", ylim=(0, None), xticks=fan_outs)  # fmt: skip
        cost.legend(loc="upper left")
        gain.plot(fan_outs, 100 * alive / np.maximum(size, 1), marker="s", color=ORANGE,
                  label="pairs that survive")  # fmt: skip
        gain.axhline(100 * share, color=BLUE, linewidth=1.2, label="peaks that survive, p")
        gain.axhline(100 * share**2, color=GREY, linewidth=1.2, dashes=(4, 3), label="p²")
        gain.set(title="A pair needs both of its peaks", xlabel="fan-out [pairs a peak]",
                 ylabel="share [%]", ylim=(0, 100), xticks=fan_outs)  # fmt: skip
        gain.legend(loc="upper right")
    return figure


def _triples(pairs: Landmarks) -> set[tuple[int, ...]]:
    """Return the pairs as comparable tuples."""
    columns = (pairs.anchor_frame, pairs.anchor_bin, pairs.target_bin, pairs.delta_frames)
    return set(zip(*(column.tolist() for column in columns), strict=True))
