"""Figures of notebook 05 about further passes: recordings that are played otherwise than learned.

The recording is made from a signal by a change of speed or tempo in per cent; 3 is 3% faster.
"""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from experiments.degradations import degrade
from experiments.degradations.config import Speed, Tempo
from experiments.seeds import seeded_rng
from fpcore import pipeline
from fpcore.config import PlaybackSearch
from fpcore.display.frame import new_figure
from fpcore.display.style import BLACK, BLUE, ORANGE, PALE, SERIES, house_style
from fpcore.library import Library
from fpcore.records import Signal
from fpcore.search import playback
from fpcore.search.passes import align_query, passes
from fpcore.stages import matching
from notebooks.lessons.drawing import MARKERS, legend_above

KINDS = ("speed", "pitch alone", "tempo alone")


def playback_figure(signal: Signal, library: Library, *, faster_percent: float = 3.0) -> Figure:
    """Draw how well the hits of a recording come together at each playback that is tried.

    Parameters
    ----------
    signal : Signal
        The recording as learned.
    library : Library
        Songs, and the profile that says which playbacks are tried.
    faster_percent : float
        By how much the recording is played faster, and so higher, in per cent.

    Returns
    -------
    Figure
        The weight of the hits at the best offset of any song, over the change of playback.
    """
    config = library.profile.fingerprint
    search = library.profile.query.playback or PlaybackSearch()
    change = Speed(factor=1 + faster_percent / 100)
    recording = degrade(signal, [change], rng=seeded_rng(0, "unused"))
    [first, *_] = pipeline.hear(recording, config, library.profile.query).maxima
    with house_style():
        figure = new_figure(8.0, 3.6)
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

    Parameters
    ----------
    signal : Signal
        The recording as learned.
    library : Library
        Songs, and the profile under which the recording is searched.
    faster_percent : float
        By how much the tempo is raised at the same pitch, in per cent.

    Returns
    -------
    Figure
        Song time minus recording time of each hit, over recording time. The band is the window of
        offsets in which the first pass counts votes.
    """
    profile = library.profile
    change = Tempo(factor=1 + faster_percent / 100)
    recording = degrade(signal, [change], rng=seeded_rng(0, "unused"))
    query = pipeline.query(recording, profile.fingerprint, profile.query)
    [first] = next(passes([query], library.store, profile))
    with house_style():
        figure = new_figure(8.0, 3.6)
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
            answer = align_query([query], library.store, profile).matches[0]
            told = str(answer.playback) or "as learned"
            at_s = np.array([0.0, recording.duration_s])
            line_s = answer.offset_s + (answer.playback.tempo - 1) * at_s
            ax.plot(at_s, line_s, color=ORANGE, linewidth=1.5,
                    label=f"the answer, {told}: {answer.votes} votes")  # fmt: skip
            ax.set_ylim(line_s.mean() - 1, line_s.mean() + 1)
            legend_above(ax, 3)
    return figure
