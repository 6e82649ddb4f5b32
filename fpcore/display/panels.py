"""Panels that make an answer plain: overlay, diagonal and offset histogram."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from fpcore.display.stages import FREQUENCY_LABEL, draw_lines, plot_spectrogram
from fpcore.display.style import BLACK, BLUE, GREY, ORANGE, PALE, VERMILLION
from fpcore.display.wording import clock
from fpcore.records import Playback
from fpcore.search.explain import Explanation, OffsetHistogram, Place

MIN_VOTES_AXIS = 10
"""The votes axis reaches at least this far, so that three chance votes do not look like a spike."""


def plot_overlay(ax: Axes, explanation: Explanation) -> None:
    """Draw the recording's peaks and, where its offset puts them, those of the best song.

    Song peaks that the recording has too are filled, missed ones hollow; lines join the pairs
    that voted. The legend stands above the Axes.
    """
    if explanation.spectrogram is not None:
        plot_spectrogram(ax, explanation.spectrogram, range_db=50, cmap="Greys").set_alpha(0.4)
    query = explanation.query
    ax.scatter(
        query.query_s,
        query.frequency_hz,
        s=5 * float(np.clip(1000 / max(len(query.query_s), 1), 0.25, 1)),
        c=BLACK,
        alpha=0.55,
        linewidths=0,
        label="peak of the recording",
        zorder=3,
    )
    if explanation.places:
        _draw_song(ax, explanation.places[0])
    low_hz, high_hz = explanation.band_hz
    margin_hz = 0.03 * (high_hz - low_hz)
    margin_s = 0.006 * explanation.query_s
    ax.set(
        xlabel=_time_label(explanation.playback),
        ylabel=FREQUENCY_LABEL,
        xlim=(-margin_s, max(explanation.query_s, 0.1)),
        ylim=(low_hz - margin_hz, high_hz + margin_hz),
    )
    if len(query.query_s):
        legend = ax.legend(
            loc="lower left",
            bbox_to_anchor=(-0.005, 1.0),
            ncols=4,
            borderaxespad=0.2,
            columnspacing=1.6,
            handletextpad=0.4,
            handlelength=1.4,
            fontsize=9,
        )
        for handle in legend.legend_handles:
            if handle is not None:
                handle.set_alpha(0.9)


def _draw_song(ax: Axes, place: Place) -> None:
    pairs, peaks = place.aligned, place.peaks
    draw_lines(
        ax,
        np.column_stack([pairs.query_s, pairs.anchor_hz]),
        np.column_stack([pairs.query_s + pairs.delta_s, pairs.target_hz]),
        colour=BLUE,
        alpha=float(np.clip(40 / max(len(pairs), 1), 0.12, 0.6)),
        label="pair that votes",
    )
    found = peaks.found
    size = 42 * float(np.clip(150 / max(len(found), 1), 0.45, 1))
    ax.scatter(
        peaks.query_s[found],
        peaks.frequency_hz[found],
        s=size,
        c=ORANGE,
        edgecolors=BLACK,
        linewidths=0.6,
        label="song peak found again",
        zorder=2.5,
    )
    ax.scatter(
        peaks.query_s[~found],
        peaks.frequency_hz[~found],
        s=0.9 * size,
        facecolors="none",
        edgecolors=VERMILLION,
        linewidths=1.1,
        label="song peak missed",
        zorder=2.5,
    )


def _time_label(playback: Playback) -> str:
    """Return what the time axis shows of a recording that is drawn as if not so played."""
    if playback.tempo == 1:
        return "time in the recording [s]"
    return "time in the recording, at the song's tempo [s]"


def plot_alignment(ax: Axes, place: Place, *, query_s: float) -> None:
    """Draw every hit of a song near its offset: its time in the song against that in the recording.

    Hits at the song's one offset lie on a diagonal; the rest, grey, is chance or repetition.

    Parameters
    ----------
    ax : Axes
        Drawn on.
    place : Place
        The song and its hits.
    query_s : float
        Length of the recording in seconds.
    """
    offset_s = place.match.offset_s
    margin_s = max(0.35 * query_s, 0.5)
    aside, line = place.scattered, place.aligned
    ax.plot(
        [0, query_s],
        [offset_s, offset_s + query_s],
        color=ORANGE,
        linewidth=5,
        alpha=0.35,
        solid_capstyle="round",
        zorder=1,
    )
    ax.scatter(aside.query_s, aside.song_s, s=6, c=GREY, alpha=0.5, linewidths=0, zorder=2)
    ax.scatter(line.query_s, line.song_s, s=9, c=BLUE, linewidths=0, zorder=3)
    ax.set(
        xlabel=_time_label(place.match.playback),
        ylabel="time in the song [m:ss]",
        xlim=(0, query_s),
        ylim=(offset_s - margin_s, offset_s + query_s + margin_s),
    )
    ax.yaxis.set_major_formatter(FuncFormatter(_clock_tick))
    ax.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))


def plot_offset_histogram(
    ax: Axes,
    histogram: OffsetHistogram,
    *,
    offset_s: float | None = None,
    colour: str = BLUE,
) -> None:
    """Draw the votes of a song at each offset.

    The dashed line is the highest that any other offset reaches: repetition or chance.

    Parameters
    ----------
    ax : Axes
        Drawn on.
    histogram : OffsetHistogram
        The votes; not empty.
    offset_s : float, optional
        The offset to mark, in seconds.
    colour : str
        Colour of the mark, as matplotlib takes it.
    """
    ax.vlines(histogram.offset_s, 0, histogram.votes, colors=GREY, linewidth=0.7)
    top = max(int(histogram.votes.max()), MIN_VOTES_AXIS)
    if offset_s is not None:
        near = np.abs(histogram.offset_s - offset_s) <= 2 * histogram.tolerance_s
        ax.vlines(histogram.offset_s[near], 0, histogram.votes[near], colors=colour, linewidth=1.8)
        height = int(histogram.votes[near].max(initial=0))
        ax.plot(offset_s, height + 0.035 * top, marker="v", color=colour, markersize=7)
        ax.axhline(histogram.highest_elsewhere(offset_s), color=PALE, linewidth=1, dashes=(4, 3))
    span_s = float(np.ptp(histogram.offset_s))
    low_s, high_s = float(histogram.offset_s[0]), float(histogram.offset_s[-1])
    margin_s = max(0.04 * span_s, 1.0)
    ax.set(
        xlabel="offset: song time − recording time [m:ss]",
        ylabel="votes (shared hashes)",
        xlim=(low_s - margin_s, high_s + margin_s),
        ylim=(0, 1.2 * top),
    )
    ax.xaxis.set_major_formatter(FuncFormatter(_clock_tick))
    ax.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 3, 6, 10]))
    ax.yaxis.set_major_locator(MaxNLocator(6, integer=True))


def _clock_tick(seconds: float, _position: object) -> str:
    text = clock(seconds)
    return text.removesuffix(".0")
