from __future__ import annotations

import numpy as np
import pytest

from experiments.degradations.wsola import stretch
from fpcore import pipeline
from fpcore.config import PlaybackSearch, Profile
from fpcore.kernels import playing
from fpcore.records import AS_LEARNED, Playback, Signal
from fpcore.search import playback
from fpcore.search.passes import align, passes
from fpcore.stages import hashing
from fpcore.stages.landmarks import pairs
from fpcore.store import Store
from tests.fpcore import indexed
from tests.fpcore.indexed import PROFILE, RATE_HZ
from tests.fpcore.synthetic import LEAN

SEARCH = PlaybackSearch()
SEARCHING = PROFILE.model_copy(
    update={"query": PROFILE.query.model_copy(update={"playback": SEARCH})}
)


def _resampled(index: int, start_s: float, duration_s: float, speed: float) -> Signal:
    """Return what a part of a song sounds like ``speed`` times as fast."""
    samples = indexed.part(index, start_s, duration_s * speed)
    at = np.arange(round(duration_s * RATE_HZ)) * speed
    return Signal(np.interp(at, np.arange(len(samples)), samples).astype(np.float32), RATE_HZ)


# The grid


def test_each_kind_goes_up_to_its_change_both_ways() -> None:
    search = PlaybackSearch(
        max_speed_change=0.02,
        max_pitch_change=0.01,
        max_tempo_change=0.07,
        step=0.01,
        tempo_step=0.05,
    )
    speed, pitch, tempo = playback.playbacks(search)
    assert [(one.pitch, one.tempo) for one in speed] == [
        pytest.approx((factor, factor)) for factor in (0.98, 0.99, 1.01, 1.02)
    ]
    assert [(one.pitch, one.tempo) for one in pitch] == [(0.99, 1.0), (1.01, 1.0)]
    assert [(one.pitch, one.tempo) for one in tempo] == [(1.0, 0.95), (1.0, 1.05)]
    assert playback.n_playbacks(search) == 8
    without = search.model_copy(update={"max_tempo_change": 0.0})
    assert playback.playbacks(without)[2] == []
    assert playback.n_playbacks(without) == 6
    assert playback.n_playbacks(None) == 0


# Moving peaks


def test_a_recording_as_learned_keeps_its_hashes() -> None:
    query = pipeline.query(indexed.excerpt(0, 3.0, 6.0), LEAN, PROFILE.query)
    same = playback.restored(query, AS_LEARNED, LEAN, PROFILE.query)
    assert _hashes(same) == _hashes(query)


def _hashes(query: pipeline.QueryFingerprint) -> set[tuple[int, ...]]:
    columns = (query.hashes.token, query.hashes.tick)
    return set(zip(*(column.tolist() for column in columns), strict=True))


@pytest.mark.parametrize("tried", [Playback(1.03, 1.03), Playback(0.95, 1.0), Playback(1.0, 1.06)])
def test_moved_pairs_are_those_of_moved_peaks(tried: Playback) -> None:
    query = pipeline.query(indexed.excerpt(1, 5.0, 6.0), LEAN, PROFILE.query)
    found = query.peaks[0]
    made = pairs(found, LEAN, 5)
    hashes = playback.moved(found, made, [tried], 2, LEAN, shift=1)
    [token], [tick] = hashes.token, hashes.tick
    n_outside = 0
    for k, (i, j) in enumerate(zip(made.anchor.tolist(), made.target.tolist(), strict=True)):
        f1, f2 = (
            round((int(found.bin[p]) + float(found.fraction[p])) / tried.pitch) for p in (i, j)
        )
        delta = round(int(found.frame[j] - found.frame[i]) * tried.tempo)
        last_bin = LEAN.first_bin + LEAN.n_bins - 1
        if (
            min(f1, f2) < LEAN.first_bin
            or max(f1, f2) > last_bin
            or abs(f1 - f2) > LEAN.max_delta_bins
            or not LEAN.min_delta_frames <= delta <= LEAN.max_delta_frames
        ):
            n_outside += 1
            assert token[k] == playing.OUTSIDE
            continue
        triple = (np.array([value], np.int64) for value in (f1, f2, delta))
        assert token[k] == hashing.pack(*triple, LEAN)[0]
        assert tick[k] == round((int(found.frame[i]) * 2 + 1) * tried.tempo)
    assert n_outside < len(token) / 4


def test_restored_hashes_repeat_no_token_at_a_tick() -> None:
    query = pipeline.query(indexed.excerpt(2, 0.0, 10.0), LEAN, PROFILE.query)
    hashes = playback.restored(query, Playback(0.95, 0.95), LEAN, PROFILE.query).hashes
    rows = np.stack([hashes.token, hashes.tick.astype(np.int64)])
    assert np.unique(rows, axis=1).shape == rows.shape
    assert len(hashes) > 100


# The search


@pytest.mark.parametrize("speed", [0.95, 0.98, 1.02, 1.05])
def test_another_speed_is_recognised_and_told(six_songs: Store, speed: float) -> None:
    heard = _resampled(3, 12.0, 8.0, speed)
    assert align(heard, six_songs, PROFILE).recognition.match is None
    match = align(heard, six_songs, SEARCHING).recognition.match
    assert match is not None
    assert match.song_name == "song 3"
    assert match.offset_s == pytest.approx(12.0, abs=0.05)
    assert match.playback.pitch == match.playback.tempo == pytest.approx(speed, abs=0.006)


@pytest.mark.parametrize("tempo", [0.975, 0.98, 0.985, 1.02])
def test_another_tempo_that_a_first_look_bears_is_told_too(six_songs: Store, tempo: float) -> None:
    duration_s, start_s = 10.0, 12.0
    heard = Signal(
        stretch(
            indexed.part(3, start_s, duration_s * tempo),
            RATE_HZ,
            factor=tempo,
            n_out=round(duration_s * RATE_HZ),
        ),
        RATE_HZ,
    )
    as_learned = align(heard, six_songs, PROFILE).recognition.match
    assert as_learned is not None
    assert abs(as_learned.offset_s - start_s) > 0.05
    found = align(heard, six_songs, SEARCHING)
    match = found.recognition.match
    assert match is not None
    assert (match.song_name, match.playback.pitch) == ("song 3", 1.0)
    assert match.playback.tempo == pytest.approx(tempo, abs=0.003)
    assert match.offset_s == pytest.approx(start_s, abs=0.05)
    assert match.probability > as_learned.probability
    assert match.votes > as_learned.votes
    assert found.pass_name == "tempo"


@pytest.mark.parametrize(
    ("found", "faster", "told"),
    [
        (AS_LEARNED, 1.01, [(1.01, 1.01), (1.0, 1.01)]),
        (Playback(0.98, 1.0), 0.9787, [(0.9787, 0.9787)]),  # as far as the grid tells
        (Playback(0.98, 1.0), 0.99, [(0.98, 0.99)]),
        (Playback(1.02, 1.02), 1.001, [(1.02102, 1.02102)]),
        (Playback(1.0, 1.05), 1.05, []),  # beyond what the profile asks for
    ],
)
def test_a_tempo_may_be_that_of_another_speed(
    found: Playback, faster: float, told: list[tuple[float, float]]
) -> None:
    tried = playback.at_tempo(found, faster, SEARCH)
    assert [(one.pitch, one.tempo) for one in tried] == [pytest.approx(one) for one in told]


def test_what_is_not_searched_for_is_not_told() -> None:
    of_tempo = SEARCH.model_copy(update={"max_speed_change": 0.0})
    assert playback.at_tempo(AS_LEARNED, 1.03, of_tempo) == [Playback(1.0, 1.03)]
    of_speed = SEARCH.model_copy(update={"max_tempo_change": 0.0})
    assert playback.at_tempo(AS_LEARNED, 1.03, of_speed) == [Playback(1.03, 1.03)]


def test_another_speed_that_a_first_look_bears_is_told_as_one(six_songs: Store) -> None:
    heard = _resampled(1, 12.0, 15.0, 1.004)
    borne = align(heard, six_songs, _lenient(PROFILE)).recognition.match
    assert borne is not None
    found = align(heard, six_songs, _lenient(SEARCHING))
    match = found.recognition.match
    assert match is not None
    assert found.pass_name == "tempo"
    assert match.playback.pitch == match.playback.tempo == pytest.approx(1.004, abs=0.001)
    assert match.offset_s == pytest.approx(12.0, abs=0.01)
    assert match.votes > 10 * borne.votes


def _lenient(profile: Profile) -> Profile:
    decision = profile.decision.model_copy(update={"threshold": 0.001})
    return profile.model_copy(update={"decision": decision})


@pytest.mark.parametrize(
    "update",
    [{"step": 0.1}, {"max_speed_change": 0.0, "max_pitch_change": 0.0, "max_tempo_change": 0.0}],
)
def test_a_search_without_playbacks_finds_none(six_songs: Store, update: dict[str, float]) -> None:
    search = SEARCH.model_copy(update=update)
    query = pipeline.query(indexed.excerpt(indexed.UNKNOWN, 3.0, 8.0), LEAN, SEARCHING.query)
    assert playback.likeliest(query, six_songs, LEAN, search) == []


@pytest.mark.parametrize("tolerance", [0.0, 0.2])
def test_the_tempo_is_looked_at_under_any_tolerance(six_songs: Store, tolerance: float) -> None:
    asked = SEARCHING.query.model_copy(update={"offset_tolerance_frames": tolerance})
    profile = SEARCHING.model_copy(update={"query": asked})
    match = align(indexed.excerpt(2, 10.0, 8.0), six_songs, profile).recognition.match
    assert match is not None
    assert match.playback == AS_LEARNED


def test_what_is_recognised_as_it_is_is_not_searched_for(six_songs: Store) -> None:
    found = align(indexed.excerpt(3, 12.0, 8.0), six_songs, SEARCHING)
    assert found.recognition.match is not None
    assert found.recognition.match.playback == AS_LEARNED


def test_other_playbacks_count_as_trials(six_songs: Store) -> None:
    query = pipeline.query(indexed.excerpt(indexed.UNKNOWN, 3.0, 8.0), LEAN, SEARCHING.query)
    [first], *others = passes([query], six_songs, SEARCHING)
    assert (first.pass_name, first.evidence["log_hypotheses"][0]) == ("first", 0.0)
    assert 1 <= len(others) <= SEARCH.n_close
    for [other] in others:
        assert other.pass_name == "playback"
        n_tried = 1 + playback.n_playbacks(SEARCH)
        assert other.evidence["log_hypotheses"][0] == pytest.approx(np.log(n_tried))


def test_only_what_weighs_more_than_chance_is_looked_at_closely(six_songs: Store) -> None:
    query = pipeline.query(_resampled(3, 12.0, 8.0, 1.05), LEAN, SEARCHING.query)
    # So dense that most playbacks have some weight even among six songs.
    coarse = {"step": 0.005, "tempo_step": 0.005, "n_close": 100}
    dense = SEARCH.model_copy(update={"max_peaks_per_s": 60.0, "fan_out": 30, **coarse})
    tried = [one for kind in playback.playbacks(dense) for one in kind]
    weight = playback.coarse_pass(query.peaks[0], tried, six_songs, LEAN, dense)
    chance = float(np.median(weight))
    chosen = []
    for contrast in (0.0, 1.5, 0.99 * float(weight.max()) / chance, 1e9):
        search = dense.model_copy(update={"min_contrast": contrast})
        chosen.append(playback.likeliest(query, six_songs, LEAN, search))
        of_chosen = [weight[tried.index(one)] for one in chosen[-1]]
        assert of_chosen == sorted(of_chosen, reverse=True)
        assert all(one >= contrast * chance for one in of_chosen)
    every, some, best, none = chosen
    assert len(every) > len(some) >= len(best) == 1
    assert some == every[: len(some)]
    assert best[0].pitch == best[0].tempo == pytest.approx(1.05)
    assert none == []


def test_silence_is_looked_at_once(six_songs: Store) -> None:
    silence = pipeline.query(Signal(indexed.silence(5.0), RATE_HZ), LEAN, SEARCHING.query)
    [[only]] = passes([silence], six_songs, SEARCHING)
    assert only.matches == ()
