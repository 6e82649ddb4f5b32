"""From a decoded recording to an answer: places, order, thresholds, and when there is nothing."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pytest

from experiments.degradations.wsola import stretch
from fpcore import pipeline
from fpcore.config import PlaybackSearch, QueryConfig, ThoroughPass
from fpcore.errors import StoreError
from fpcore.records import AS_LEARNED, Playback, Recognition, Signal, Verification
from fpcore.search import passes as passes_module
from fpcore.search.interruptions import Interruption, Searched
from fpcore.search.passes import (
    PassName,
    SearchTrace,
    accepted_of,
    align,
    align_query,
    answer_of,
    passes,
)
from fpcore.search.playback import n_playbacks
from fpcore.stages import decision
from fpcore.stages.pauses import Pause
from fpcore.stages.verification import verify
from fpcore.stages.windows import window_frames
from fpcore.store import NewSong, Store, open_store
from tests.fpcore import indexed
from tests.fpcore.indexed import PROFILE, RATE_HZ, UNKNOWN, excerpt, with_threshold
from tests.fpcore.synthetic import LEAN, plucked_notes

EXCERPT_S = 6.0


def _recognised(store: Store, signal: Signal, threshold: float = 0.5) -> Recognition:
    return align(signal, store, with_threshold(threshold)).recognition


@pytest.mark.parametrize("index", range(indexed.N_SONGS))
def test_an_excerpt_is_named_at_its_place(six_songs: Store, index: int) -> None:
    start_s = 3.217 + 5 * index
    found = _recognised(six_songs, excerpt(index, start_s, EXCERPT_S))
    assert found.match is found.candidates[0]
    assert found.match is not None
    assert found.match.song_name == f"song {index}" == six_songs.song(found.match.song_id).name
    assert found.match.offset_s == pytest.approx(start_s, abs=0.025)
    assert 0.5 <= found.match.confidence == found.match.probability <= 1
    assert found.query_s == pytest.approx(EXCERPT_S, abs=1e-4)


def test_music_that_was_not_learned_has_no_match(six_songs: Store) -> None:
    found = _recognised(six_songs, excerpt(UNKNOWN, 3, EXCERPT_S))
    assert found.match is None
    assert found.candidates
    assert {match.confidence for match in found.candidates} == {0.0}
    assert not any(match.accepted for match in found.candidates)


def _over_others(index: int, *others: int) -> Signal:
    """Return a part of a song while others play too, each 10 dB below it."""
    below = sum(np.float32(0.3) * indexed.part(other, 8, EXCERPT_S) for other in others)
    return Signal(indexed.part(index, 8, EXCERPT_S) + below, RATE_HZ)


def test_the_likeliest_songs_come_first_each_once(six_songs: Store) -> None:
    found = align(_over_others(2, 0, 1, 3, 4, 5), six_songs, PROFILE)
    songs = [match.song_id for match in found.matches]
    assert len(set(songs)) == len(songs) == indexed.N_SONGS
    assert len(found.candidates) > len(songs)  # places, several to a song
    likely = [match.probability for match in found.matches]
    assert likely == sorted(likely, reverse=True)
    assert likely[0] > 10 * likely[1]


def test_of_a_song_the_place_with_the_best_score_is_given(six_songs: Store) -> None:
    found = align(excerpt(UNKNOWN, 3, EXCERPT_S), six_songs, PROFILE)
    observed = found.evidence
    score = decision.place_score(observed, found.verification)
    log_odds = decision.logit(observed, PROFILE.decision, votes=found.candidates.votes)
    tick_s = PROFILE.fingerprint.hop_s / PROFILE.query.n_shifts
    for match, row in zip(found.matches, found.rows.tolist(), strict=True):
        assert found.candidates.song_id[row] == match.song_id
        assert score[row] == score[found.candidates.song_id == match.song_id].max()
        assert match.offset_s == pytest.approx(found.candidates.offset_ticks[row] * tick_s)
        assert match.votes == found.candidates.votes[row]
        assert match.probability == pytest.approx(1 / (1 + np.exp(-log_odds[row])))


def test_of_equal_places_and_songs_the_first_comes_first() -> None:
    rng = np.random.default_rng(0)
    n_places = 300
    song_id = rng.integers(0, 50, n_places)
    score = rng.integers(0, 3, n_places).astype(np.float64)
    log_odds = rng.integers(0, 4, n_places).astype(np.float64)
    places = range(n_places)
    best = [
        min((row for row in places if song_id[row] == song), key=lambda row: (-score[row], row))
        for song in np.unique(song_id)
    ]
    best.sort(key=lambda row: (-score[row], row))
    expected = sorted(best, key=lambda row: -log_odds[row])
    assert passes_module._best_places(song_id, score, log_odds).tolist() == expected


def test_levels_are_compared_where_whitening_saw_both_sides(
    six_songs: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    margins_s: list[float] = []

    def noted(*given: Any, margin_ticks: float) -> Verification:
        margins_s.append(margin_ticks * PROFILE.fingerprint.hop_s / PROFILE.query.n_shifts)
        return verify(*given, margin_ticks=margin_ticks)

    monkeypatch.setattr(passes_module, "verify", noted)
    align(excerpt(1, 8, EXCERPT_S), six_songs, PROFILE)
    # Its box is two seconds long: one to either side, in whole frames.
    assert margins_s == [pytest.approx(1.0, abs=LEAN.hop_s)]


def test_in_a_library_larger_than_the_calibrated_one_more_is_asked_for(
    six_songs: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = excerpt(UNKNOWN, 3, EXCERPT_S)
    usual = align(clip, six_songs, PROFILE)
    monkeypatch.setattr(decision, "PENALISED_FROM", 1)
    of_two = PROFILE.decision.model_copy(update={"n_songs": 2})
    crowded = align(clip, six_songs, PROFILE.model_copy(update={"decision": of_two}))
    lost = decision.GROWTH_PER_TENFOLD * np.log10(indexed.N_SONGS / 2)
    np.testing.assert_allclose(crowded.log_odds, usual.log_odds - lost)
    for match, row in zip(crowded.matches, crowded.rows.tolist(), strict=True):
        assert match.probability == pytest.approx(1 / (1 + np.exp(-crowded.log_odds[row])))


def test_the_threshold_decides_and_changes_nothing_else(six_songs: Store) -> None:
    known, unknown = excerpt(1, 8, EXCERPT_S), excerpt(UNKNOWN, 3, EXCERPT_S)
    probability = _recognised(six_songs, known).candidates[0].probability
    assert 0.9 < probability < 1
    just = _recognised(six_songs, known, threshold=probability)
    assert just.match is not None
    assert _recognised(six_songs, known, threshold=np.nextafter(probability, 1)).match is None
    for signal in (known, unknown):
        lenient, strict = (_recognised(six_songs, signal, threshold=t) for t in (0.0, 1.0))
        assert lenient.match is lenient.candidates[0]
        assert all(match.accepted for match in lenient.candidates)
        assert strict.match is None
        assert [(m.song_id, m.offset_s, m.probability) for m in strict.candidates] == [
            (m.song_id, m.offset_s, m.probability) for m in lenient.candidates
        ]


def test_as_many_songs_are_looked_at_as_the_profile_says(six_songs: Store) -> None:
    query_config = QueryConfig(**{**PROFILE.query.model_dump(), "n_candidates": 2, "n_offsets": 3})
    profile = PROFILE.model_copy(update={"query": query_config})
    found = align(excerpt(4, 8, EXCERPT_S), six_songs, profile)
    assert found.matches[0].song_name == "song 4"
    assert len(found.matches) == 2
    assert len(found.candidates) == 6


def test_every_stage_is_timed_and_what_came_before_is_passed_on(six_songs: Store) -> None:
    times = align(excerpt(0, 8, EXCERPT_S), six_songs, PROFILE, decode_s=1.5).recognition.times
    assert times.decode_s == 1.5
    assert min(times.fingerprint_s, times.lookup_s, times.align_s) > 0
    parts = (times.decode_s, times.fingerprint_s, times.lookup_s, times.align_s)
    assert times.total_s == pytest.approx(sum(parts))
    query = align(excerpt(0, 8, EXCERPT_S), six_songs, PROFILE).query
    again = align_query([query], six_songs, PROFILE, decode_s=1.5, fingerprint_s=2.5).times
    assert (again.decode_s, again.fingerprint_s) == (1.5, 2.5)
    alone = align_query([query], six_songs, PROFILE).times
    assert (alone.decode_s, alone.fingerprint_s) == (0.0, 0.0)


def test_times_are_no_longer_than_what_passed(six_songs: Store) -> None:
    started = perf_counter()
    windows = pipeline.queries(excerpt(UNKNOWN, 3, EXCERPT_S), LEAN, THOROUGH.query)
    traces = [trace for of_pass in passes(windows, six_songs, THOROUGH) for trace in of_pass]
    answer = answer_of(traces, six_songs, THOROUGH)
    for one in (answer, *traces):
        assert one.times.decode_s == one.times.fingerprint_s == 0
    assert answer.times.lookup_s == sum(trace.times.lookup_s for trace in traces)
    assert answer.times.align_s == sum(trace.times.align_s for trace in traces)
    assert answer.times.total_s <= perf_counter() - started
    started = perf_counter()
    found = align(excerpt(UNKNOWN, 3, EXCERPT_S), six_songs, THOROUGH)
    assert found.times.total_s <= perf_counter() - started


@pytest.mark.parametrize("n_samples", [0, 1, 4095, 4096, 5 * RATE_HZ])
def test_silence_and_too_little_sound_give_no_candidates(six_songs: Store, n_samples: int) -> None:
    found = align(Signal(np.zeros(n_samples, np.float32), RATE_HZ), six_songs, with_threshold(0))
    assert found.matches == ()
    assert found.recognition.match is None
    assert found.recognition.n_hashes == len(found.rows) == 0
    assert found.recognition.query_s == n_samples / RATE_HZ


def test_an_empty_index_gives_no_candidates(tmp_path: Path) -> None:
    with indexed.filled(tmp_path / "empty.db", n_songs=0) as store:
        found = _recognised(store, excerpt(0, 8, EXCERPT_S), threshold=0)
    assert (found.match, found.candidates) == (None, ())
    assert found.n_hashes > 100


@pytest.mark.parametrize("last_read", ["lookup", "constellations"])
def test_a_song_removed_between_two_reads_of_a_pass_is_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, last_read: str
) -> None:
    with indexed.filled(tmp_path / "two.db", n_songs=2) as store:
        read = getattr(store, last_read)

        def read_then_remove(wanted: object) -> object:
            found = read(wanted)
            if store.find("sum 1"):
                store.remove(2)
            return found

        monkeypatch.setattr(store, last_read, read_then_remove)
        found = _recognised(store, _over_others(1, 0))
        assert store.n_songs() == 1
    assert found.match is None
    assert [match.song_name for match in found.candidates] == ["song 0"]


DAMAGED = (
    "^the index has hashes of a song that it does not have: `fpcore check` tells what is damaged$"
)


def test_hashes_of_a_song_that_is_not_there_are_told_as_damage(tmp_path: Path) -> None:
    path = tmp_path / "damaged.db"
    indexed.filled(path, n_songs=2).close()
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TRIGGER songs_delete")
        connection.execute("DELETE FROM songs WHERE id = 2")
    connection.close()
    with open_store(path, None) as store, pytest.raises(StoreError, match=DAMAGED):
        align(excerpt(1, 8, EXCERPT_S), store, PROFILE)


# Looks after the first one

THOROUGH = PROFILE.model_copy(
    update={"query": PROFILE.query.model_copy(update={"thorough": ThoroughPass()})}
)


def _under_music(index: int, start_s: float, by_db: float) -> Signal:
    """Return an excerpt under another song that is ``by_db`` louder and not in the index."""
    song = indexed.part(index, start_s, EXCERPT_S)
    other = indexed.part(UNKNOWN, 2.0, EXCERPT_S)
    gain = 10 ** (by_db / 20) * np.sqrt(np.mean(song**2) / np.mean(other**2))
    return Signal((song + gain * other).astype(np.float32), RATE_HZ)


def test_a_thorough_look_asks_with_more_hashes_and_counts_as_a_trial(six_songs: Store) -> None:
    query = pipeline.query(excerpt(UNKNOWN, 3, EXCERPT_S), LEAN, THOROUGH.query)
    [first], [thorough] = passes([query], six_songs, THOROUGH)
    assert (first.pass_name, thorough.pass_name) == ("first", "thorough")
    assert len(thorough.query.hashes) > 2 * len(first.query.hashes)
    assert len(thorough.query.peaks[0]) > 1.3 * len(first.query.peaks[0])
    assert thorough.evidence["log_hypotheses"][0] == pytest.approx(np.log(2))


def test_a_thorough_look_finds_more_of_a_song_that_another_drowns(six_songs: Store) -> None:
    n_better = 0
    for index in range(indexed.N_SONGS):
        query = pipeline.query(_under_music(index, 9.0, 12.0), LEAN, THOROUGH.query)
        weights = []
        for [look] in passes([query], six_songs, THOROUGH):
            candidates, place_ticks = look.candidates, 9.0 / LEAN.hop_s * 2
            here = (candidates.song_id == index + 1) & (
                np.abs(candidates.offset_ticks - place_ticks) < 4
            )
            weights.append(float(candidates.idf[here].max(initial=0)))
        n_better += weights[1] > weights[0]
    assert n_better >= 5


def test_the_first_look_that_is_accepted_answers(six_songs: Store) -> None:
    heard = excerpt(4, 9.0, EXCERPT_S)
    assert align(heard, six_songs, THOROUGH).pass_name == "first"
    rejecting = THOROUGH.model_copy(
        update={"decision": THOROUGH.decision.model_copy(update={"threshold": 1.0})}
    )
    found = align(heard, six_songs, rejecting)
    assert found.recognition.match is None
    query = pipeline.query(heard, LEAN, rejecting.query)
    tried = [look for of_pass in passes([query], six_songs, rejecting) for look in of_pass]
    assert found.pass_name == max(tried, key=lambda look: look.matches[0].probability).pass_name
    assert found.times.lookup_s > 0


def _accepting(trace: SearchTrace, pass_name: PassName, log_odds: float) -> SearchTrace:
    """Return a trace as if its pass had accepted its likeliest candidate with other log-odds."""
    probability = 1 / (1 + np.exp(-log_odds))
    best = replace(trace.matches[0], probability=probability, confidence=probability)
    more = log_odds - trace.log_odds[trace.rows[0]]
    return replace(
        trace,
        pass_name=pass_name,
        log_odds=trace.log_odds + more,
        matches=(best, *trace.matches[1:]),
    )


def _without_second(trace: SearchTrace) -> SearchTrace:
    """Return a trace as if the second song had nothing for it: only the first one counts."""
    log_odds = trace.log_odds.copy()
    log_odds[trace.rows[1]] = -99.0
    return replace(trace, log_odds=log_odds)


def test_the_likeliest_window_that_the_first_accepting_pass_has_is_accepted(
    six_songs: Store,
) -> None:
    trace = align(excerpt(UNKNOWN, 3, EXCERPT_S), six_songs, PROFILE)
    assert accepted_of([]) is accepted_of([trace]) is None
    likely, likelier, likeliest = (
        _accepting(trace, name, log_odds)
        for name, log_odds in (("first", 2.0), ("first", 3.0), ("thorough", 4.0))
    )
    assert accepted_of([trace, likely, likelier, likeliest]) is likelier
    assert accepted_of([trace, likeliest]) is likeliest


def test_of_other_playbacks_the_first_that_is_accepted_answers(six_songs: Store) -> None:
    """They are tried one after the other, the most promising first, and the rest not at all."""
    trace = align(excerpt(UNKNOWN, 3, EXCERPT_S), six_songs, PROFILE)
    tried = [_accepting(trace, "playback", log_odds) for log_odds in (2.0, 3.0)]
    assert accepted_of([trace, *tried]) is tried[0]


def test_a_window_without_candidates_answers_only_where_no_other_has_any(six_songs: Store) -> None:
    trace = align(excerpt(UNKNOWN, 3, EXCERPT_S), six_songs, PROFILE)
    unlikely = replace(
        trace, matches=tuple(replace(match, probability=0.0) for match in trace.matches)
    )
    none = replace(trace, matches=())
    assert answer_of([none, unlikely], six_songs, PROFILE).matches == unlikely.matches
    assert answer_of([none], six_songs, PROFILE).matches == ()


def test_of_traces_that_accept_nothing_the_one_with_the_likeliest_candidate_answers(
    six_songs: Store,
) -> None:
    trace = align(excerpt(UNKNOWN, 3, EXCERPT_S), six_songs, PROFILE)
    [best, *_] = trace.matches
    traces = [
        replace(trace, matches=tuple(replace(best, probability=one) for one in (of_best, 0.2)))
        for of_best in (0.2, 0.4, 0.3)
    ]
    assert answer_of(traces, six_songs, PROFILE).matches == traces[1].matches


def test_of_the_tempos_that_are_likelier_the_likeliest_answers(
    six_songs: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = _accepting(align(excerpt(1, 3, EXCERPT_S), six_songs, PROFILE), "first", 3.0)
    by = (0.5, 2.0, 4.0, 3.0)
    tried = [_accepting(trace, "tempo", 3.0 + more) for more in by]
    tried[2] = _without_second(tried[2])
    monkeypatch.setattr(passes_module, "_at_its_tempo", lambda *_: tried)
    assert answer_of([trace], six_songs, PROFILE).matches == tried[2].matches
    zero = replace(trace, log_odds=np.zeros(len(trace.log_odds)))
    just = replace(tried[0], log_odds=zero.log_odds + passes_module.LIKELIER)
    for before, after in ((trace, tried[0]), (zero, just)):
        monkeypatch.setattr(passes_module, "_at_its_tempo", lambda *_, one=after: [one])
        assert answer_of([before], six_songs, PROFILE).pass_name == "first"


def test_every_window_in_every_pass_is_a_hypothesis(six_songs: Store) -> None:
    search = PlaybackSearch()
    query = THOROUGH.query.model_copy(update={"playback": search})
    profile = THOROUGH.model_copy(update={"query": query})
    windows = pipeline.queries(excerpt(UNKNOWN, 3, 14.0), LEAN, query)
    assert len(windows) == 2
    tried = [trace for of_pass in passes(windows, six_songs, profile) for trace in of_pass]
    n_hypotheses = {trace.pass_name: trace.n_hypotheses for trace in tried}
    assert (n_hypotheses["first"], n_hypotheses["thorough"]) == (2, 4)
    at_playbacks = 4 + 2 * n_playbacks(search)
    assert n_hypotheses.get("playback", at_playbacks) == at_playbacks
    for trace in tried:
        expected = np.log(trace.n_hypotheses)
        np.testing.assert_allclose(trace.evidence["log_hypotheses"], expected)


def test_hypotheses_about_the_recording_that_this_is_a_part_of_count(six_songs: Store) -> None:
    signal = excerpt(1, 3, 5.0)
    alone = align(signal, six_songs, PROFILE)
    after = align(signal, six_songs, PROFILE, n_before=9)
    assert (alone.n_hypotheses, after.n_hypotheses) == (1, 10)
    np.testing.assert_allclose(after.evidence["log_hypotheses"], np.log(10))


# Recordings with pauses


def _with_pause(index: int, start_s: float, pause_s: float) -> Signal:
    """Return an excerpt in whose middle the player was halted."""
    first, second = np.split(indexed.part(index, start_s, EXCERPT_S), 2)
    silence = np.zeros(round(pause_s * RATE_HZ), np.float32)
    return Signal(np.concatenate([first, silence, second]), RATE_HZ)


def test_a_recording_with_a_pause_is_asked_about_without_it_after_it_as_it_is(
    six_songs: Store,
) -> None:
    windows = pipeline.queries(_with_pause(1, 8.0, 5.0), LEAN, THOROUGH.query)
    tried = [trace for [trace] in passes(windows, six_songs, THOROUGH)]
    names = [trace.pass_name for trace in tried]
    assert names == ["first", "thorough", "joined", "joined-thorough"]
    assert [trace.n_hypotheses for trace in tried] == [1, 2, 3, 4]
    first, _, joined, _ = tried
    assert joined.matches[0].song_name == "song 1"
    assert joined.matches[0].offset_s == pytest.approx(8.0, abs=0.025)
    assert joined.matches[0].votes > 1.5 * first.matches[0].votes
    assert first.query_s == joined.query_s == EXCERPT_S + 5.0
    assert first.heard_s == joined.heard_s == (0.0, EXCERPT_S + 5.0)


@pytest.mark.parametrize("pause_s", [2.0, 5.0, 20.0])
def test_halves_of_which_neither_is_enough_are_recognised_together(
    six_songs: Store, pause_s: float
) -> None:
    heard = _with_pause(3, 11.0, pause_s)
    windows = pipeline.queries(heard, LEAN, PROFILE.query)
    as_it_is = [one for one in windows if not one.heard.cut_out]
    apart = align_query(as_it_is, six_songs, PROFILE).matches[0].probability
    unsure = with_threshold(np.nextafter(apart, 1))
    assert align_query(as_it_is, six_songs, unsure).recognition.match is None
    found = align(heard, six_songs, unsure)
    assert found.pass_name == "joined"
    assert found.recognition.match is not None
    assert found.recognition.match.offset_s == pytest.approx(11.0, abs=0.025)
    assert found.recognition.query_s == pytest.approx(EXCERPT_S + pause_s)


# Music that other sound interrupts


INTERRUPTED = THOROUGH.model_copy(
    update={"query": THOROUGH.query.model_copy(update={"interruptions": True})}
)
LOUDER = 3.0
"""By how much what interrupts is louder than the music."""


def _interrupted(index: int, start_s: float, by_s: float) -> Signal:
    """Return an excerpt in whose middle some seconds of music are heard that nobody learned."""
    first, second = np.split(indexed.part(index, start_s, EXCERPT_S), 2)
    other = np.float32(LOUDER) * indexed.part(UNKNOWN, 2.0, by_s)
    return Signal(np.concatenate([first, other, second]), RATE_HZ)


@pytest.mark.parametrize("by_s", [1.5, 5.013, 20.0])
def test_music_goes_on_after_what_interrupts_it(six_songs: Store, by_s: float) -> None:
    windows = pipeline.queries(_interrupted(1, 8.0, by_s), LEAN, THOROUGH.query)
    as_it_is, _, [joined], [thorough] = passes(windows, six_songs, INTERRUPTED)
    n_hypotheses = 2 * len(windows)
    assert (joined.pass_name, joined.n_hypotheses) == ("joined", n_hypotheses + 1)
    assert (thorough.pass_name, thorough.n_hypotheses) == ("joined-thorough", n_hypotheses + 2)
    for trace in (joined, thorough):
        assert trace.matches[0].song_name == "song 1"
        assert trace.matches[0].offset_s == pytest.approx(8.0, abs=0.025)
        assert trace.query_s == pytest.approx(EXCERPT_S + by_s, abs=1e-4)
    best = max(as_it_is, key=lambda one: one.matches[0].votes)
    assert joined.matches[0].votes > 1.5 * best.matches[0].votes
    assert joined.evidence["rank_z"][0] > best.evidence["rank_z"][0]
    assert joined.heard_s == pytest.approx((0.0, EXCERPT_S + by_s), abs=2 * LEAN.hop_s)
    assert len(list(passes(windows, six_songs, THOROUGH))) == 2


def test_parts_of_which_neither_is_enough_are_recognised_together(six_songs: Store) -> None:
    heard = _interrupted(3, 11.0, 5.0)
    apart = align(heard, six_songs, PROFILE).matches[0].probability
    unsure = with_threshold(np.nextafter(apart, 1))
    assert align(heard, six_songs, unsure).recognition.match is None
    asked = unsure.query.model_copy(update={"interruptions": True})
    found = align(heard, six_songs, unsure.model_copy(update={"query": asked}))
    assert found.pass_name == "joined"
    assert found.recognition.match is not None
    assert found.recognition.match.offset_s == pytest.approx(11.0, abs=0.025)
    assert found.recognition.query_s == pytest.approx(EXCERPT_S + 5.0)


def test_an_interruption_is_looked_for_in_all_windows_of_both_passes(
    six_songs: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, float]] = []
    seen: list[Searched] = []

    def told(searched: list[Searched], **named: float) -> Interruption:
        seen.extend(searched)
        asked.append(named)
        return Interruption(100, 300, before=0, after=3, idf=1.0)

    monkeypatch.setattr(passes_module, "interruption", told)
    windows = pipeline.queries(_interrupted(1, 8.0, 8.0), LEAN, THOROUGH.query)
    assert len(windows) == 2
    first, thorough, [joined], _ = passes(windows, six_songs, INTERRUPTED)
    assert [one.hits for one in seen] == [trace.hits for trace in (*first, *thorough)]
    assert [one.candidates for one in seen] == [one.candidates for one in (*first, *thorough)]
    ticks_per_frame, hop = THOROUGH.query.n_shifts, LEAN.spectrogram.hop_length
    ranks = [window.heard.ranks for window in windows]
    bounds = [(one.first_tick, one.first_tick + len(one.rank)) for one in ranks]
    assert [(one.first, one.last) for one in seen] == 2 * bounds
    a_second = pytest.approx(RATE_HZ / hop * ticks_per_frame)
    width_ticks = THOROUGH.query.width_ticks(ticks_per_frame)
    assert asked == [{"width_ticks": width_ticks, "shortest_ticks": a_second}]
    stretch = Pause(100 * hop // ticks_per_frame, 300 * hop // ticks_per_frame)
    assert joined.query.heard.cut_out == (stretch,)
    assert joined.query.heard.crest_db == np.mean([one.heard.crest_db for one in windows])


def test_beside_pauses_no_interruption_is_looked_for(
    six_songs: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passes_module, "interruption", None)
    paused = pipeline.queries(_with_pause(1, 8.0, 5.0), LEAN, THOROUGH.query)
    assert len(list(passes(paused, six_songs, INTERRUPTED))) == 4


# Another tempo than was assumed

SEARCHING = THOROUGH.model_copy(
    update={"query": THOROUGH.query.model_copy(update={"playback": PlaybackSearch()})}
)


def test_a_recording_that_skips_is_not_taken_for_another_tempo(
    six_songs: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its votes drift, but another tempo explains them hardly better than the song's own does."""
    halves = [indexed.part(1, 12.0, 5.0), indexed.part(1, 17.055, 5.0)]
    skipping = Signal(np.concatenate(halves), RATE_HZ)
    found = align(skipping, six_songs, SEARCHING)
    assert found.pass_name == "first"
    assert found.matches[0].song_name == "song 1"
    assert found.matches[0].playback == AS_LEARNED
    # Another tempo was looked at, and found the same song.
    monkeypatch.setattr(passes_module, "LIKELIER", -100.0)
    assert align(skipping, six_songs, SEARCHING).pass_name == "tempo"


def test_what_runs_at_its_own_tempo_gets_no_pass_at_another(six_songs: Store) -> None:
    found = align(excerpt(1, 3, EXCERPT_S), six_songs, SEARCHING)
    assert found.recognition.match is not None
    assert passes_module._at_its_tempo(found, six_songs, SEARCHING) == []


def test_drift_is_looked_for_from_where_its_window_begins(
    six_songs: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = align(_padded(excerpt(3, 9.0, 10.0), 15.0, 0.0), six_songs, PROFILE)
    assert found.heard_s[0] > 10
    asked: list[int] = []

    def tempo_of(*_: object, first_tick: int) -> float:
        asked.append(first_tick)
        return 1.0

    monkeypatch.setattr(passes_module, "tempo_of", tempo_of)
    faster = replace(found, query=replace(found.query, playback=Playback(1.05, 1.05)))
    assert passes_module._at_its_tempo(faster, six_songs, SEARCHING) == []
    # Its hashes are laid where they would have been at the song's own tempo.
    start_ticks = found.heard_s[0] / LEAN.hop_s * PROFILE.query.n_shifts
    assert asked == [round(1.05 * start_ticks)]


def test_another_song_at_another_tempo_is_no_gain(six_songs: Store) -> None:
    trace = align(excerpt(UNKNOWN, 3, EXCERPT_S), six_songs, PROFILE)
    other = replace(trace, matches=trace.matches[1:])
    likelier = replace(trace, log_odds=trace.log_odds + 2.5)
    assert passes_module._gain(likelier, trace) == pytest.approx(2.5)
    assert passes_module._gain(other, trace) == -np.inf
    assert passes_module._gain(replace(trace, matches=()), trace) == -np.inf


def test_a_thorough_answer_gets_a_thorough_pass_at_its_tempo(six_songs: Store) -> None:
    tempo, start_s, duration_s = 0.98, 12.0, 10.0
    samples = indexed.part(3, start_s, duration_s * tempo)
    n_out = round(duration_s * RATE_HZ)
    heard = Signal(stretch(samples, RATE_HZ, factor=tempo, n_out=n_out), RATE_HZ)
    few = SEARCHING.query.model_copy(
        update={"n_candidates": 2, "thorough": ThoroughPass(n_candidates=5)}
    )
    profile = SEARCHING.model_copy(update={"query": few})
    [first], [thorough], *_ = passes([pipeline.query(heard, LEAN, few)], six_songs, profile)
    assert (len(first.matches), len(thorough.matches)) == (2, 5)
    joined = replace(thorough, pass_name="joined-thorough")
    for looked, n_songs in ((first, 2), (thorough, 5), (joined, 5)):
        answer = answer_of([looked], six_songs, profile)
        assert answer.pass_name == "tempo"
        assert answer.matches[0].song_name == "song 3"
        assert answer.matches[0].playback.tempo == pytest.approx(tempo, abs=0.003)
        assert len(answer.matches) == n_songs
        assert len(answer.query.hashes) == pytest.approx(len(looked.query.hashes), rel=0.1)
        assert answer.n_hypotheses > looked.n_hypotheses


# Which of two passages


def _twice(seed: int) -> np.ndarray:
    """Return 25 s; six of them, from 4 s and 15 s on, share loud notes and differ in faint ones."""
    loud = plucked_notes(6.0, RATE_HZ, seed=seed)
    first, again = (loud + 0.12 * plucked_notes(6.0, RATE_HZ, seed=seed + k) for k in (1, 2))
    around = np.split(plucked_notes(13.0, RATE_HZ, seed=seed + 3), [4 * RATE_HZ, 9 * RATE_HZ])
    return np.concatenate([around[0], first, around[1], again, around[2]])


def test_fainter_peaks_tell_a_passage_from_its_repeat(tmp_path: Path) -> None:
    start_s, n_songs = 15.6, 6
    n_in_place = {None: 0, 20.0: 0}
    for seed in range(n_songs):
        song = _twice(seed)
        clip = song[round(start_s * RATE_HZ) :][: 5 * RATE_HZ]
        noise = 0.1 * clip.std() * np.random.default_rng(seed).normal(size=len(clip))
        recording = Signal((clip + noise).astype(np.float32), RATE_HZ)
        for kept in n_in_place:
            peaks = LEAN.peaks.model_copy(update={"kept_peaks_per_s": kept})
            config = LEAN.model_copy(update={"peaks": peaks})
            profile = PROFILE.model_copy(update={"fingerprint": config})
            found = pipeline.fingerprint([song], config)
            with open_store(tmp_path / f"{kept}-{seed}.db", config, create=True) as store:
                new = NewSong("song", "sum", found.duration_s)
                store.add_song(new, found.hashes, found.constellation)
                [match, *_] = align(recording, store, profile).matches
            n_in_place[kept] += abs(match.offset_s - start_s) <= 0.05
    assert n_in_place[None] <= 4
    assert n_in_place[20.0] == n_songs


# A long recording, window by window


def _padded(signal: Signal, before_s: float, after_s: float) -> Signal:
    """Return a signal with silence before and after it."""
    parts = [indexed.silence(before_s), signal.samples, indexed.silence(after_s)]
    return Signal(np.concatenate(parts), RATE_HZ)


def test_a_window_has_the_evidence_that_it_has_as_a_recording_of_its_own(six_songs: Store) -> None:
    """All peaks are kept: which are among the highest depends on where half seconds begin."""
    every_peak = PROFILE.query.model_copy(update={"max_peaks_per_s": 1e6})
    profile = PROFILE.model_copy(update={"query": every_peak})
    long = excerpt(2, 4.0, 30.0)
    windows = pipeline.queries(long, LEAN, profile.query)
    assert len(windows) == 5
    [traces] = passes(windows, six_songs, profile)
    hop = LEAN.spectrogram.hop_length
    for (start, length), found in zip(window_frames(30.0, LEAN.hop_s), traces, strict=True):
        samples = long.samples[start * hop : (start + length) * hop]
        alone = align(Signal(samples, RATE_HZ), six_songs, profile)
        for name, values in alone.evidence.items():
            more = np.log(5) if name == "log_hypotheses" else 0
            np.testing.assert_allclose(found.evidence[name], values + more, rtol=1e-12)
        assert found.recognition.query_s == 30.0
        for one, other in zip(found.matches, alone.matches, strict=True):
            assert one.song_id == other.song_id
            assert one.offset_s == pytest.approx(other.offset_s - start * LEAN.hop_s)


@pytest.mark.parametrize(("before_s", "after_s"), [(20.0, 0.0), (0.0, 40.0), (25.0, 25.0)])
def test_a_song_is_found_in_its_place_whatever_silence_surrounds_it(
    six_songs: Store, before_s: float, after_s: float
) -> None:
    found = align(_padded(excerpt(3, 9.0, 8.0), before_s, after_s), six_songs, PROFILE)
    match = found.recognition.match
    assert match is not None
    assert (match.song_name, match.offset_s) == (
        "song 3",
        pytest.approx(9.0 - before_s, abs=0.03),
    )


def test_windows_of_silence_are_no_hypotheses(six_songs: Store) -> None:
    clip = excerpt(3, 9.0, 8.0)
    found = align(_padded(clip, 0.0, 50.0), six_songs, PROFILE)
    assert found.n_hypotheses == 2  # the windows from 0 and from 5 s
    silent = align(Signal(indexed.silence(50.0), RATE_HZ), six_songs, SEARCHING)
    assert (silent.n_hypotheses, silent.matches) == (1, ())
    assert silent.recognition.query_s == 50.0


def test_silence_around_a_stranger_adds_nothing_to_the_evidence(six_songs: Store) -> None:
    stranger = excerpt(UNKNOWN, 3.0, 10.0)
    alone = align(stranger, six_songs, THOROUGH)
    within = align(_padded(stranger, 20.0, 30.0), six_songs, THOROUGH)
    assert float(within.log_odds.max()) < float(alone.log_odds.max()) + 1.0


def test_the_likeliest_window_of_a_pass_answers(six_songs: Store) -> None:
    """The music begins late in the first window that has any, and fills the next."""
    found = align(_padded(excerpt(1, 6.0, 14.0), 7.0, 0.0), six_songs, PROFILE)
    assert found.recognition.match is not None
    start_s = found.query.heard.ranks.first_tick * LEAN.hop_s / PROFILE.query.n_shifts
    assert start_s > 5.0


@pytest.mark.parametrize("tempo", [0.98, 1.02])
def test_tempo_and_place_are_right_in_a_later_window(six_songs: Store, tempo: float) -> None:
    start_s, lead_s = 12.0, 20.0
    samples = indexed.part(3, start_s, 12.0 * tempo)
    played = Signal(stretch(samples, RATE_HZ, factor=tempo, n_out=12 * RATE_HZ), RATE_HZ)
    found = align(_padded(played, lead_s, 0.0), six_songs, SEARCHING)
    match = found.recognition.match
    assert match is not None
    assert match.song_name == "song 3"
    assert match.playback.tempo == pytest.approx(tempo, abs=0.003)
    at_clip_s = match.offset_s + lead_s * match.playback.tempo
    assert at_clip_s == pytest.approx(start_s, abs=0.1)
