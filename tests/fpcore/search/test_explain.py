"""The record behind the pictures: it must agree with the answer to the last vote."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fpcore import pipeline
from fpcore.errors import UnknownSongError
from fpcore.search.explain import explain
from fpcore.stages import hashing
from fpcore.store import Store
from tests.fpcore.explained import PROFILE, RATE_HZ, ask, excerpt, filled_store, looped, song
from tests.fpcore.synthetic import LEAN

HOP_S = LEAN.hop_s
TICK_S = HOP_S / PROFILE.query.n_shifts
START_S = 10.3
"""Not a multiple of the hop."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    songs = {f"song {seed}": song(seed) for seed in range(4)} | {"loop": looped()}
    with filled_store(tmp_path_factory.mktemp("explain") / "index.db", songs) as filled:
        yield filled


def all_kinds() -> dict[str, np.ndarray[tuple[int], np.dtype[np.float32]]]:
    return {
        "clean": excerpt(song(2), START_S, 6.0),
        "noisy": excerpt(song(2), START_S, 6.0, noise=0.3),
        "unknown": excerpt(song(77), START_S, 6.0),
        "short": excerpt(song(1), 5.0, 1.0),
        "loop": excerpt(looped(), 5.0, 6.0),
        "lead-in": np.concatenate([np.zeros(2 * RATE_HZ, np.float32), excerpt(song(3), 0, 5.0)]),
    }


def test_aligned_hits_lie_on_the_diagonal_of_the_planted_offset(store: Store) -> None:
    explanation = ask(store, excerpt(song(2), START_S, 6.0)).explanation
    best = explanation.places[0]
    assert explanation.accepted
    assert best.match.song_name == "song 2"
    assert len(best.aligned) > 50
    offset_s = best.aligned.song_s - best.aligned.query_s
    # A vote may lie the tolerance off either end of the window, and a hop is the resolution.
    assert np.abs(offset_s - START_S).max() <= 2 * HOP_S


def test_aligned_and_scattered_hits_are_all_of_the_songs_hits(store: Store) -> None:
    asked = ask(store, excerpt(song(2), START_S, 6.0, noise=0.3))
    for place in asked.explanation.places:
        n_hits = np.count_nonzero(asked.alignment.hits.song_id == place.match.song_id)
        assert len(place.aligned) + len(place.scattered) == n_hits


def test_the_votes_drawn_are_the_votes_of_the_answer_for_every_kind_of_query(
    store: Store,
) -> None:
    n_places = 0
    for kind, samples in all_kinds().items():
        for place in ask(store, samples).explanation.places:
            line = place.aligned
            columns = (line.query_s, line.anchor_hz, line.target_hz, line.delta_s)
            distinct = {*zip(*columns, strict=True)}
            assert len(distinct) == place.match.votes == place.evidence.votes, kind
            n_places += 1
    assert n_places >= 10


def test_histogram_peaks_at_the_planted_offset_far_above_chance(store: Store) -> None:
    explanation = ask(store, excerpt(song(2), START_S, 6.0)).explanation
    best, runner_up = explanation.places
    highest = int(np.argmax(best.histogram.votes))
    assert abs(best.histogram.offset_s[highest] - START_S) <= 2 * HOP_S
    assert best.histogram.votes[highest] >= best.match.votes
    assert best.histogram.highest_elsewhere(best.match.offset_s) < best.match.votes / 3
    assert runner_up.histogram.votes.max() < best.match.votes / 3


def test_histogram_equals_counting_the_hashes_of_every_window_one_by_one(store: Store) -> None:
    asked = ask(store, excerpt(song(2), START_S, 3.0, noise=0.3))
    hits = asked.alignment.hits
    place = asked.explanation.places[0]
    width = 2 * PROFILE.query.n_shifts
    of_song = [
        (int(offset), int(row))
        for offset, row, song_id in zip(hits.offset_ticks, hits.row, hits.song_id, strict=True)
        if song_id == place.match.song_id
    ]
    starts = range(min(of_song)[0] - width, max(of_song)[0] + 1)
    expected = [
        len({row for offset, row in of_song if start <= offset <= start + width})
        for start in starts
    ]
    assert place.histogram.votes.tolist() == expected
    middles_s = [(start + width / 2) * TICK_S for start in starts]
    np.testing.assert_allclose(place.histogram.offset_s, middles_s, rtol=0, atol=1e-9)
    assert place.histogram.tolerance_s == pytest.approx(HOP_S)


def test_a_loop_shows_a_spike_for_each_repetition(store: Store) -> None:
    best = ask(store, excerpt(looped(), 5.0, 6.0)).explanation.places[0]
    assert best.match.song_name == "loop"
    votes_at = {
        turn: best.histogram.votes[
            np.abs(best.histogram.offset_s - (1.0 + 4.0 * turn)) <= 2 * HOP_S
        ].max()
        for turn in range(5)
    }
    # Repetitions that the whole query fits in all gather votes of the order of the best.
    assert min(votes_at.values()) > best.match.votes / 4, votes_at


def test_pairs_are_the_querys_hashes_and_the_songs_postings(store: Store) -> None:
    asked = ask(store, excerpt(song(2), START_S, 6.0))
    hashes, pairs = asked.alignment.query.hashes, asked.explanation.places[0].aligned
    asked_for = {*zip(hashes.token.tolist(), hashes.tick.tolist(), strict=True)}
    fingerprint = pipeline.fingerprint([song(2)], LEAN).hashes
    stored = {*zip(fingerprint.token.tolist(), fingerprint.frame.tolist(), strict=True)}
    columns = (
        np.rint(pairs.anchor_hz / LEAN.bin_hz),
        np.rint(pairs.target_hz / LEAN.bin_hz),
        np.rint(pairs.delta_s / HOP_S),
    )
    tokens = hashing.pack(*(column.astype(np.int32) for column in columns), LEAN).tolist()
    ticks = np.rint(pairs.query_s / TICK_S).astype(int).tolist()
    frames = np.rint(pairs.song_s / HOP_S).astype(int).tolist()
    assert {*zip(tokens, ticks, strict=True)} <= asked_for
    assert {*zip(tokens, frames, strict=True)} <= stored


def test_song_peaks_are_those_of_the_aligned_span_with_the_found_ones_marked(
    store: Store,
) -> None:
    asked = ask(store, excerpt(song(2), START_S, 6.0, noise=0.3))
    explanation, place = asked.explanation, asked.explanation.places[0]
    peaks = place.peaks
    query_s = explanation.query.query_s
    stored = store.constellation(place.match.song_id).paired_peaks
    all_s = stored.frame * HOP_S - place.match.offset_s
    # A peak on the very edge of the span may fall to either side by rounding.
    inside = np.count_nonzero((all_s > query_s[0]) & (all_s < query_s[-1]))
    assert 0 <= len(peaks.song_s) - inside <= 2
    assert len(peaks.song_s) == place.evidence.expected
    assert peaks.nearness.sum() == pytest.approx(place.evidence.verified)
    assert 0 < np.count_nonzero(peaks.found) < len(peaks.found)
    for time_s, hz, found in zip(peaks.query_s, peaks.frequency_hz, peaks.found, strict=True):
        near = (np.abs(query_s - time_s) < 1.5 * HOP_S) & (
            np.abs(explanation.query.frequency_hz - hz) < 1.5 * LEAN.bin_hz
        )
        assert found == near.any()


def test_a_clean_excerpt_finds_nearly_all_peaks_and_an_unknown_one_few(store: Store) -> None:
    clean = ask(store, excerpt(song(2), START_S, 6.0)).explanation.places[0].peaks.found
    unknown = ask(store, excerpt(song(77), START_S, 6.0)).explanation
    assert clean.mean() > 0.9
    assert not unknown.accepted
    assert unknown.places[0].peaks.found.mean() < 0.6


def test_query_peaks_are_those_of_all_shifts_in_order_of_time(store: Store) -> None:
    asked = ask(store, excerpt(song(2), START_S, 6.0))
    shifts = asked.alignment.query.peaks
    expected = sorted(
        (frame * HOP_S + shift * TICK_S, bin_ * LEAN.bin_hz)
        for shift, peaks in enumerate(shifts)
        for frame, bin_ in zip(peaks.frame.tolist(), peaks.bin.tolist(), strict=True)
    )
    drawn = np.column_stack([asked.explanation.query.query_s, asked.explanation.query.frequency_hz])
    np.testing.assert_allclose(drawn, expected, rtol=0, atol=1e-6)


def test_a_recording_that_starts_before_the_song_has_a_negative_offset(store: Store) -> None:
    lead_in = np.zeros(2 * RATE_HZ, np.float32)
    samples = np.concatenate([lead_in, excerpt(song(3), 0.0, 5.0)])
    best = ask(store, samples).explanation.places[0]
    assert best.match.song_name == "song 3"
    assert best.match.offset_s == pytest.approx(-2.0, abs=2 * HOP_S)
    assert best.peaks.song_s.min() >= 0


def test_evidence_is_told_in_words_with_its_counts(store: Store) -> None:
    asked = ask(store, excerpt(song(2), START_S, 6.0))
    evidence = asked.explanation.places[0].evidence
    assert evidence.votes == asked.alignment.matches[0].votes > 0
    assert evidence.crest_db == asked.alignment.query.heard.crest_db
    assert evidence.n_hypotheses == 1
    told = replace(
        evidence, contrast=3.14, verified=31.6, expected=40, rank_z=8.25, broadband_z=-0.04
    )
    assert [value for _, value in told.rows()] == [
        f"{evidence.votes}",
        "3.1 times",
        "32 of 40",
        "+8.2",
        "+0.0",
        f"{evidence.crest_db:.0f} dB",
        "1",
    ]


def test_the_spectrogram_is_there_only_when_the_recording_is_given(store: Store) -> None:
    samples = excerpt(song(2), START_S, 6.0)
    assert ask(store, samples).explanation.spectrogram is None
    shown = ask(store, samples, with_spectrogram=True).explanation.spectrogram
    assert shown is not None
    assert shown.level_db.shape[1] == LEAN.n_bins


def test_all_candidates_are_listed_and_two_of_them_shown(store: Store) -> None:
    asked = ask(store, excerpt(song(2), START_S, 6.0))
    explanation = asked.explanation
    assert explanation.matches == asked.alignment.matches
    assert [place.match for place in explanation.places] == list(explanation.matches[:2])
    assert explanation.threshold == PROFILE.decision.threshold
    assert not explanation.calibrated
    assert explanation.reason is None


@pytest.mark.parametrize("duration_s", [0.0, 0.05, 4.0])
def test_silence_and_snippets_have_a_record_that_says_there_are_no_peaks(
    store: Store, duration_s: float
) -> None:
    silence = np.zeros(round(duration_s * RATE_HZ), np.float32)
    explanation = ask(store, silence, with_spectrogram=True).explanation
    assert (explanation.matches, explanation.places) == ((), ())
    assert not explanation.accepted
    assert explanation.n_hashes == 0
    assert "no peaks" in (explanation.reason or "")


def test_peaks_too_near_for_a_pair_have_a_record_that_says_so(store: Store) -> None:
    burst = excerpt(song(2), START_S, 1.0)
    pairs = LEAN.pairs.model_copy(update={"min_delta_s": 2.0, "max_delta_s": 2.0})
    far = LEAN.model_copy(update={"pairs": pairs})
    profile = PROFILE.model_copy(update={"fingerprint": far})
    explanation = ask(store, burst, profile).explanation
    assert len(explanation.query.query_s) > 0
    assert explanation.reason == "the recording has too few peaks to make a pair."


def test_an_empty_index_has_a_record_that_says_so(tmp_path: Path) -> None:
    with filled_store(tmp_path / "empty.db", {}) as empty:
        explanation = ask(empty, excerpt(song(2), START_S, 6.0)).explanation
    assert explanation.reason == "the index holds no songs."
    assert len(explanation.query.query_s) > 0


def test_a_query_that_shares_no_hash_has_a_record_that_says_so(tmp_path: Path) -> None:
    t_s = np.arange(6 * RATE_HZ) / RATE_HZ
    chirps = np.sin(2 * np.pi * (3000 + 60 * np.sin(2 * np.pi * 1.3 * t_s)) * t_s)
    with filled_store(tmp_path / "other.db", {"low": song(2, 5.0)}) as other:
        explanation = ask(other, chirps.astype(np.float32)).explanation
    assert explanation.matches == ()
    n_hashes = explanation.n_hashes
    assert n_hashes > 0
    assert explanation.reason == f"none of the recording's {n_hashes} hashes is in the index."


def test_a_song_removed_since_is_refused_by_name(tmp_path: Path) -> None:
    with filled_store(tmp_path / "gone.db", {"only": song(2)}) as gone:
        asked = ask(gone, excerpt(song(2), START_S, 4.0))
        gone.remove(asked.alignment.matches[0].song_id)
        with pytest.raises(UnknownSongError):
            explain(asked.alignment, gone, PROFILE)


@pytest.mark.parametrize("tolerance_frames", [0.0, 0.25, 1.7, 5.0])
def test_any_tolerance_gives_the_votes_of_the_answer(store: Store, tolerance_frames: float) -> None:
    update = {"offset_tolerance_frames": tolerance_frames}
    profile = PROFILE.model_copy(update={"query": PROFILE.query.model_copy(update=update)})
    for start_s in (START_S, 3.21):
        places = ask(store, excerpt(song(2), start_s, 6.0), profile).explanation.places
        assert places
        for place in places:
            line = place.aligned
            columns = (line.query_s, line.anchor_hz, line.target_hz, line.delta_s)
            assert len({*zip(*columns, strict=True)}) == place.match.votes
            assert place.histogram.votes.max() >= place.match.votes


def test_arrays_cannot_be_changed(store: Store) -> None:
    place = ask(store, excerpt(song(2), START_S, 6.0)).explanation.places[0]
    for array in (place.histogram.votes, place.aligned.song_s, place.peaks.nearness):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_a_recording_recognised_without_its_pause_is_shown_without_it(store: Store) -> None:
    first, second = np.split(excerpt(song(2), START_S, 6.0), 2)
    heard = np.concatenate([first, np.zeros(5 * RATE_HZ, np.float32), second])
    as_it_is = ask(store, heard).alignment.matches[0].probability
    decision = PROFILE.decision.model_copy(update={"threshold": np.nextafter(as_it_is, 1)})
    asked = ask(
        store, heard, PROFILE.model_copy(update={"decision": decision}), with_spectrogram=True
    )
    assert asked.alignment.pass_name == "joined"
    shown = asked.explanation
    assert shown.query_s == pytest.approx(6.0, abs=2 * HOP_S)
    assert shown.window_s == (0.0, shown.query_s)
    assert shown.query.query_s.max() < shown.query_s
    assert shown.spectrogram is not None
    assert len(shown.spectrogram.level_db) * HOP_S == pytest.approx(6.0, abs=0.3)
