"""Figures of notebook 04 about loudness: where a recording is loud at the peaks of a song.

Their unit is the standard deviation that chance has (rank z, broadband z); offsets are in seconds.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from fpcore import pipeline
from fpcore.display.frame import new_figure
from fpcore.display.style import BLACK, BLUE, GREY, ORANGE, PALE, house_style
from fpcore.display.wording import song_label
from fpcore.library import Library
from fpcore.records import Constellation, DoubleArray, LevelRanks, Signal
from fpcore.search.passes import SearchTrace
from fpcore.stages.level_ranks import rank_z_and_broadband_z
from fpcore.store import Store
from notebooks.lessons.drawing import WIDTH_IN, legend_above

STEP_TICKS = 2
"""Ticks from one drawn offset to the next."""

CHANCE_Z = 1.96
"""Chance stays within this many standard deviations in 95% of all places."""


def rank_z_figure(trace: SearchTrace, store: Store, *, hop_s: float) -> Figure:
    """Draw how loud a recording is at the peaks of its two likeliest songs, at any offset.

    Parameters
    ----------
    trace : SearchTrace
        What the search for the recording found.
    store : Store
        The index that was searched.
    hop_s : float
        Seconds from one frame of the index to the next.

    Returns
    -------
    Figure
        A row for each song. The band is what chance reaches in 95% of all places; the dashed line
        is the offset at which the song's votes agree.
    """
    query, n = trace.query, trace.query.hashes.ticks_per_frame
    matches = trace.matches[:2]
    with house_style():
        figure = new_figure(WIDTH_IN, 1.2 + 2.0 * max(len(matches), 1))
        axes = figure.subplots(max(len(matches), 1), 1, squeeze=False, sharex=True, sharey=True)
        for ax, match, colour in zip(axes[:, 0], matches, (BLUE, GREY), strict=False):
            song = store.constellation(match.song_id)
            ticks = _offsets(song, query.heard.ranks, n)
            rank_z, _ = _scores(song, ticks, query.heard.ranks, n)
            ax.axhspan(-CHANCE_Z, CHANCE_Z, color=PALE, linewidth=0)
            ax.plot(ticks * hop_s / n, rank_z, color=colour, linewidth=1)
            ax.axvline(match.offset_s, color=BLACK, linewidth=1, dashes=(4, 2))
            ax.set_ylabel("rank z")
            ax.set_title(f"{song_label(match)}; dashed: where its votes agree", parse_math=False)
        axes[-1, 0].set_xlabel("offset: where in the song the recording begins [s]")
    return figure


def broadband_z_figure(signal: Signal, library: Library, *, shown_s: float = 12.0) -> Figure:
    """Draw rank z and broadband z of a recording laid over the song whose beat fits it best.

    Parameters
    ----------
    signal : Signal
        The recording.
    library : Library
        Songs, at least one of them longer than the recording.
    shown_s : float
        Seconds of offsets that are drawn, around the highest broadband z; above 0.

    Returns
    -------
    Figure
        Both scores over the offset. The band is what chance reaches in 95% of all places.
    """
    query = pipeline.query(signal, library.profile.fingerprint, library.profile.query)
    ranks, n = query.heard.ranks, query.hashes.ticks_per_frame
    tried = []
    for song in library.store.songs():
        constellation = library.store.constellation(song.id)
        ticks = _offsets(constellation, ranks, n)
        tried.append((song.name, ticks, *_scores(constellation, ticks, ranks, n)))
    name, ticks, rank_z, broadband_z = max(tried, key=lambda one: float(one[3].max()))
    seconds = ticks * library.profile.fingerprint.hop_s / n
    shown = np.abs(seconds - seconds[np.argmax(broadband_z)]) <= shown_s / 2
    with house_style():
        figure = new_figure(WIDTH_IN, 3.2)
        ax = figure.subplots()
        ax.axhspan(-CHANCE_Z, CHANCE_Z, color=PALE, linewidth=0)
        ax.plot(seconds[shown], rank_z[shown], color=GREY, linewidth=1.2, label="rank z")
        ax.plot(seconds[shown], broadband_z[shown], color=ORANGE, linewidth=1.8,
                label="broadband z")  # fmt: skip
        ax.set(xlabel="offset [s]", ylabel="standard deviations of chance")
        ax.set_title(f"A recording laid over {name}, on its beat", parse_math=False)
        legend_above(ax, 2)
    return figure


def _offsets(
    song: Constellation, ranks: LevelRanks, ticks_per_frame: int
) -> NDArray[np.signedinteger[Any]]:
    """Return the offsets, in ticks, at which all of the recording lies in the song; at least 0."""
    end = int(song.frame[-1]) * ticks_per_frame if len(song) else 0
    return np.arange(0, max(end - len(ranks.rank), 1), STEP_TICKS)


def _scores(
    song: Constellation,
    ticks: NDArray[np.signedinteger[Any]],
    ranks: LevelRanks,
    ticks_per_frame: int,
) -> tuple[DoubleArray, DoubleArray]:
    """Return rank z and broadband z of a song at offsets in ticks, float64 (n,) both."""
    found = [rank_z_and_broadband_z(song, float(at), ranks, ticks_per_frame) for at in ticks]
    rank_z, broadband_z = np.array(found).T
    return rank_z, broadband_z
