"""Notebooks 04 and 05: passes that find a song where its pairs of peaks are gone."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from experiments.degradations import degrade
from experiments.degradations.config import Speed, Tempo
from experiments.seeds import seeded_rng
from fpcore import pipeline
from fpcore.config import PlaybackSearch
from fpcore.display.style import BLACK, BLUE, GREY, ORANGE, PALE, house_style
from fpcore.display.wording import song_label
from fpcore.library import Library
from fpcore.records import Constellation, DoubleArray, LevelRanks, Signal
from fpcore.search import playback
from fpcore.search.passes import SearchTrace, align_query, passes
from fpcore.stages import matching
from fpcore.stages.level_ranks import rank_z_and_broadband_z
from fpcore.store import Store
from notebooks.lessons.drawing import MARKERS, SERIES, legend_above, new_figure

STEP_TICKS = 2
KINDS = ("speed", "pitch alone", "tempo alone")


def rank_z_figure(alignment: SearchTrace, store: Store, *, hop_s: float) -> Figure:
    """Draw how loud a recording is at the peaks of its two likeliest songs, at any offset.

    The unit is the standard deviation of chance; the band is what chance reaches in 95%.
    """
    query, n = alignment.query, alignment.query.hashes.ticks_per_frame
    matches = alignment.matches[:2]
    with house_style():
        figure = new_figure(1.2 + 2.0 * max(len(matches), 1))
        axes = figure.subplots(max(len(matches), 1), 1, squeeze=False, sharex=True, sharey=True)
        for ax, match, colour in zip(axes[:, 0], matches, (BLUE, GREY), strict=False):
            song = store.constellation(match.song_id)
            last = int(song.frame[-1]) * n if len(song) else 0
            ticks = np.arange(0, max(last - len(query.heard.ranks.rank), 1), STEP_TICKS)
            found, _ = _scores(song, ticks, query.heard.ranks, n)
            ax.axhspan(-1.96, 1.96, color=PALE, linewidth=0)
            ax.plot(ticks * hop_s / n, found, color=colour, linewidth=1)
            ax.axvline(match.offset_s, color=BLACK, linewidth=1, dashes=(4, 2))
            ax.set_ylabel("rank_z")
            ax.set_title(f"{song_label(match)}; dashed: where its votes agree", parse_math=False)
        axes[-1, 0].set_xlabel("offset: where in the song the recording begins [s]")
    return figure


def broadband_z_figure(signal: Signal, library: Library, *, shown_s: float = 12.0) -> Figure:
    """Draw how loud a recording is at the peaks of a song, and at their times as a whole.

    Of the songs it is the one on whose beat the recording falls best; ``shown_s`` of its offsets
    are drawn, around that place. The band is what chance reaches in 95%.
    """
    query = pipeline.query(signal, library.profile.fingerprint, library.profile.query)
    ranks, n = query.heard.ranks, query.hashes.ticks_per_frame
    tick_s = library.profile.fingerprint.hop_s / n
    tried = []
    for song in library.store.songs():
        constellation = library.store.constellation(song.id)
        last = int(constellation.frame[-1]) * n if len(constellation) else 0
        ticks = np.arange(0, max(last - len(ranks.rank), 1), STEP_TICKS)
        tried.append((song.name, ticks, *_scores(constellation, ticks, ranks, n)))
    name, ticks, stands_out, on_beat = max(tried, key=lambda one: float(one[3].max()))
    seconds = ticks * tick_s
    shown = np.abs(seconds - seconds[np.argmax(on_beat)]) <= shown_s / 2
    with house_style():
        figure = new_figure(3.2)
        ax = figure.subplots()
        ax.axhspan(-1.96, 1.96, color=PALE, linewidth=0)
        ax.plot(seconds[shown], stands_out[shown], color=GREY, linewidth=1.2, label="rank_z")
        ax.plot(seconds[shown], on_beat[shown], color=ORANGE, linewidth=1.8, label="broadband_z")
        ax.set(xlabel="offset [s]", ylabel="deviations of chance")
        ax.set_title(f"A recording laid over {name}, on its beat", parse_math=False)
        legend_above(ax, 2)
    return figure


def _scores(
    song: Constellation,
    ticks: NDArray[np.signedinteger[Any]],
    ranks: LevelRanks,
    ticks_per_frame: int,
) -> tuple[DoubleArray, DoubleArray]:
    """Return rank_z and broadband_z of a song at offsets in ticks."""
    found = [rank_z_and_broadband_z(song, float(at), ranks, ticks_per_frame) for at in ticks]
    stands_out, on_beat = np.array(found).T
    return stands_out, on_beat


def playback_figure(signal: Signal, library: Library, *, faster_percent: float = 3.0) -> Figure:
    """Draw the first pass at a recording at many playbacks: the weight at the best offset."""
    config = library.profile.fingerprint
    search = library.profile.query.playback or PlaybackSearch()
    change = Speed(factor=1 + faster_percent / 100)
    recording = degrade(signal, [change], rng=seeded_rng(0, "unused"))
    [first, *_] = pipeline.hear(recording, config, library.profile.query).maxima
    with house_style():
        figure = new_figure(3.6, 8.0)
        ax = figure.subplots()
        for row, (label, kind) in enumerate(zip(KINDS, playback.playbacks(search), strict=True)):
            if not kind:
                continue
            weight = playback.coarse_pass(first, kind, library.store, config, search)
            percent = [100 * ((one.tempo if one.pitch == 1 else one.pitch) - 1) for one in kind]
            ax.plot(percent, weight, marker=MARKERS[row], markersize=4, color=SERIES[row],
                    linewidth=1.2, label=label)  # fmt: skip
        ax.axvline(faster_percent, color=BLACK, linewidth=1, dashes=(4, 2), label="as played")
        ax.set(title="Which playback brings the hits together?", ylim=(0, None),
               xlabel="tried: higher or faster by [%]",
               ylabel="weight at the best offset of any song")  # fmt: skip
        legend_above(ax, 4)
    return figure


def drift_figure(signal: Signal, library: Library, *, faster_percent: float = 4.0) -> Figure:
    """Draw the hits of a recording at another tempo in its likeliest song, and their line.

    The band is the window of offsets in which the first pass counts votes.
    """
    profile = library.profile
    change = Tempo(factor=1 + faster_percent / 100)
    recording = degrade(signal, [change], rng=seeded_rng(0, "unused"))
    query = pipeline.query(recording, profile.fingerprint, profile.query)
    first = next(passes(query, library.store, profile))
    with house_style():
        figure = new_figure(3.6, 8.0)
        ax = figure.subplots()
        ax.set(title="One tempo, one line of hits", xlabel="time in the recording [s]",
               ylabel="song time − recording time [s]")  # fmt: skip
        if first.matches:
            seen = first.matches[0]
            tick_s = profile.fingerprint.hop_s / query.hashes.ticks_per_frame
            width_s = profile.query.width_ticks(query.hashes.ticks_per_frame) * tick_s
            hits = matching.hits_of_song(first.hits, seen.song_id)
            heard_s = query.hashes.tick[first.hits.row[hits]] * tick_s
            ax.axhspan(seen.offset_s - width_s / 2, seen.offset_s + width_s / 2, color=PALE,
                       linewidth=0, label=f"the first pass: {seen.votes} votes")  # fmt: skip
            ax.plot(heard_s, first.hits.offsets(hits) * tick_s, ".", color=BLUE,
                    markersize=3, label="hit")  # fmt: skip
            answer = align_query(query, library.store, profile).matches[0]
            told = str(answer.playback) or "as learned"
            at_s = np.array([0.0, recording.duration_s])
            line_s = answer.offset_s + (answer.playback.tempo - 1) * at_s
            ax.plot(at_s, line_s, color=ORANGE, linewidth=1.5,
                    label=f"the answer, {told}: {answer.votes} votes")  # fmt: skip
            ax.set_ylim(line_s.mean() - 1, line_s.mean() + 1)
            legend_above(ax, 3)
    return figure
