"""Figures of notebook 05: what noise does, what a threshold does, and where landmarks fail.

Rows of queries are those of `experiments.evaluation.rows`; probabilities lie in [0, 1].
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray

from experiments import metrics
from experiments.degradations import Degradation, condition, degrade
from experiments.degradations.config import Speed, Tempo
from experiments.seeds import seeded_rng
from fpcore import pipeline
from fpcore.config import FingerprintConfig
from fpcore.display import plot_constellation, plot_spectrogram
from fpcore.display.frame import new_figure
from fpcore.display.style import BLACK, BLUE, GREY, ORANGE, SERIES, SKY, VERMILLION, house_style
from fpcore.records import Signal
from fpcore.stages.spectrogram import spectrogram
from fpcore.stages.verification import merged, nearness
from notebooks.lessons.drawing import MARKERS, WIDTH_IN, legend_above
from notebooks.lessons.pair_figures import constellation, share_found


def heard(signal: Signal, name: str, *, seed: int = 0) -> Signal:
    """Return a signal as it is heard under a condition.

    Parameters
    ----------
    signal : Signal
        A sound without noise.
    name : str
        A condition of `experiments.degradations.CONDITIONS`.
    seed : int
        All random choices follow from it.

    Returns
    -------
    Signal
        The degraded sound at the same sample rate.
    """
    return degrade(signal, condition(name).chain, rng=seeded_rng(seed, "heard", name))


def heard_figure(
    signal: Signal, config: FingerprintConfig, *, condition: str = "white-0db", seed: int = 0
) -> Figure:
    """Draw a sound and what is left of it under a condition, with the peaks of the song.

    Parameters
    ----------
    signal : Signal
        The song.
    config : FingerprintConfig
        How both are analysed.
    condition : str
        A condition of `experiments.degradations.CONDITIONS`.
    seed : int
        All random choices of the condition follow from it.

    Returns
    -------
    Figure
        Filled are the peaks that the degraded sound has too, within one frame and one bin.
    """
    song = constellation(signal, config)
    noisy = heard(signal, condition, seed=seed)
    near = nearness(song, 0.0, merged([constellation(noisy, config)]), 1)[1]
    alive = np.zeros(len(song), np.bool_)
    alive[: len(near)] = near > 0
    time_s, frequency_hz = song.frame * config.hop_s, song.bin * config.bin_hz
    with house_style():
        figure = new_figure(WIDTH_IN, 3.8)
        before, after = axes = figure.subplots(1, 2, sharex=True, sharey=True)
        for ax, sound in zip(axes, (signal, noisy), strict=True):
            plot_spectrogram(ax, spectrogram(sound, config), range_db=60)
            ax.label_outer()
        plot_constellation(before, song, hop_s=config.hop_s, bin_hz=config.bin_hz, colour=SKY)
        before.set_title(f"The song: {len(song)} peaks")
        after.scatter(time_s[alive], frequency_hz[alive], s=22, c=ORANGE, edgecolors="white",
                      linewidths=0.6)  # fmt: skip
        after.scatter(time_s[~alive], frequency_hz[~alive], s=18, facecolors="none",
                      edgecolors=SKY, linewidths=0.9)  # fmt: skip
        share = 100 * float(np.mean(alive)) if len(song) else 0.0
        after.set_title(f"{condition}: {np.sum(alive)} found again (filled), {share:.0f}%")
    return figure


def accuracy_figure(outcomes: pd.DataFrame, threshold: float) -> Figure:
    """Draw, per condition, how often the right song comes first and how often it is accepted.

    Bars are Wilson's intervals at 95%.
    """
    table = metrics.summary(outcomes, threshold)
    best_first = table[table["metric"] == "top1"].sort_values(
        "share", ascending=False, kind="stable"
    )
    names = best_first["condition"].tolist()
    with house_style():
        figure = new_figure(8.5, 1.6 + 0.42 * len(names))
        ax = figure.subplots()
        kinds = (("top1", "right song first", GREY), ("accepted_right", "accepted and right", BLUE))
        for row, (metric, label, colour) in enumerate(kinds):
            mine = table[table["metric"] == metric].set_index("condition").loc[names]
            share, low, high = (100 * mine[c].to_numpy(float) for c in ("share", "low", "high"))
            y = np.arange(len(names)) + 0.16 * (1 - 2 * row) * -1
            reach = np.maximum([share - low, high - share], 0)
            ax.errorbar(share, y, xerr=reach, fmt=MARKERS[row], color=colour, capsize=3,
                        markersize=6, label=label)  # fmt: skip
        n = int(table.loc[table["metric"] == "top1", "n"].min())
        ax.set(title=f"Accuracy, {n} queries a condition", xlabel="queries [%]", xlim=(-3, 103),
               yticks=np.arange(len(names)), ylim=(len(names) - 0.5, -0.5))  # fmt: skip
        ax.set_yticklabels(names)
        legend_above(ax, 2)
    return figure


def evidence_figure(candidates: pd.DataFrame) -> Figure:
    """Draw three kinds of evidence for the likeliest song of every query, a dot for each query.

    ``candidates`` has a row for each query and candidate. Right answers, wrong ones and songs that
    are not in the index lie in rows of their own, for each clip length. Evidence is good when one
    vertical line separates the right answers from all others.
    """
    best = candidates[candidates["rank"] == 0]
    contrast = np.expm1(best["log_idf"]) / np.exp(best["log_chance"])
    kinds = (
        ("Votes", "shared hashes at one offset", best["votes"].to_numpy(float)),
        ("Contrast", "weight over that of chance", contrast.to_numpy(float)),
        ("Verified", "song peaks found / √expected", best["found"].to_numpy(float)),
    )
    rows = groups(best)
    with house_style():
        figure = new_figure(WIDTH_IN, 1.4 + 0.45 * len(rows))
        axes = figure.subplots(1, 3, sharey=True)
        for ax, (title, label, value) in zip(axes, kinds, strict=True):
            for row, (_, colour, mine) in enumerate(rows):
                n = int(np.sum(mine))
                spread = row - 0.3 + 0.6 * ((np.arange(n) * 0.618034) % 1)
                ax.scatter(value[mine], spread, s=16, c=colour, alpha=0.7, linewidths=0)
            ax.set(title=title, xlabel=label, yticks=range(len(rows)), ylim=(len(rows) - 0.5, -0.6))
        for ax in axes[:2]:
            ax.set_xscale("log")
            ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes[0].set_yticklabels([f"{label} ({np.sum(mine)})" for label, _, mine in rows])
    return figure


def groups(rows: pd.DataFrame) -> list[tuple[str, str, NDArray[np.bool_]]]:
    """Return label, colour and mask, bool (n,), of each kind of query; every row is of one kind."""
    indexed = rows["indexed"].to_numpy(bool)
    right = rows["right"].to_numpy(bool) & indexed
    clip_s = rows["clip_s"].to_numpy(float)
    kinds = (
        ("right song", BLUE, right),
        ("wrong song", ORANGE, indexed & ~right),
        ("not in index", VERMILLION, ~indexed),
    )
    found = [
        (f"{label}, {length:g} s", colour, mine & (clip_s == length))
        for label, colour, mine in kinds
        for length in np.unique(clip_s)
    ]
    return [row for row in found if np.any(row[2])]


def threshold_figure(outcomes: pd.DataFrame, threshold: float) -> Figure:
    """Draw misses and false alarms as the threshold on the probability rises."""
    curve = metrics.det_curve(outcomes)
    at = np.clip(curve["threshold"].to_numpy(float), 0, 1)
    with house_style():
        figure = new_figure(8.0, 3.6)
        ax = figure.subplots()
        kinds = (("miss_rate", BLUE, "misses (known songs)"),
                 ("false_alarm_rate", VERMILLION, "false alarms (unknown songs)"))  # fmt: skip
        for name, colour, label in kinds:
            ax.step(at, 100 * curve[name], where="pre", color=colour, label=label)
        ax.axvline(threshold, color=BLACK, linewidth=1.2, dashes=(4, 2), label="threshold")
        ax.set(title="Every threshold trades one error for the other", xlim=(0, 1),
               ylim=(-2, 102), xlabel="threshold on the probability",
               ylabel="queries [%]")  # fmt: skip
        legend_above(ax, 3)
    return figure


def scores_figure(scores: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw misses against false alarms for all thresholds, a curve for each score.

    ``scores`` maps the name of each score to rows with the columns probability, indexed and right.
    A score may be any number that is higher for better evidence; it stands in the column
    probability. A curve nearer to the lower left corner is better.
    """
    with house_style():
        figure = new_figure(8.0, 4.0)
        ax = figure.subplots()
        for row, (label, rows) in enumerate(scores.items()):
            curve = metrics.det_curve(rows)
            ax.step(100 * curve["false_alarm_rate"], 100 * curve["miss_rate"], where="post",
                    color=SERIES[row], linewidth=2.6 - 0.5 * row, label=label)  # fmt: skip
        ax.set(title="A better score makes fewer errors of both kinds",
               xlim=(-2, 102), ylim=(-2, 102),
               xlabel="false alarms [% of unknown songs]",
               ylabel="misses [% of known songs]")  # fmt: skip
        ax.legend(loc="upper right")
    return figure


def speed_figure(
    signal: Signal,
    config: FingerprintConfig,
    *,
    percents: Sequence[float] = (-6, -4, -2, -1, -0.5, 0, 0.5, 1, 2, 4, 6),
) -> Figure:
    """Draw how many of a song's hashes are left when it is played at another speed or tempo.

    Parameters
    ----------
    signal : Signal
        The song.
    config : FingerprintConfig
        How song and recording are analysed; the recording at two shifts.
    percents : sequence of float
        By how much the song is played faster, in per cent.

    Returns
    -------
    Figure
        A line for speed, which changes pitch and time, and one for tempo, which changes time
        alone. Dotted is what the sound reversed in time has: chance.
    """
    song = pipeline.fingerprint([signal.samples], config).hashes
    backwards = Signal(signal.samples[::-1], signal.sample_rate_hz)
    with house_style():
        figure = new_figure(8.0, 3.6)
        ax = figure.subplots()
        kinds = (("speed: pitch and tempo", Speed), ("tempo alone", Tempo))
        for row, (label, kind) in enumerate(kinds):
            share = [
                share_found(song, _played(signal, kind(factor=1 + percent / 100)), config, 2)
                for percent in percents
            ]
            ax.plot(percents, 100 * np.array(share), marker=MARKERS[row], color=SERIES[row],
                    label=label)  # fmt: skip
        chance = 100 * share_found(song, backwards, config, 2)
        ax.axhline(chance, color=GREY, linestyle=":", label="chance")
        ax.set(title="Hashes fit one speed only", xlabel="faster by [%]",
               ylabel="song hashes found [%]", ylim=(0, 103))  # fmt: skip
        ax.legend(loc="upper right")
    return figure


def _played(signal: Signal, change: Degradation) -> Signal:
    return degrade(signal, [change], rng=seeded_rng(0, "unused"))
