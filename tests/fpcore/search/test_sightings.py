"""Songs in one window: which peaks are one, where votes are heaviest, and what a window holds."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.degradations.wsola import stretch
from fpcore import pipeline
from fpcore.config import PlaybackSearch, Profile
from fpcore.records import Match, Playback, Signal
from fpcore.search import sightings as module
from fpcore.search.passes import SearchTrace, align, passes
from fpcore.search.sightings import (
    EXPLAINED,
    LEAST_CONTRAST,
    MARGIN_S,
    REFINEMENTS,
    SHORTEST_S,
    SPARSE,
    Line,
    Sighting,
    _Place,
    _share,
    _Window,
    heaviest_run,
    peak_numbers,
    sightings,
)
from fpcore.stages.decision import FEWEST_VOTES
from fpcore.stages.hashing import unpack
from fpcore.store import NewSong, Store, open_store
from tests.fpcore.indexed import PROFILE, RATE_HZ, UNKNOWN, part, silence
from tests.fpcore.synthetic import LEAN


def _seen(
    samples: np.ndarray, store: Store, window_s: float = 0.0, followed: list[Line] | None = None
) -> list[Sighting]:
    return sightings(Signal(samples, RATE_HZ), window_s, followed or [], store, PROFILE)


def test_a_window_holds_each_of_two_songs_in_a_row(six_songs: Store) -> None:
    found = _seen(np.concatenate([part(0, 3, 5), part(1, 9, 5)]), six_songs, window_s=100.0)
    first, second = sorted(found, key=lambda one: one.start_s)
    assert (first.match.song_name, second.match.song_name) == ("song 0", "song 1")
    assert (first.start_s, first.end_s) == pytest.approx((100, 105), abs=0.6)
    assert (second.start_s, second.end_s) == pytest.approx((105, 110), abs=0.6)
    assert first.line.song_at(100) == pytest.approx(3, abs=0.05)
    assert second.line.song_at(105) == pytest.approx(9, abs=0.05)


def test_a_spot_that_is_repeated_nearly_as_its_song_repeats_itself_is_not_at_another_tempo(
    tmp_path: Path,
) -> None:
    """Its two plays lie on a line at a tempo of 0.98: from one repetition to the next."""
    spot_s, period_s, repeats_s = 4.0, 4.5, 4.4
    spot, between = part(0, 3, spot_s), part(UNKNOWN, 0, repeats_s - spot_s)
    samples = np.concatenate([part(1, 0, 20), spot, between, spot, part(2, 0, 20)])
    heard = np.concatenate([spot, silence(period_s - spot_s), spot])
    query = PROFILE.query.model_copy(update={"playback": PlaybackSearch()})
    profile = PROFILE.model_copy(update={"query": query})
    with open_store(tmp_path / "songs.db", LEAN, create=True) as store:
        found = pipeline.fingerprint([samples], LEAN)
        new = NewSong("song", "sum", found.duration_s)
        store.add_song(new, found.hashes, found.constellation)
        told = sightings(Signal(heard, RATE_HZ), 100.0, [], store, profile)
    heard_s = sorted((one.start_s, one.end_s) for one in told)
    np.testing.assert_allclose(heard_s, [(100, 104), (104.5, 108.5)], atol=0.6)
    assert {one.line.tempo for one in told} == {1.0}


def test_a_window_of_unknown_music_holds_no_song(six_songs: Store) -> None:
    assert _seen(part(UNKNOWN, 0, 10), six_songs) == []


def test_each_pass_is_looked_at_by_itself_while_nothing_is_recognised(
    six_songs: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = _window(part(UNKNOWN, 0, 10), six_songs)._trace
    second = replace(first, pass_name="thorough")  # which is no likelier
    looked_at: list[SearchTrace] = []

    class Noted(_Window):
        def __init__(self, signal: Signal, window_s: float, trace: SearchTrace, *rest: Any) -> None:
            looked_at.append(trace)
            super().__init__(signal, window_s, trace, *rest)

    monkeypatch.setattr(module, "passes", lambda *_: iter([[first], [second]]))
    monkeypatch.setattr(module, "_Window", Noted)
    assert _seen(part(UNKNOWN, 0, 10), six_songs) == []
    assert [trace.pass_name for trace in looked_at] == ["first", "thorough"]


def test_the_line_of_a_sighting_is_the_heaviest_rival_of_its_song(six_songs: Store) -> None:
    (found,) = _seen(part(2, 4, 10), six_songs)
    of_song = [rival for rival in found.rivals if rival.line.song_id == found.line.song_id]
    assert found.line == max(of_song, key=lambda rival: rival.weight).line


def test_a_line_that_was_followed_is_among_the_rivals(six_songs: Store) -> None:
    (found,) = _seen(part(2, 4, 10), six_songs)
    followed = Line(found.line.song_id, "as it was called", -50.0, 4.0 - 50.0)
    (again,) = _seen(part(2, 4, 10), six_songs, followed=[followed])
    assert "as it was called" in {rival.line.song_name for rival in again.rivals}


def test_a_line_goes_on_at_its_tempo() -> None:
    assert Line(1, "a", 10.0, 30.0, 1.05).song_at(20.0) == pytest.approx(40.5)


def test_peaks_of_a_bin_are_one_within_a_frame() -> None:
    bins, ticks = np.array([5, 5, 5, 6]), np.array([10, 12, 15, 12], np.int32)
    numbers = peak_numbers(bins, ticks, 2)
    assert numbers[0] == numbers[1]
    assert len(set(numbers.tolist())) == 3
    assert numbers.dtype == np.int64


@pytest.mark.parametrize("ticks_per_frame", [1, 4])
def test_peaks_are_numbered_as_by_going_through_each_bin(ticks_per_frame: int) -> None:
    rng = np.random.default_rng(3)
    bins, ticks = rng.integers(5, 9, 60), rng.integers(0, 100, 60).astype(np.int32)
    found = peak_numbers(bins, ticks, ticks_per_frame)
    number, last = -1, (-1, 0)
    for row in np.lexsort((ticks, bins)).tolist():
        here = (int(bins[row]), int(ticks[row]))
        if here[0] != last[0] or here[1] - last[1] > ticks_per_frame:
            number += 1
        assert found[row] == number
        last = here


@given(st.lists(st.floats(0, 10), min_size=1, max_size=40))
def test_the_heaviest_run_begins_and_ends_with_a_vote(times: list[float]) -> None:
    times_s = np.array(times)
    start_s, end_s = heaviest_run(times_s, times_s + 0.5, np.ones(len(times)))
    assert start_s in times_s or start_s - 0.5 in times_s
    assert end_s in times_s + 0.5 or end_s in times_s
    assert start_s <= end_s


def test_the_heaviest_run_leaves_out_chance_votes_and_bridges_holes() -> None:
    song_s = np.concatenate([np.arange(3, 5, 0.05), np.arange(5.5, 7, 0.05)])
    times_s = np.append(song_s, [0.5, 9.5])
    start_s, end_s = heaviest_run(times_s, times_s + 0.1, np.ones(len(times_s)))
    assert (start_s, end_s) == pytest.approx((3, 7.05), abs=0.1)


def test_one_vote_long_after_a_run_is_left_out() -> None:
    times_s = np.append(np.arange(0, 2, 0.1), 40.0)
    assert heaviest_run(times_s, times_s + 0.1, np.ones(21)) == pytest.approx((0, 2))


@pytest.mark.parametrize("seed", range(4))
def test_the_heaviest_run_is_the_best_of_all_runs(seed: int) -> None:
    rng = np.random.default_rng(seed)
    start_s = np.concatenate([rng.uniform(0, 12, 8), rng.uniform(4, 7, 20)])
    end_s = start_s + rng.uniform(0.1, 1.5, len(start_s))
    weight = rng.uniform(0.5, 2, len(start_s))
    assert heaviest_run(start_s, end_s, weight) == _best_of_all_runs(start_s, end_s, weight)


@pytest.mark.parametrize("seed", [*range(20), 126, 130, 170])
def test_the_heaviest_run_of_a_few_votes_is_the_best_of_all_runs(seed: int) -> None:
    """Light ones too, all at once or minutes apart."""
    rng = np.random.default_rng(seed)
    n_votes, span_s = rng.integers(1, 6), rng.choice([0.5, 3, 200])
    start_s = rng.uniform(0, span_s, n_votes)
    end_s = start_s + rng.uniform(0.1, 1.5, n_votes)
    weight = rng.uniform(0.5, 2, n_votes) * rng.choice([0.01, 1])
    assert heaviest_run(start_s, end_s, weight) == _best_of_all_runs(start_s, end_s, weight)


@pytest.mark.parametrize("seed", [19, 238, 248, 280])
def test_the_heaviest_run_of_a_dense_second_among_others_is_the_best_of_all_runs(
    seed: int,
) -> None:
    """Seeds for which it matters from which run the refinement starts, and what it gathers."""
    rng = np.random.default_rng(seed)
    n_votes, span_s = rng.integers(1, 12), rng.choice([1, 5, 12, 30])
    scattered_s = rng.uniform(0, span_s, n_votes)
    dense_s = rng.uniform(0, 1, n_votes) * rng.choice([0.5, 2]) + rng.uniform(0, span_s)
    start_s = np.concatenate([scattered_s, dense_s])
    end_s = start_s + rng.uniform(0.1, 1.5, len(start_s))
    weight = rng.uniform(0.5, 2, len(start_s)) * rng.choice([0.01, 1])
    assert heaviest_run(start_s, end_s, weight) == _best_of_all_runs(start_s, end_s, weight)


def _best_of_all_runs(
    start_s: np.ndarray, end_s: np.ndarray, weight: np.ndarray
) -> tuple[float, float]:
    times_s, halves = np.concatenate([start_s, end_s]), np.concatenate([weight, weight]) / 2
    order = np.argsort(times_s)
    times_s, halves = times_s[order], halves[order]
    runs = [(i, j) for j in range(len(times_s)) for i in range(j + 1)]
    first, last = 0, len(times_s) - 1
    for _ in range(REFINEMENTS):
        length_s = max(times_s[last] - times_s[first], SHORTEST_S)
        cost = SPARSE * halves[first : last + 1].sum() / length_s
        gains = [halves[i : j + 1].sum() - cost * (times_s[j] - times_s[i]) for i, j in runs]
        first, last = runs[int(np.argmax(gains))]
    return float(times_s[first]), float(times_s[last])


# What a window holds, against plain loops over its votes


def _window(
    samples: np.ndarray, store: Store, *, followed: Sequence[Line] = (), tempo: float = 1.0
) -> _Window:
    """Return what the first pass finds from 100 s on, as if it had been at another tempo."""
    signal = Signal(samples, RATE_HZ)
    query = pipeline.query(signal, PROFILE.fingerprint, PROFILE.query)
    [[trace]] = itertools.islice(passes([query], store, PROFILE), 1)
    played = replace(trace.query, playback=Playback(tempo=tempo))
    return _Window(signal, 100.0, replace(trace, query=played), store, PROFILE, followed)


@pytest.fixture
def window(six_songs: Store) -> _Window:
    """Return a window of two songs in a row, of which none has been told yet."""
    return _window(np.concatenate([part(0, 3, 5), part(1, 9, 5)]), six_songs)


@pytest.mark.parametrize("tempo", [1.0, 1.25])
def test_votes_have_their_times_in_the_recording(six_songs: Store, tempo: float) -> None:
    window = _window(part(0, 3, 6), six_songs, tempo=tempo)
    hashes, hop_s = window._trace.query.hashes, PROFILE.fingerprint.hop_s
    frame = hashes.tick / hashes.ticks_per_frame
    _, _, delta_frames = unpack(hashes.token, PROFILE.fingerprint)
    assert window._start_s == pytest.approx(100 + frame * hop_s / tempo)
    assert window._end_s == pytest.approx(100 + (frame + delta_frames) * hop_s / tempo)
    hits = window._trace.hits
    assert window._weight[np.unique(hits.row)].mean() == pytest.approx(1.0, rel=0.1)
    candidates = window._trace.candidates
    for number, place in enumerate(window._places):
        offset_frames = candidates.offset_ticks[number] / hashes.ticks_per_frame
        song_id, name = int(candidates.song_id[number]), place.line.song_name
        assert name == f"song {song_id - 1}"
        song_s = pytest.approx(offset_frames * hop_s)
        assert place.line == Line(song_id, name, 100.0, song_s, tempo)
    # Around the votes' own mean offset there may be one less or more.
    assert len(window._places[0].rows) == pytest.approx(candidates.votes[0], abs=1)
    if tempo != 1.0:
        assert list(window.songs_of_parts()) == []


@pytest.mark.parametrize("late_frames", [-1.0, 0.0, 0.5, 1.0, 30.0])
@pytest.mark.parametrize("with_votes", [True, False])
def test_peaks_of_a_song_are_those_near_its_own_in_the_seconds_in_which_it_is_heard(
    window: _Window, six_songs: Store, late_frames: float, with_votes: bool
) -> None:
    found = window._places[0]
    hashes, song_id = window._trace.query.hashes, found.line.song_id
    hop_s = PROFILE.fingerprint.hop_s
    line = replace(found.line, song_s=found.line.song_s + late_frames * hop_s)
    place = _Place(line, found.rows if with_votes else found.rows[:0])
    song = six_songs.constellations([song_id])[song_id]
    own = set(zip(song.frame.tolist(), song.bin.tolist(), strict=True))
    anchor_bin, _, _ = unpack(hashes.token, PROFILE.fingerprint)
    offset_ticks = line.song_s / hop_s * hashes.ticks_per_frame
    peaks = np.unique(window._anchor[found.rows])
    of_peak = [window._start_s[window._anchor == one] for one in peaks.tolist()]
    of_peak.sort(key=lambda times_s: float(times_s[0]))
    start_s, end_s = float(of_peak[2].max()), float(of_peak[-3].min())  # at the very last moment
    expected = set()
    for row, (tick, bin_) in enumerate(zip(hashes.tick.tolist(), anchor_bin.tolist(), strict=True)):
        frame = round((tick + offset_ticks) / hashes.ticks_per_frame)
        near = itertools.product((frame - 1, frame, frame + 1), (bin_ - 1, bin_, bin_ + 1))
        heard = start_s <= window._start_s[row] <= end_s
        if heard and (row in place.rows or not own.isdisjoint(near)):
            expected.add(int(window._anchor[row]))
    explained = window._peaks_of(place, start_s, end_s)
    assert explained.dtype == np.bool_
    assert np.flatnonzero(explained).tolist() == sorted(expected)
    assert len(expected) > 10 or late_frames == 30


def test_of_each_line_as_many_peaks_are_heard_as_its_candidate_has(
    window: _Window, six_songs: Store
) -> None:
    lines = [place.line for place in window._places]
    kept = window._trace.verification.kept_verified
    assert window._peaks_heard(lines, 100.0, 110.0) == pytest.approx(kept.tolist())
    halves = [window._peaks_heard(lines, start_s, start_s + 5) for start_s in (100.0, 105.0)]
    assert np.sum(halves, axis=0) == pytest.approx(kept, abs=2)  # those of the frames between
    first, second = ([line.song_id for line in lines].index(song_id) for song_id in (1, 2))
    assert halves[0][first] > 5 * halves[1][first]
    assert halves[1][second] > 5 * halves[0][second]
    faster = _window(window._signal.samples, six_songs, tempo=1.25)
    assert sum(faster._peaks_heard(lines, 100.0, 110.0)) < 0.7 * kept.sum()


def _heaviest_by_trying_all(window: _Window, tried: set[int]) -> tuple[int, float, float] | None:
    best, most = None, LEAST_CONTRAST * float(window._trace.candidates.chance.max())
    for number, place in enumerate(window._places):
        explained = window._explained[window._anchor[place.rows]]
        free, weight = place.rows[~explained], window._weight[place.rows]
        share = weight[explained].sum() / weight.sum()
        if number in tried or share >= EXPLAINED or len(free) < FEWEST_VOTES:
            continue
        first, last = window._start_s[free], window._end_s[free]
        start_s, end_s = heaviest_run(first, last, window._weight[free])
        inside = window._weight[free][(first >= start_s) & (last <= end_s)].sum()
        if inside > most and end_s - start_s >= SHORTEST_S:
            best, most = (number, start_s, end_s), inside
    return best


@pytest.mark.parametrize("songs_s", [[5, 5], [4, 2.6, 3.4], [1.5, 8]], ids=str)
def test_the_heaviest_run_of_a_window_is_that_of_all_places_that_are_free(
    six_songs: Store, songs_s: list[float]
) -> None:
    parts = [part(index, 4 + index, length_s) for index, length_s in enumerate(songs_s)]
    window = _window(np.concatenate(parts), six_songs)
    for told in (None, 0):
        if told is not None:  # then its peaks, and votes that begin at them, are not free
            window._sighting(window._places[told], window._trace.matches[0])
        tried: set[int] = set()
        while (best := window._heaviest_run(tried)) is not None:
            assert best == _heaviest_by_trying_all(window, tried)
            tried.add(best[0])
        assert _heaviest_by_trying_all(window, tried) is None
        assert tried or told is not None


@pytest.mark.parametrize("seed", range(30))
def test_the_heaviest_run_of_places_made_up_is_that_of_all(window: _Window, seed: int) -> None:
    """Of few votes and of many, at once and far apart, whose weights differ by far."""
    rng = np.random.default_rng(seed)
    n_hashes = len(window._weight)
    window._weight = rng.lognormal(1.0, 2.0, n_hashes)
    window._explained = rng.random(n_hashes) < 0.3
    window._places = []
    for number in range(12):
        wanted_s = rng.choice(rng.uniform(100, 110, 2), rng.choice([2, 3, 4, 6, 15]))
        wanted_s += rng.normal(0, rng.choice([0.3, 2.0]), len(wanted_s))
        rows = {int(np.argmin(np.abs(window._start_s - one_s))) for one_s in wanted_s}
        window._places.append(_Place(Line(number, "made up", 100.0, 0.0), np.array(sorted(rows))))
    tried: set[int] = set()
    while (best := _heaviest_by_trying_all(window, tried)) is not None:
        assert window._heaviest_run(tried) == best
        tried.add(best[0])
    assert window._heaviest_run(tried) is None


def test_of_places_with_the_same_votes_the_first_has_the_heaviest_run(window: _Window) -> None:
    copies = [replace(window._places[0].line, song_id=song_id) for song_id in (7, 8, 9)]
    window._places = [_Place(copy, window._places[0].rows) for copy in copies]
    best = window._heaviest_run(set())
    assert best is not None
    assert best[0] == 0
    again = window._heaviest_run({0})
    assert again == (1, *best[1:])


def test_votes_that_span_just_long_enough_are_a_run(window: _Window) -> None:
    window._places = [_Place(window._places[0].line, np.arange(6))]
    window._weight[:6], window._start_s[:6] = 1000.0, 104.0
    window._end_s[:6] = 104.0 + SHORTEST_S
    assert window._heaviest_run(set()) == (0, 104.0, 104.0 + SHORTEST_S)
    window._end_s[:6] -= 0.01
    assert window._heaviest_run(set()) is None


def test_where_nothing_is_heard_there_is_no_run(six_songs: Store) -> None:
    window = _window(np.zeros(10 * RATE_HZ, np.float32), six_songs)
    assert window._heaviest_run(set()) is None


def test_songs_are_told_by_the_seconds_of_their_votes_alone(
    window: _Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {one.match.song_name: one for one in window.songs_of_parts()}
    assert sorted(told) == ["song 0", "song 1"]
    assert (told["song 0"].start_s, told["song 0"].end_s) == pytest.approx((100, 105), abs=0.6)
    assert (told["song 1"].start_s, told["song 1"].end_s) == pytest.approx((105, 110), abs=0.6)
    assert list(window.songs_of_parts()) == []  # all is explained
    window._explained[:] = False
    recognised = window._recognised
    asked: list[int] = []

    def only_the_second(song_id: int, start_s: float, end_s: float) -> tuple[_Place, Match] | None:
        asked.append(song_id)
        return recognised(song_id, start_s, end_s) if song_id == 2 else None

    monkeypatch.setattr(window, "_recognised", only_the_second)
    assert [one.match.song_name for one in window.songs_of_parts()] == ["song 1"]
    assert sorted(asked) == [1, 2]  # what was not recognised is not tried again


@pytest.mark.parametrize("tempo", [0.98, 1.02])
def test_a_line_runs_at_the_tempo_that_its_votes_show(six_songs: Store, tempo: float) -> None:
    samples = stretch(part(3, 12, 10 * tempo), RATE_HZ, factor=tempo, n_out=10 * RATE_HZ)
    query = PROFILE.query.model_copy(update={"playback": PlaybackSearch()})
    profile = PROFILE.model_copy(update={"query": query})
    [found] = sightings(Signal(samples, RATE_HZ), 100.0, [], six_songs, profile)
    assert found.match.song_name == "song 3"
    assert found.line.tempo == pytest.approx(tempo, abs=0.003)
    assert found.line.song_at(105.0) == pytest.approx(12 + 5 * tempo, abs=0.1)


def test_seconds_are_recognised_with_a_margin_and_as_they_were_learned(
    window: _Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[Signal, Profile]] = []
    tried = [window._trace.n_hypotheses]

    def align_and_note(
        signal: Signal, store: Store, profile: Profile, *, n_before: int
    ) -> SearchTrace:
        asked.append((signal, profile))
        assert n_before == tried[-1]  # each part is one more hypothesis about the window
        trace = align(signal, store, profile, n_before=n_before)
        tried.append(trace.n_hypotheses)
        return trace

    monkeypatch.setattr(module, "align", align_and_note)
    searching = PROFILE.query.model_copy(update={"playback": PlaybackSearch()})
    window._profile = PROFILE.model_copy(update={"query": searching})
    hop = PROFILE.fingerprint.spectrogram.hop_length
    samples = window._signal.samples
    for song_id, start_s, end_s, song_s in ((1, 100.1, 104.5, 3.1), (2, 105.5, 110.0, 9.5)):
        found = window._recognised(song_id, start_s, end_s)
        assert found is not None
        place, match = found
        assert (match.song_id, place.line.song_id, match.accepted) == (song_id, song_id, True)
        assert place.line.song_at(start_s) == pytest.approx(song_s, abs=0.05)
        assert len(place.rows) >= FEWEST_VOTES
        first = max(0, round((start_s - MARGIN_S - 100) * RATE_HZ)) // hop * hop
        past = round((end_s + MARGIN_S - 100) * RATE_HZ)
        part_of_it, profile = asked.pop()
        np.testing.assert_array_equal(part_of_it.samples, samples[first:past])
        assert profile.query == PROFILE.query  # which searches no playback
        assert place.line.song_name == match.song_name
        assert window._recognised(3, start_s, end_s) is None
    assert tried == sorted(set(tried))


def test_rivals_are_the_lines_of_most_votes_at_the_peaks_of_a_song(six_songs: Store) -> None:
    near, far = Line(1, "near", 90.0, -7.0), Line(1, "far", 90.0, 20.0)
    samples = np.concatenate([part(0, 3, 5), part(1, 9, 5)])
    window = _window(samples, six_songs, followed=[near, far])
    [first, second] = [
        next(row for row, place in enumerate(window._places) if place.line.song_id == song_id)
        for song_id in (1, 2)
    ]
    told = {}
    for row in (first, second):
        place = window._places[row]
        match = next(m for m in window._trace.matches if m.song_id == place.line.song_id)
        free = place.rows[~window._explained[window._anchor[place.rows]]]
        run = heaviest_run(window._start_s[free], window._end_s[free], window._weight[free])
        found = told[row] = window._sighting(place, match)
        assert (found.start_s, found.end_s, found.match) == (*run, match)
        of_song = window._peaks_of(place, *run)
        expected = {}
        for other in (*window._places, *window._followed):
            rows = other.rows
            rows = rows[(window._start_s[rows] >= run[0]) & (window._end_s[rows] <= run[1])]
            weight = window._weight[rows]
            at_peaks = weight[of_song[window._anchor[rows]]].sum()
            if len(rows) and at_peaks >= EXPLAINED * weight.sum():
                expected[other.line] = pytest.approx(weight.sum())
        assert {rival.line: rival.weight for rival in found.rivals} == expected
        assert found.rivals[0].line == place.line
        lines = [rival.line for rival in found.rivals]
        assert [rival.n_peaks for rival in found.rivals] == window._peaks_heard(lines, *run)
        assert window._share_explained(place) > 0.9
    assert window._share_explained(window._places[first]) > 0.9  # still
    names = {rival.line.song_name for rival in told[first].rivals}
    assert "near" in names
    assert "far" not in names


def test_a_song_is_heard_in_the_seconds_of_the_line_that_most_votes_are_on(window: _Window) -> None:
    """A line that was recognised may run through two plays, and have the half of each."""
    place, match = window._places[0], window._trace.matches[0]
    other = next(one for one in window._places if one.line.song_id != place.line.song_id)
    through = replace(place.line, song_s=place.line.song_s + 9.0)
    rows = np.union1d(place.rows[::3], other.rows[::3])
    found = window._sighting(_Place(through, rows), match)
    assert found.line == place.line
    run = heaviest_run(*(of[place.rows] for of in (window._start_s, window._end_s, window._weight)))
    assert (found.start_s, found.end_s) == run
    assert window._share_explained(other) < EXPLAINED


def test_a_part_that_turns_out_to_be_where_few_votes_are_is_not_told(
    window: _Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, match = window._places[0], window._trace.matches[0]
    few = _Place(place.line, place.rows[:4])
    monkeypatch.setattr(window, "_recognised", lambda *_: (few, match))
    window._weight[few.rows] = window._least_weight / 4
    assert list(window.songs_of_parts()) == []
    window._weight[few.rows] *= 1.01
    assert len(list(window.songs_of_parts())) == 1


def test_a_place_of_which_just_half_is_explained_is_not_told(
    window: _Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    accepted = replace(window._trace.matches[0], confidence=1.0)
    window._trace = replace(window._trace, rows=window._trace.rows[:1], matches=(accepted,))
    monkeypatch.setattr(window, "_share_explained", lambda place: EXPLAINED)
    assert list(window.songs_of_the_whole()) == []
    assert window._heaviest_run(set()) is None
    monkeypatch.setattr(window, "_heaviest_run", lambda tried: (0, 100.0, 105.0))
    assert window._recognised(1, 100.0, 105.0) is not None
    assert list(window.songs_of_parts()) == []


def test_a_line_with_just_half_of_its_votes_at_the_peaks_of_a_song_is_a_rival(
    window: _Window,
) -> None:
    window._weight[:] = 1.0
    place, match = window._places[0], window._trace.matches[0]
    run = heaviest_run(*(of[place.rows] for of in (window._start_s, window._end_s, window._weight)))
    inside = (window._start_s >= run[0]) & (window._end_s <= run[1])
    at_peaks = window._peaks_of(place, *run)[window._anchor]
    of_song, of_none = np.flatnonzero(inside & at_peaks), np.flatnonzero(inside & ~at_peaks)
    half, less = Line(8, "half", 100.0, 0.0), Line(9, "less", 100.0, 0.0)
    window._followed = [
        _Place(half, np.concatenate([of_song[:3], of_none[:3]])),
        _Place(less, np.concatenate([of_song[:3], of_none[:4]])),
    ]
    window._peaks_heard = lambda lines, *run: [0.0] * len(lines)  # type: ignore[method-assign]
    found = [rival.line for rival in window._sighting(place, match).rivals]
    assert half in found
    assert less not in found


def test_nothing_left_of_a_place_is_as_good_as_explained() -> None:
    weight = np.array([1.0, 3.0])
    assert _share(weight, np.array([True, False])) == 0.25
    assert _share(weight[:0], np.zeros(0, np.bool_)) == 1.0
