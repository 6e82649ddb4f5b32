"""Figures of notebook 04: from hashes to the song, and why the number of votes misleads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from experiments.degradations import degrade
from experiments.degradations.config import White
from experiments.seeds import seeded_rng
from fpcore.config import Profile
from fpcore.display import explanation_figure, plot_alignment, plot_offset_histogram, plot_overlay
from fpcore.display.frame import new_figure
from fpcore.display.style import BLACK, BLUE, GREEN, GREY, ORANGE, PALE, VERMILLION, house_style
from fpcore.display.wording import odds, song_label
from fpcore.library import Library
from fpcore.records import LongArray, Signal
from fpcore.search.explain import Explanation, explain
from fpcore.search.passes import SearchTrace, align
from fpcore.stages import decision, matching
from fpcore.stages.matching import WARPS
from fpcore.store import Store
from notebooks.lessons.drawing import MARKERS, WIDTH_IN, legend_above, plain_numbers

ROLES = ("best song", "runner-up")


def alignment_figure(explanation: Explanation) -> Figure:
    """Draw the hits and the offset histogram of the best song, and of the runner-up below it."""
    places = explanation.places
    with house_style():
        figure = new_figure(WIDTH_IN, 0.6 + 3.0 * max(len(places), 1), h_pad_in=0.1)
        axes = figure.subplots(max(len(places), 1), 2, squeeze=False, width_ratios=(1, 1.6))
        top = 0.0
        for (scatter, histogram), place, role in zip(axes, places, ROLES, strict=False):
            plot_alignment(scatter, place, query_s=explanation.query_s)
            plot_offset_histogram(histogram, place.histogram, offset_s=place.match.offset_s)
            scatter.set_title(f"{role}: {song_label(place.match, max_width=24)}")
            histogram.set_title(f"{place.match.votes} votes at the offset chosen")
            top = max(top, histogram.get_ylim()[1])
        for histogram in axes[: len(places), 1]:
            histogram.set_ylim(0, top)
        if not places:
            _say(figure, axes[0], explanation.reason or "no candidate")
    return figure


def answer_figure(signal: Signal, library: Library, *, snr_db: float, seed: int = 0) -> Figure:
    """Draw the whole explanation of what a library answers to a sound under white noise.

    Parameters
    ----------
    signal : Signal
        The sound without noise.
    library : Library
        Songs, and the profile under which they are searched.
    snr_db : float
        Signal-to-noise ratio in dB.
    seed : int
        Of the noise.

    Returns
    -------
    Figure
        As ``fpcore explain`` draws it.
    """
    rng = seeded_rng(seed, "white")
    heard = degrade(signal, [White(snr_db=snr_db)], rng=rng)
    found = align(heard, library.store, library.profile)
    return explanation_figure(explain(found, library.store, library.profile, signal=heard))


def rarity_figure(store: Store) -> Figure:
    """Draw what a hit of a token with n postings weighs, and how many such tokens an index has."""
    tokens = store.token_stats()
    n = np.arange(1, max(int(tokens.n_postings.max(initial=1)), 30) + 1)
    with house_style():
        figure = new_figure(8.0, 3.4)
        ax = figure.subplots()
        ax.plot(n, matching.rarity(n), color=BLUE, linewidth=2)
        ax.set(title="A hash that is everywhere says little", xscale="log", ylim=(0, 0.75),
               xlabel="postings of the token, n")  # fmt: skip
        ax.set_ylabel("weight of a hit, 1 / log₂(2 + n)", color=BLUE)
        beside = ax.twinx()
        beside.vlines(tokens.n_postings, 0.8, tokens.n_tokens, color=ORANGE, linewidth=3, alpha=0.7)
        plain_numbers(ax.xaxis)
        beside.set(yscale="log", ylim=(0.8, None))
        plain_numbers(beside.yaxis)
        beside.set_ylabel("tokens of this index with n postings", color=VERMILLION)
        ax.set_zorder(beside.get_zorder() + 1)
        ax.patch.set_visible(False)
    return figure


def chance_figure(trace: SearchTrace, profile: Profile) -> Figure:
    """Draw the weight of each song's best offset against what decoys of the same hits reach.

    Left are the offsets of the likeliest song, as heard and with the query's time reversed; right
    the best offset of every song, the best offsets of its decoys, and the chance level.
    """
    tick_s = profile.fingerprint.hop_s / trace.query.hashes.ticks_per_frame
    with house_style():
        figure = new_figure(WIDTH_IN, 3.6)
        left, right = axes = figure.subplots(1, 2, width_ratios=(1.5, 1))
        if not trace.matches:
            _say(figure, axes, "no hash of the recording is in the index")
            return figure
        best = trace.hits.song_id == trace.matches[0].song_id
        for warp, colour, label in ((-1, BLUE, "as heard"), (1, ORANGE, "decoy: time reversed")):
            offset_s = _warped(trace, warp)[best] * tick_s
            weight = trace.hits.weight[best]
            edges = np.arange(offset_s.min(), offset_s.max() + 0.2, 0.1)
            left.stairs(np.histogram(offset_s, edges, weights=weight)[0], edges, color=colour,
                        linewidth=1, fill=warp == 1, alpha=0.9, label=label)  # fmt: skip
        left.set(title="The likeliest song's offsets", ylabel="weight of hits, per 0.1 s",
                 xlabel="offset: song time ∓ recording time [s]", ylim=(0, None))  # fmt: skip
        left.legend(loc="upper right")
        _draw_songs(right, trace, profile)
    return figure


def _draw_songs(ax: Axes, trace: SearchTrace, profile: Profile) -> None:
    best = trace.matches[0].song_id
    rng = np.random.default_rng(0)
    for warp in (*WARPS, -1):
        for song_id, weight in best_weights(trace, warp, profile).items():
            is_decoy = warp != -1
            if song_id != best:
                y = (0 if is_decoy else 1) + rng.uniform(-0.25, 0.25)
                ax.scatter(weight, y, s=10 if is_decoy else 28, c=ORANGE if is_decoy else GREY,
                           alpha=0.6 if is_decoy else 1, linewidths=0)  # fmt: skip
            elif not is_decoy:
                ax.scatter(weight, 2, s=60, c=BLUE, marker="D")
    candidates = trace.candidates
    usual = trace.hits.usual_weight
    chance = usual * float(candidates.idf[0] / candidates.contrast[0])
    ax.axvline(chance, color=VERMILLION, linewidth=1.3, dashes=(4, 2))
    ax.text(chance, 2.62, f"chance: {chance:.1f}", color=VERMILLION, ha="center", va="bottom",
            fontsize=9)  # fmt: skip
    ax.set(xscale="log", yticks=(0, 1, 2), ylim=(-0.6, 2.6), xlabel="weight at the best offset")
    plain_numbers(ax.xaxis)
    ax.set_title("Is it more than chance?", pad=20)
    ax.set_yticklabels(["decoys of\nother songs", "other songs", "likeliest song"])


def _warped(trace: SearchTrace, warp: int) -> LongArray:
    """Return each hit's song time plus ``warp`` times its query time, in ticks, int64 (k,)."""
    hits = trace.hits
    warped: LongArray = hits.offset_ticks + (1 + warp) * trace.query.hashes.tick[hits.row]
    return warped


def best_weights(trace: SearchTrace, warp: int, profile: Profile) -> dict[int, float]:
    """Return the weight of each song's heaviest offset under a warp of the query's time.

    Parameters
    ----------
    trace : SearchTrace
        What the search for a recording found.
    warp : int
        Song time plus this times query time is the offset; -1 is no decoy.
    profile : Profile
        It says how wide an offset is.

    Returns
    -------
    dict of int to float
        Weight by song id.
    """
    width_ticks = profile.query.width_ticks(trace.query.hashes.ticks_per_frame)
    weight = matching.warped_weights(trace.hits, warp, width_ticks)
    return dict(zip(trace.hits.song_ids.tolist(), weight.tolist(), strict=True))


def verification_figure(explanation: Explanation) -> Figure:
    """Draw the best song's peaks over the recording's, and the runner-up's below them."""
    n = max(len(explanation.places), 1)
    with house_style():
        figure = new_figure(WIDTH_IN, 0.4 + 3.3 * n)
        axes = figure.subplots(n, 1, squeeze=False)[:, 0]
        for row, (ax, role) in enumerate(zip(axes, ROLES, strict=False)):
            plot_overlay(ax, replace(explanation, places=explanation.places[row:]))
            title = role
            if explanation.places:
                evidence = explanation.places[row].evidence
                title += f": {evidence.verified:.0f} of {evidence.expected} peaks found again, "
                title += f"{evidence.votes} votes"
            ax.set_title(title, pad=22)
    return figure


def decision_figure(trace: SearchTrace, profile: Profile) -> Figure:
    """Draw each candidate song on the logistic curve from log-odds to probability.

    The best song is green when it is accepted; every other candidate is grey.
    """
    threshold = profile.decision.threshold
    log_odds = np.array([_log_odds(match.probability) for match in trace.matches])
    reach = max(8.0, float(np.abs(log_odds).max(initial=0)) + 1)
    curve = np.linspace(-reach, reach, 400)
    with house_style():
        figure = new_figure(8.0, 3.4)
        ax = figure.subplots()
        ax.plot(curve, decision.probability(curve), color=PALE, linewidth=2, zorder=1)
        ax.axhline(threshold, color=VERMILLION, linewidth=1.3, dashes=(4, 2),
                   label=f"threshold {odds(threshold)}")  # fmt: skip
        for row, (x, match) in enumerate(zip(log_odds, trace.matches, strict=True)):
            colour = GREEN if match.accepted and row == 0 else GREY
            role = f"{ROLES[row]}: {odds(match.probability)}" if row < len(ROLES) else None
            ax.scatter(x, match.probability, s=60, marker=MARKERS[min(row, 2)], c=colour,
                       edgecolors=BLACK, linewidths=0.6, label=role)  # fmt: skip
        ax.set(title="From evidence to a yes or no", xlabel="log-odds: sum of weighted evidence",
               ylabel="probability that it is right", ylim=(-0.06, 1.08))  # fmt: skip
        legend_above(ax, 3)
        ax.xaxis.set_major_locator(MaxNLocator(9, integer=True))
    return figure


def _log_odds(probability: float) -> float:
    clipped = float(np.clip(probability, 1e-12, 1 - 1e-12))
    return float(np.log(clipped / (1 - clipped)))


def _say(figure: Figure, axes: Sequence[Axes], text: str) -> None:
    for ax in axes:
        ax.set_axis_off()
    figure.text(0.5, 0.5, text, ha="center", color=GREY)
