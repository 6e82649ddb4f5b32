"""Long recordings: windows of a stream, and the songs of a mix with their times."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from fpcore import pipeline
from fpcore.config import Decision, PlaybackSearch, Profile
from fpcore.records import Appearance, Signal
from fpcore.search.passes import align
from fpcore.search.scan import STEP_S, WINDOW_S, scan, windows
from fpcore.stages import matching
from fpcore.stages.hashing import unpack
from fpcore.store import NewSong, Store
from tests.fpcore import synthetic
from tests.fpcore.indexed import (
    PROFILE,
    RATE_HZ,
    SONG_S,
    UNKNOWN,
    filled,
    part,
    silence,
    song,
)

TOLERANCE_S = 2.0
"""How far the ends of an appearance may be off, by the project's own promise."""

SLOW_HZ = 10
"""Samples a second in the tests of windows, which look at numbers only."""

Samples = NDArray[np.float32]


def _scanned(parts: list[Samples], store: Store, profile: Profile = PROFILE) -> list[Appearance]:
    blocks = synthetic.blocks(np.concatenate(parts), [65536])
    return list(scan(blocks, store, profile))


def _assert_heard(found: list[Appearance], expected: list[tuple[str, float, float]]) -> None:
    assert [one.song_name for one in found] == [name for name, _, _ in expected]
    for one, (_, start_s, end_s) in zip(found, expected, strict=True):
        assert one.start_s == pytest.approx(start_s, abs=TOLERANCE_S)
        assert one.end_s == pytest.approx(end_s, abs=TOLERANCE_S)
        assert 0 < one.confidence <= 1


# Windows


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 400), st.lists(st.sampled_from([0, 1, 7, 50, 100, 101]), min_size=1))
@example(n_samples=1, lengths=[1])
@example(n_samples=150, lengths=[50])  # ends together with a window
def test_windows_are_the_same_however_the_stream_is_cut(n_samples: int, lengths: list[int]) -> None:
    samples = np.arange(n_samples, dtype=np.float32)
    got = list(windows(synthetic.blocks(samples, [*lengths, 33]), SLOW_HZ))
    length, step = round(WINDOW_S * SLOW_HZ), round(STEP_S * SLOW_HZ)
    starts = [start for start in range(0, n_samples, step) if start + length <= n_samples]
    if not starts or starts[-1] + length < n_samples:
        starts += [starts[-1] + step] if starts else [0] if n_samples else []
    assert [start_s for start_s, _ in got] == [start / SLOW_HZ for start in starts]
    for start, (_, signal) in zip(starts, got, strict=True):
        np.testing.assert_array_equal(signal.samples, samples[start : start + length])
        assert signal.sample_rate_hz == SLOW_HZ


def test_a_window_is_given_before_more_of_the_stream_is_read() -> None:
    n_read = 0

    def stream() -> Iterator[Samples]:
        nonlocal n_read
        for _ in range(100):
            n_read += 1
            yield np.zeros(round(WINDOW_S * SLOW_HZ), np.float32)

    found = windows(stream(), SLOW_HZ)
    for number in range(1, 20):
        next(found)
        assert n_read <= number


# Songs


def test_the_songs_of_a_mix_are_found_with_their_times(six_songs: Store) -> None:
    lengths_s = [17.3, 11.0, 23.7, 14.2, 20.0, 12.9]
    parts, expected, now_s = [], [], 0.0
    for index, length_s in enumerate(lengths_s):
        parts.append(part(index, 4.1 + index, length_s))
        expected.append((f"song {index}", now_s, now_s + length_s))
        now_s += length_s
    found = _scanned(parts, six_songs)
    _assert_heard(found, expected)
    for index, one in enumerate(found):
        late_s = one.start_s - expected[index][1]
        assert one.song_offset_s == pytest.approx(4.1 + index + late_s, abs=0.05)


def test_gaps_and_unknown_music_belong_to_no_song(six_songs: Store) -> None:
    found = _scanned(
        [
            silence(12.4),
            part(0, 5, 18),
            silence(13.1),
            part(1, 2, 16),
            part(UNKNOWN, 0, 22),
            part(2, 9, 15),
            silence(25),
        ],
        six_songs,
    )
    _assert_heard(found, [("song 0", 12.4, 30.4), ("song 1", 43.5, 59.5), ("song 2", 81.5, 96.5)])


def test_a_song_that_comes_again_is_heard_again(six_songs: Store) -> None:
    again = [part(3, 5, 15), part(4, 0, 15), part(3, 20, 15), silence(20), part(3, 1, 15)]
    found = _scanned(again, six_songs)
    _assert_heard(
        found,
        [("song 3", 0, 15), ("song 4", 15, 30), ("song 3", 30, 45), ("song 3", 65, 80)],
    )
    assert [one.song_offset_s for one in found] == pytest.approx([5, 0, 20, 1], abs=1)


def test_a_song_that_jumps_is_heard_on(six_songs: Store) -> None:
    found = _scanned([part(5, 2, 17), part(5, 22, 14)], six_songs)
    _assert_heard(found, [("song 5", 0, 31)])
    assert found[0].song_offset_s == pytest.approx(2 + found[0].start_s, abs=0.05)


def test_a_hole_of_one_window_does_not_break_a_song(six_songs: Store) -> None:
    found = _scanned([part(5, 2, 17), silence(6), part(5, 25, 15)], six_songs)
    _assert_heard(found, [("song 5", 0, 38)])


@pytest.mark.parametrize("length_s", [3.0, 6.0, 9.99, 10.0, 10.01, 14.9, SONG_S])
def test_a_recording_of_any_length_is_one_appearance(six_songs: Store, length_s: float) -> None:
    samples = part(2, 0 if length_s == SONG_S else 2, length_s)
    _assert_heard(_scanned([samples], six_songs), [("song 2", 0, length_s)])


@pytest.mark.parametrize(
    "samples",
    [
        lambda: silence(0),
        lambda: silence(1 / RATE_HZ),
        lambda: silence(40),
        lambda: part(UNKNOWN, 0, 30),
    ],
    ids=["nothing", "one sample", "silence", "unknown music"],
)
def test_without_a_song_nothing_is_heard(six_songs: Store, samples: Callable[[], Samples]) -> None:
    assert _scanned([samples()], six_songs) == []


def test_what_is_heard_does_not_depend_on_how_the_stream_is_cut(six_songs: Store) -> None:
    mix = np.concatenate([part(0, 3, 16), part(1, 3, 16)])
    whole = list(scan([mix], six_songs, PROFILE))
    assert len(whole) == 2
    for lengths in ([4410], [100_001, 3, 0], [220_500]):
        assert list(scan(synthetic.blocks(mix, lengths), six_songs, PROFILE)) == whole


def test_a_song_is_yielded_before_the_recording_ends(six_songs: Store) -> None:
    parts = iter([part(0, 3, 16), part(1, 3, 16), part(2, 3, 16), silence(60)])
    first = next(scan(parts, six_songs, PROFILE))
    assert first.song_name == "song 0"
    assert len(list(parts)) == 2


def test_a_song_that_plays_on_holds_no_other_back(six_songs: Store) -> None:
    both = part(0, 1, 38).copy()
    both[5 * RATE_HZ : 13 * RATE_HZ] += part(1, 3, 8)
    parts = iter([both[: 30 * RATE_HZ], both[30 * RATE_HZ :]])
    assert next(scan(parts, six_songs, PROFILE)).song_name == "song 1"
    assert len(list(parts)) == 1


# Programmes

LENIENT = PROFILE.model_copy(
    update={"decision": PROFILE.decision.model_copy(update={"intercept": -16.0})}
)
"""A profile under which each of the short pieces below is recognised by itself."""


@pytest.mark.parametrize("length_s", [4.0, 5.0])
def test_each_of_many_short_pieces_in_a_row_is_heard(six_songs: Store, length_s: float) -> None:
    items = [(number % 5, 3.7 + 2.9 * (number // 5)) for number in range(20)]
    pieces = [part(index, start_s, length_s) for index, start_s in items]
    found = _scanned(pieces, six_songs, LENIENT)
    begins = [number * length_s for number in range(20)]
    names = [f"song {index}" for index, _ in items]
    _assert_heard(
        found, [(name, at, at + length_s) for name, at in zip(names, begins, strict=True)]
    )


@pytest.mark.parametrize("gap_s", [0.0, 2.0, 9.0])
@pytest.mark.parametrize("length_s", [5.0, 20.0])
def test_each_play_of_a_spot_is_an_appearance(
    six_songs: Store, length_s: float, gap_s: float
) -> None:
    spot = part(4, 6, length_s)
    found = _scanned([spot, silence(gap_s)] * 4, six_songs)
    begins = [number * (length_s + gap_s) for number in range(4)]
    _assert_heard(found, [("song 4", at, at + length_s) for at in begins])
    assert [one.song_offset_s for one in found] == pytest.approx([6] * 4, abs=0.5)


def test_two_songs_at_once_are_both_heard(six_songs: Store) -> None:
    both = part(0, 3, 20) + part(1, 8, 20)
    found = _scanned([silence(5), both, silence(5)], six_songs, LENIENT)
    found.sort(key=lambda one: one.song_name)
    _assert_heard(found, [("song 0", 5, 25), ("song 1", 5, 25)])


def test_songs_that_fade_into_one_another_are_heard_with_their_times(six_songs: Store) -> None:
    length_s, fade_s = 15.0, 4.0
    rising = np.linspace(0, 1, round(fade_s * RATE_HZ), dtype=np.float32)
    mix = silence(3 * (length_s - fade_s) + fade_s)
    for index in range(3):
        one = part(index, 3, length_s).copy()
        one[: len(rising)] *= rising
        one[-len(rising) :] *= rising[::-1]
        start = round(index * (length_s - fade_s) * RATE_HZ)
        mix[start : start + len(one)] += one
    begins = [index * (length_s - fade_s) + fade_s / 2 for index in range(3)]
    _assert_heard(
        _scanned([mix], six_songs),
        [(f"song {index}", at, at + length_s - fade_s) for index, at in enumerate(begins)],
    )


def test_unknown_music_belongs_to_no_song_where_short_pieces_are_heard(six_songs: Store) -> None:
    assert _scanned([part(UNKNOWN, 0, SONG_S)], six_songs, LENIENT) == []


@pytest.fixture(scope="module")
def songs_and_copies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Three songs, each with a coarse copy, a remaster and an edit."""
    store = filled(tmp_path_factory.mktemp("copies") / "songs.db", n_songs=3)
    with store:
        for index in range(3):
            for kind, samples in _copies(song(index)).items():
                found = pipeline.fingerprint([samples], PROFILE.fingerprint)
                new = NewSong(f"song {index}, {kind}", f"{kind} {index}", found.duration_s)
                store.add_song(new, found.hashes, found.constellation)
        yield store


def _copies(samples: Samples) -> dict[str, Samples]:
    """Return a song in 6 bits and 7 ms late; with more treble, and limited; and shortened."""
    coarse = np.round(samples * 32) / 32
    treble = np.diff(samples, prepend=np.float32(0))
    middle = round(15 * RATE_HZ)
    return {
        "coarse": np.concatenate([silence(0.007), coarse]).astype(np.float32),
        "remaster": np.tanh(3 * (samples + treble)).astype(np.float32),
        "edit": np.concatenate([samples[:middle], samples[middle + round(7.3 * RATE_HZ) :]]),
    }


def test_one_play_among_near_copies_is_one_appearance(songs_and_copies: Store) -> None:
    plays = [part(0, 2, 30), part(UNKNOWN, 0, 12), part(1, 5, 8), part(2, 1, 35)]
    found = _scanned(plays, songs_and_copies)
    assert [one.song_name.split(",")[0] for one in found] == ["song 0", "song 1", "song 2"]
    heard_s = [(one.start_s, one.end_s) for one in found]
    np.testing.assert_allclose(heard_s, [(0, 30), (42, 50), (50, 85)], atol=TOLERANCE_S)


def test_an_edit_that_is_played_whole_is_told_from_the_song(songs_and_copies: Store) -> None:
    edited = _copies(song(1))["edit"]
    _assert_heard(_scanned([edited], songs_and_copies), [("song 1, edit", 0, 32.7)])


def test_the_span_is_of_the_line_that_is_told_though_another_song_weighs_more(
    six_songs: Store,
) -> None:
    contrary = Decision(intercept=0.0, weights={"log_votes": -1.0}, threshold=0.0)
    profile = PROFILE.model_copy(update={"decision": contrary})
    samples = part(0, 3, WINDOW_S)
    chosen = align(Signal(samples, RATE_HZ), six_songs, profile)
    name = chosen.matches[0].song_name
    assert name != "song 0"
    (found,) = (one for one in _scanned([samples], six_songs, profile) if one.song_name == name)
    ticks_per_frame = chosen.query.hashes.ticks_per_frame
    votes = matching.hits_at_offset(
        chosen.hits,
        found.song_id,
        (found.song_offset_s - found.start_s) * ticks_per_frame / PROFILE.fingerprint.hop_s,
        profile.query.width_ticks(ticks_per_frame),
    )
    rows = chosen.hits.row[votes]
    anchor = chosen.query.hashes.tick[rows]
    _, _, delta_frames = unpack(chosen.query.hashes.token[rows], profile.fingerprint)
    heard = np.concatenate([anchor, anchor + delta_frames * ticks_per_frame])
    heard_s = heard * (profile.fingerprint.hop_s / ticks_per_frame)
    assert heard_s.min() <= found.start_s <= found.end_s <= heard_s.max()
    assert found.start_s in heard_s
    assert found.end_s in heard_s


def test_offsets_without_tolerance_still_give_a_span(six_songs: Store) -> None:
    query_config = PROFILE.query.model_copy(update={"offset_tolerance_frames": 0.0})
    profile = PROFILE.model_copy(update={"query": query_config})
    # Cut at a whole frame all votes are at one offset; between two they are at either of them.
    hop_s = PROFILE.fingerprint.hop_s
    _assert_heard(_scanned([part(1, 100 * hop_s, 12)], six_songs, profile), [("song 1", 0, 12)])
    _assert_heard(_scanned([part(1, 100.3 * hop_s, 12)], six_songs, profile), [("song 1", 0, 12)])


@pytest.mark.parametrize("speed", [0.95, 1.05])
def test_times_are_those_of_the_recording_also_at_another_speed(
    six_songs: Store, speed: float
) -> None:
    """A window of ten seconds holds 9.5 or 10.5 of the song: half a second tells which is told."""
    query_config = PROFILE.query.model_copy(update={"playback": PlaybackSearch()})
    profile = PROFILE.model_copy(update={"query": query_config})
    before_s, song_s, start_s = 4.0, 12.0, 6.0
    song = part(3, start_s, song_s * speed + 1)
    at = np.arange(round(song_s * RATE_HZ)) * speed
    played = np.interp(at, np.arange(len(song)), song).astype(np.float32)
    (found,) = _scanned([silence(before_s), played], six_songs, profile)
    assert found.playback.tempo == pytest.approx(speed, abs=0.002)
    # A dense stretch of votes begins and ends within a few notes of the song's ends.
    assert before_s - 0.05 <= found.start_s <= before_s + 0.4
    assert before_s + song_s - 0.4 <= found.end_s <= before_s + song_s + 0.05
    in_song_s = start_s + (found.start_s - before_s) * speed
    assert found.song_offset_s == pytest.approx(in_song_s, abs=0.06)
