"""Notebook peak_survival: which peaks live, which ones a score keeps, and what that is worth."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from experiments.comparison import Comparison
from experiments.survival.examples import Examples, described
from experiments.survival.features import NAMES
from experiments.survival.models import Linear, Score, height
from experiments.survival.survivors import kept_of_song
from experiments.teaching.drawing import MARKERS, SERIES, legend_above, new_figure
from fpcore.config import FingerprintConfig
from fpcore.display.stages import plot_constellation, plot_spectrogram
from fpcore.display.style import BLACK, BLUE, GREY, ORANGE, PALE, VERMILLION, house_style
from fpcore.records import Peaks, Signal
from fpcore.spectrogram import spectrogram

N_STEPS = 10
N_COLUMNS = 4
LEAST_POINTS = 5.0
"""Differences are drawn at least to here, so that none looks small or large by its axis alone."""


def fate_figure(examples: Examples) -> Figure:
    """Draw how many peaks live by each feature, in ten steps that hold as many peaks each."""
    lived = 100 * examples.found.mean(axis=1)
    n_rows = -(-len(NAMES) // N_COLUMNS)
    with house_style():
        figure = new_figure(1.9 * n_rows, h_pad_in=0.08)
        axes = figure.subplots(n_rows, N_COLUMNS, sharey=True, squeeze=False).ravel()
        for ax, name, column in zip(axes, NAMES, examples.description.T, strict=False):
            steps = np.array_split(np.argsort(column, kind="stable"), N_STEPS)
            ax.plot([np.median(column[rows]) for rows in steps],
                    [lived[rows].mean() for rows in steps],
                    color=BLUE, marker="o", markersize=3)  # fmt: skip
            ax.axhline(lived.mean(), color=PALE, linewidth=1, zorder=0)
            ax.set_xlabel(_named(name))
            ax.set_ylim(0, 103)
        for ax in axes[::N_COLUMNS]:
            ax.set_ylabel("found again [%]")
        for ax in axes[len(NAMES) :]:
            ax.set_axis_off()
        axes[0].set_title("What tells a peak that lives?")
    return figure


def weights_figure(model: Linear, examples: Examples) -> Figure:
    """Draw what a typical difference in each feature does to the odds of living, all else equal."""
    weight = np.array(model.weights) * examples.description.std(axis=0)
    order = np.argsort(np.abs(weight))
    with house_style():
        figure = new_figure(3.6, 8.0)
        ax = figure.subplots()
        ax.barh([_named(NAMES[i]) for i in order], weight[order],
                color=[BLUE if weight[i] > 0 else VERMILLION for i in order])  # fmt: skip
        ax.axvline(0, color=BLACK, linewidth=0.8)
        ax.set(title="What the linear score weighs",
               xlabel="change of the log-odds by one standard deviation")  # fmt: skip
    return figure


def kept_figure(table: pd.DataFrame) -> Figure:
    """Draw how many kept peaks live, by condition and score, and what is gained over the first.

    ``table`` is that of `experiments.survival.survivors.survival`; bars are 95% intervals.
    """
    scores, conditions = list(table["score"].unique()), list(table["condition"].unique())
    with house_style():
        figure = new_figure(1.4 + 0.42 * len(conditions))
        left, right = figure.subplots(1, 2, sharey=True)
        for row, score in enumerate(scores):
            part = table[table["score"] == score].set_index("condition").loc[conditions]
            place = np.arange(len(conditions)) + 0.22 * (row - (len(scores) - 1) / 2)
            style = {"color": SERIES[row], "fmt": MARKERS[row], "markersize": 4, "capsize": 2}
            reach = _reach(part["share"], part["low"], part["high"])
            left.errorbar(100 * part["share"], place, xerr=reach, label=score, **style)
            if row:
                gain = part["difference"]
                reach = _reach(gain, part["difference_low"], part["difference_high"])
                right.errorbar(100 * gain, place, xerr=reach, **style)
        left.set_yticks(range(len(conditions)), conditions)
        left.invert_yaxis()
        left.set(xlabel="kept peaks that are found again [%]", title="Survivors among the kept")
        right.axvline(0, color=GREY, linewidth=1)
        right.set(xlabel="points", title=f"Gained over {scores[0]}")
        legend_above(left, len(scores))
        right.set_title(right.get_title(loc="left"), loc="left", pad=24)
    return figure


def choice_figure(
    signal: Signal,
    config: FingerprintConfig,
    score: Score,
    *,
    start_s: float = 0.0,
    duration_s: float = 6.0,
) -> Figure:
    """Draw the peaks that both scores keep of a song, and those that only one of them keeps."""
    levels = spectrogram(signal, config)
    maxima, description = described(signal, config)
    kept = [kept_of_song(maxima, one(description), config).paired_peaks for one in (height, score)]
    at = [set(zip(one.frame.tolist(), one.bin.tolist(), strict=True)) for one in kept]
    groups = {
        "kept by both": (at[0] & at[1], GREY),
        "by height alone": (at[0] - at[1], ORANGE),
        "by the score alone": (at[1] - at[0], BLUE),
    }
    with house_style():
        figure = new_figure(3.8)
        ax = figure.subplots()
        plot_spectrogram(ax, levels, range_db=70, cmap="Greys").set_alpha(0.5)
        for label, (places, colour) in groups.items():
            frame, bins = np.array(sorted(places), np.int32).reshape(-1, 2).T
            part = Peaks.on_bins(frame, bins, np.zeros(len(frame), np.float32))
            plot_constellation(ax, part, hop_s=config.hop_s, bin_hz=config.bin_hz,
                               colour=colour, label=label)  # fmt: skip
        ax.set_xlim(start_s, min(start_s + duration_s, signal.duration_s))
        ax.set_title("Which peaks does the score choose otherwise?")
        legend_above(ax, 3)
    return figure


def rival_figure(comparisons: Mapping[str, Mapping[str, Comparison]]) -> Figure:
    """Draw by how much each score changes recognition, by condition, with 95% intervals.

    ``comparisons`` holds those with the height, by score and condition.
    """
    scores = list(comparisons)
    conditions = list(comparisons[scores[0]])
    with house_style():
        figure = new_figure(1.3 + 0.42 * len(conditions), 8.0)
        ax = figure.subplots()
        for row, score in enumerate(scores):
            part = pd.DataFrame(
                [(one.difference, one.low, one.high) for one in comparisons[score].values()],
                columns=["difference", "low", "high"],
            )
            place = np.arange(len(conditions)) + 0.22 * (row - (len(scores) - 1) / 2)
            ax.errorbar(100 * part["difference"], place, fmt=MARKERS[row + 1], markersize=4,
                        xerr=_reach(part["difference"], part["low"], part["high"]),
                        color=SERIES[row + 1], capsize=2, label=score)  # fmt: skip
        ax.axvline(0, color=GREY, linewidth=1)
        ax.set_yticks(range(len(conditions)), conditions)
        ax.invert_yaxis()
        left, right = ax.get_xlim()
        ax.set(title="Recognition beyond that by height", xlabel="points",
               xlim=(min(left, -LEAST_POINTS), max(right, LEAST_POINTS)))  # fmt: skip
        legend_above(ax, len(scores))
    return figure


def _named(feature: str) -> str:
    """Return the name of a feature as prose, with its unit."""
    return feature.replace("_db", " [dB]").replace("_", " ")


def _reach(middle: pd.Series, low: pd.Series, high: pd.Series) -> NDArray[np.float64]:
    """Return the lengths of error bars in percent, (2, n), none of them below 0."""
    reach: NDArray[np.float64] = 100 * np.maximum([middle - low, high - middle], 0)
    return reach
