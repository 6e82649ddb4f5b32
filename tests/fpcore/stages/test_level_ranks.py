"""Loudness at a song's peaks: ranks against their definition, and the score against chance."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from fpcore.records import Constellation, LevelRanks, Peaks, Playback
from fpcore.stages.level_ranks import level_ranks, rank_z_and_broadband_z
from tests.fpcore.synthetic import all_paired

N_TICKS, N_BINS, FIRST_BIN = 200, 120, 30


def _peaks(frame: np.ndarray, bin_: np.ndarray) -> Constellation:
    order = np.lexsort((bin_, frame))
    frame, bin_ = frame[order].astype(np.int32), bin_[order].astype(np.int32)
    return all_paired(Peaks.on_bins(frame, bin_, np.zeros(len(frame), np.float32)))


def rank_z(*alignment: Any) -> float:
    return rank_z_and_broadband_z(*alignment)[0]


def broadband_z(*alignment: Any) -> float:
    return rank_z_and_broadband_z(*alignment)[1]


def _ranked(*heights_db: np.ndarray) -> LevelRanks:
    """Return the ranks of a recording that is never silent."""
    sounding = [np.ones(len(one), np.bool_) for one in heights_db]
    return level_ranks(heights_db, sounding=sounding, first_bin=FIRST_BIN)


@settings(deadline=None, max_examples=60)
@given(
    hnp.arrays(
        np.float32,
        st.tuples(st.integers(1, 12), st.integers(1, 6)),
        elements=st.integers(0, 5).map(float),
    ),
    st.integers(1, 4),
)
def test_ranks_equal_their_definition(heights_db: np.ndarray, n_shifts: int) -> None:
    shifted = [np.ascontiguousarray(heights_db + np.float32(shift)) for shift in range(n_shifts)]
    got = _ranked(*shifted)
    ticks = np.stack(shifted, axis=1).reshape(-1, heights_db.shape[1])
    reach = max(1, n_shifts // 2)
    highest = ndimage.maximum_filter(ticks, size=(2 * reach + 1, 3), mode="nearest")
    for (i, j), rank in np.ndenumerate(got.rank):
        column = highest[:, j]
        below = (column < highest[i, j]).sum() + (column == highest[i, j]).sum() / 2
        assert int(rank) == min(255, int(256 * below / len(column)))
    assert got.first_bin == FIRST_BIN


def test_silence_changes_no_rank_and_peaks_within_it_do_not_count() -> None:
    rng = np.random.default_rng(8)
    music = [rng.normal(0, 6, (20, N_BINS)).astype(np.float32) for _ in range(2)]
    silence = np.full((10, N_BINS), -30, np.float32)
    sounding = np.repeat([False, True, False], [10, 20, 10])
    alone = _ranked(*music)
    between = level_ranks(
        [np.concatenate([silence, one, silence]) for one in music],
        sounding=[sounding, sounding],
        first_bin=FIRST_BIN,
    )
    np.testing.assert_array_equal(between.sounding, np.repeat(sounding, 2))
    np.testing.assert_array_equal(between.rank[between.sounding], alone.rank)
    frame = rng.integers(0, 60, 200)
    song = _peaks(frame, rng.integers(31, 149, 200))
    alike = rank_z_and_broadband_z(song, 45.0 - 20, between, 2)
    assert alike == rank_z_and_broadband_z(song, 45.0, alone, 2)


def test_a_song_that_begins_with_the_music_stands_out_by_its_own_peaks_alone() -> None:
    rng = np.random.default_rng(9)
    heights_db = rng.normal(0, 6, (N_TICKS, N_BINS)).astype(np.float32)
    heights_db[:100] = rng.normal(-9, 1, (100, N_BINS))  # hiss, then music
    at = np.sort(rng.integers(0, 100, 60))
    bins = rng.integers(31, 149, 60)
    stranger = rank_z(_peaks(at, bins), -100.0, _ranked(heights_db), 1)
    assert abs(stranger) < 2
    heights_db[100 + at, bins - FIRST_BIN] += 12
    assert rank_z(_peaks(at, bins), -100.0, _ranked(heights_db), 1) > 3
    longer = _peaks(np.concatenate([[-150], at, [150]]), np.concatenate([[40], bins, [40]]))
    assert rank_z(longer, -100.0, _ranked(heights_db), 1) > 9


def test_where_all_is_silent_there_is_no_evidence() -> None:
    silence = [np.zeros((N_TICKS, N_BINS), np.float32)]
    ranks = level_ranks(silence, sounding=[np.zeros(N_TICKS, np.bool_)], first_bin=FIRST_BIN)
    assert rank_z_and_broadband_z(_song(0), 0.0, ranks, 1) == (0.0, 0.0)


def test_a_recording_without_frames_has_no_ranks() -> None:
    nothing = _ranked(*[np.empty((0, N_BINS), np.float32)] * 2)
    assert nothing.rank.shape == (0, N_BINS)
    assert len(nothing.sounding) == 0
    song = _peaks(np.arange(10), np.full(10, 40))
    assert rank_z(song, 0.0, nothing, 2) == broadband_z(song, 0.0, nothing, 2) == 0.0


def test_ranks_of_a_part_know_where_in_the_recording_it_lies() -> None:
    rng = np.random.default_rng(2)
    heights_db = rng.normal(0, 6, (N_TICKS, N_BINS)).astype(np.float32)
    heard = [np.ones(N_TICKS, np.bool_)]
    assert _ranked(heights_db).first_tick == 0
    part = level_ranks([heights_db], sounding=heard, first_bin=FIRST_BIN, first_tick=1000)
    assert (part.first_bin, part.first_tick) == (FIRST_BIN, 1000)


def _noise_with(song: Peaks, offset_frames: int, lift_db: float, seed: int) -> LevelRanks:
    """Return the ranks of noise that is louder where the song's peaks lie."""
    rng = np.random.default_rng(seed)
    heights_db = rng.normal(0, 6, (N_TICKS, N_BINS)).astype(np.float32)
    inside = (song.frame >= offset_frames) & (song.frame < offset_frames + N_TICKS)
    heights_db[song.frame[inside] - offset_frames, song.bin[inside] - FIRST_BIN] += lift_db
    return _ranked(heights_db)


def _song(seed: int) -> Peaks:
    rng = np.random.default_rng(seed)
    return _peaks(rng.integers(0, 3 * N_TICKS, 300), rng.integers(31, 149, 300))


def test_at_a_wrong_place_the_prominence_is_a_standard_normal_number() -> None:
    ranks = [_noise_with(_song(seed), 100, 0.0, seed=1000 + seed) for seed in range(8)]
    found = [
        rank_z(_song(other), float(offset), ranks[seed], 1)
        for seed in range(8)
        for other in (seed, seed + 50)
        for offset in range(0, 2 * N_TICKS, 20)
    ]
    # 320 draws, of which those at near offsets have peaks in common.
    assert np.mean(found) == pytest.approx(0, abs=0.2)
    assert np.std(found) == pytest.approx(1, abs=0.15)


def test_peaks_that_noise_hides_still_stand_out_at_their_place() -> None:
    song = _song(3)
    ranks = _noise_with(song, 100, 12.0, seed=7)
    right = rank_z(song, 100.0, ranks, 1)
    wrong = [rank_z(song, float(at), ranks, 1) for at in range(0, 400, 7) if abs(at - 100) > 3]
    assert right > 5
    assert max(wrong) < 4


def test_a_song_at_another_speed_stands_out_at_that_speed_alone() -> None:
    played = Playback(1.05, 1.05)
    song = _song(4)
    heard = _peaks(
        np.rint(song.frame / played.tempo).astype(int), np.rint(song.bin * played.pitch).astype(int)
    )
    inside = (heard.bin >= FIRST_BIN) & (heard.bin < FIRST_BIN + N_BINS)
    ranks = _noise_with(_peaks(heard.frame[inside], heard.bin[inside]), 0, 12.0, seed=9)
    assert rank_z(song, 0.0, ranks, 1, played) > 6
    assert rank_z(song, 0.0, ranks, 1) < 4


def test_peaks_outside_the_recording_do_not_count() -> None:
    ranks = LevelRanks(np.full((10, 5), 255, np.uint8), np.ones(10, np.bool_), FIRST_BIN)
    outside = _peaks(np.array([-3, 12, 4, 4]), np.array([31, 31, 29, 35]))
    assert rank_z(outside, 0.0, ranks, 1) == broadband_z(outside, 0.0, ranks, 1) == 0.0
    inside = _peaks(np.array([-3, 12, 4]), np.array([31, 31, 31]))
    highest = pytest.approx((255.5 / 256 - 0.5) * np.sqrt(12))
    assert rank_z(inside, 0.0, ranks, 1) == broadband_z(inside, 0.0, ranks, 1) == highest


def test_the_rhythm_is_the_mean_rank_of_whole_frames_at_the_times_of_the_peaks() -> None:
    rng = np.random.default_rng(5)
    ranks = LevelRanks(rng.integers(0, 256, (40, 9), np.uint8), np.ones(40, np.bool_), FIRST_BIN)
    song = _peaks(rng.integers(0, 60, 30), rng.integers(FIRST_BIN, FIRST_BIN + 9, 30))
    played = Playback(1.0, 1.1)
    at = [round(2 * frame - 15) / played.tempo for frame in song.frame.tolist()]
    inside = [round(tick) for tick in at if 0 <= round(tick) < 40]
    mean = np.mean([(ranks.rank[tick] + 0.5).mean() / 256 for tick in inside])
    expected = (mean - 0.5) * np.sqrt(12 * len(inside))
    assert broadband_z(song, 15.0, ranks, 2, played) == pytest.approx(expected)


def test_another_song_of_the_same_beat_stands_out_by_its_rhythm_alone() -> None:
    rng = np.random.default_rng(6)
    beats = np.arange(0, N_TICKS, 10)
    heights_db = rng.normal(0, 6, (N_TICKS, N_BINS)).astype(np.float32)
    heights_db[beats] += 12  # a drum: loud at every frequency
    ranks = _ranked(heights_db)
    other = _peaks(np.repeat(beats, 3), rng.integers(31, 149, 3 * len(beats)))
    on_the_beat = rank_z(other, 0.0, ranks, 1)
    assert on_the_beat > 5
    assert broadband_z(other, 0.0, ranks, 1) == pytest.approx(on_the_beat, abs=1.0)
    song = _song(3)
    at_its_place = _noise_with(song, 100, 12.0, seed=7)
    assert abs(broadband_z(song, 100.0, at_its_place, 1)) < 1 < rank_z(song, 100.0, at_its_place, 1)
