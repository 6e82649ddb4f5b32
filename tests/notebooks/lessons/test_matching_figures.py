"""Figures of matching: hits, weights and chance of a recording that is known, and of silence."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.axes import Axes

from fpcore.library import Library
from fpcore.records import Signal
from notebooks.lessons.matching_figures import (
    alignment_figure,
    answer_figure,
    best_weights,
    chance_figure,
    decision_figure,
    rarity_figure,
    verification_figure,
)
from tests.fpcore.explained import Asked
from tests.fpcore.indexed import RATE_HZ, part
from tests.notebooks.lessons.material import legend_texts, titles


def test_the_best_song_and_its_runner_up_are_laid_side_by_side(known: Asked) -> None:
    figure = alignment_figure(known.explanation)
    places = known.explanation.places
    assert titles(figure)[0].startswith("best song: song 1")
    assert titles(figure)[1] == f"{places[0].match.votes} votes at the offset chosen"
    assert len(figure.axes) == 2 * len(places)
    heights = {ax.get_ylim()[1] for ax in figure.axes[1::2]}
    assert len(heights) == 1  # so that the histograms can be compared


def test_of_silence_it_is_said_why_there_is_nothing(silent: Asked) -> None:
    figure = alignment_figure(silent.explanation)
    assert [text.get_text() for text in figure.texts] == [silent.explanation.reason]
    assert "silent" in str(silent.explanation.reason)


def test_a_hit_of_a_frequent_token_weighs_less_and_all_tokens_of_the_index_are_drawn(
    library: Library,
) -> None:
    ax, beside = rarity_figure(library.store).axes
    n, weight = np.asarray(ax.get_lines()[0].get_data())
    np.testing.assert_allclose(weight, 1 / np.log2(2 + n), rtol=1e-5)  # whole multiples of 2⁻²⁰
    drawn = beside.collections[0].get_segments()  # type: ignore[attr-defined]
    stats = library.store.stats()
    assert sum(x * y for (x, _), (_, y) in drawn) == stats.n_postings


def test_the_best_weight_of_each_song_is_that_of_its_heaviest_window_of_offsets(
    known: Asked, library: Library
) -> None:
    trace, profile = known.alignment, library.profile
    width = profile.query.width_ticks(trace.query.hashes.ticks_per_frame)
    weights = best_weights(trace, -1, profile)
    offsets, songs = trace.hits.offset_ticks, trace.hits.song_id
    for song_id, weight in weights.items():
        mine, own = offsets[songs == song_id], trace.hits.weight[songs == song_id]
        naive = max(own[(mine >= start) & (mine < start + width)].sum() for start in mine)
        assert weight == pytest.approx(naive)
    assert max(weights, key=lambda song_id: weights[song_id]) == trace.matches[0].song_id


def test_the_likeliest_song_lies_beyond_chance_and_its_decoys_do_not(
    known: Asked, library: Library
) -> None:
    _, right = chance_figure(known.alignment, library.profile).axes
    [label] = [text.get_text() for text in right.texts]
    chance = float(label.removeprefix("chance: "))
    best = known.alignment.matches[0].song_id
    assert best_weights(known.alignment, -1, library.profile)[best] > 2 * chance
    assert best_weights(known.alignment, 1, library.profile)[best] < 2 * chance


def test_chance_says_when_no_hash_is_found(silent: Asked, library: Library) -> None:
    figure = chance_figure(silent.alignment, library.profile)
    assert [text.get_text() for text in figure.texts] == [
        "no hash of the recording is in the index"
    ]


def test_peaks_found_again_are_counted_in_the_title(known: Asked, silent: Asked) -> None:
    evidence = known.explanation.places[0].evidence
    told = titles(verification_figure(known.explanation))
    assert told[0] == (
        f"best song: {evidence.verified:.0f} of {evidence.expected} peaks found again, "
        f"{evidence.votes} votes"
    )
    assert len(told) == len(known.explanation.places)
    assert len(titles(verification_figure(silent.explanation))) == 1


def test_candidates_stand_on_the_logistic_curve(known: Asked, library: Library) -> None:
    [ax] = decision_figure(known.alignment, library.profile).axes
    for match, dot in zip(known.alignment.matches, ax.collections, strict=True):
        log_odds, probability = np.asarray(dot.get_offsets())[0]
        assert probability == match.probability
        # Within the 10⁻¹² by which certainty is kept from infinity.
        assert 1 / (1 + np.exp(-log_odds)) == pytest.approx(probability, abs=1e-9)
    assert legend_texts(ax)[0].startswith("threshold")


def test_an_answer_under_noise_is_that_of_the_library(library: Library) -> None:
    clean = Signal(part(1, 10.0, 4.0), RATE_HZ)
    figure = answer_figure(clean, library, snr_db=20.0)
    assert any("song 1" in title for title in _all_text(figure.axes))


def _all_text(axes: list[Axes]) -> list[str]:
    return [
        text.get_text()
        for ax in axes
        for text in [*ax.texts, ax.title, ax._left_title]  # type: ignore[attr-defined]
    ]
