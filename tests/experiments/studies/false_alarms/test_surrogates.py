"""Surrogates are passages of real songs: moved, in another order, and nothing else."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from experiments.studies.false_alarms.surrogates import (
    MAX_PASSAGE_S,
    MAX_TRANSPOSITION_BINS,
    MIN_PASSAGE_S,
    surrogate,
    surrogate_songs,
)
from fpcore.profiles import load_profile
from fpcore.records import Constellation, Peaks
from fpcore.stages import hashing
from fpcore.stages.landmarks import landmarks
from fpcore.store import Entry

CONFIG = load_profile("balanced").fingerprint
DURATIONS_S = (40.0, 25.0, 3.0)
LAST_BIN = CONFIG.first_bin + CONFIG.n_bins - 1


def constellation(number: int, duration_s: float) -> Constellation:
    """Return ten random peaks a second; each level in them is of one peak of one song alone.

    Every other one is paired.
    """
    rng = np.random.default_rng(number)
    n, n_frames = round(10 * duration_s), round(duration_s / CONFIG.hop_s)
    place = np.sort(rng.choice(n_frames * CONFIG.n_bins, n, replace=False))
    frame, bin_ = np.divmod(place, CONFIG.n_bins)
    levels = np.arange(n, dtype=np.float32) + 1000 * number
    bins = (bin_ + CONFIG.first_bin).astype(np.int32)
    fraction, paired = np.zeros(n, np.float32), np.arange(n) % 2 == 0
    return Constellation(frame.astype(np.int32), bins, levels, fraction, paired)


SONGS = [constellation(number, duration_s) for number, duration_s in enumerate(DURATIONS_S)]


def some(n_songs: int, seed: int = 1) -> list[Entry]:
    songs = surrogate_songs(SONGS, DURATIONS_S, CONFIG, np.random.default_rng(seed))
    return list(itertools.islice(songs, n_songs))


def moves(peaks: Peaks) -> np.ndarray:
    """Return song, frames and bins moved, and the new frame, of each peak; int64 (n, 4)."""
    rows = []
    for frame, bin_, level in zip(peaks.frame, peaks.bin, peaks.level_db, strict=True):
        number, row = divmod(int(level), 1000)
        song = SONGS[number]
        rows.append((number, frame - song.frame[row], bin_ - song.bin[row], frame))
    return np.array(rows)


def test_a_surrogate_is_made_of_transposed_passages() -> None:
    n_frames = np.array([round(duration_s / CONFIG.hop_s) for duration_s in DURATIONS_S])
    made = surrogate(SONGS, n_frames, 5000, CONFIG, np.random.default_rng(0))
    moved = moves(made)
    assert np.abs(moved[:, 2]).min() > 0
    assert np.abs(moved[:, 2]).max() <= MAX_TRANSPOSITION_BINS
    assert moved[:, 2].min() < 0 < moved[:, 2].max()
    starts = np.flatnonzero(np.any(np.diff(moved[:, :3], axis=0) != 0, axis=1)) + 1
    passages = np.split(moved, starts)
    # Five thousand frames are 232 s, and passages of the long songs last 5 to 15 s.
    assert 232 / MAX_PASSAGE_S < len(passages) < 2 * 232 / MIN_PASSAGE_S
    assert {int(passage[0, 0]) for passage in passages} >= {0, 1}
    longest = max(np.ptp(passage[:, 3]) for passage in passages)
    assert longest * CONFIG.hop_s < MAX_PASSAGE_S + CONFIG.hop_s
    for before, after in itertools.pairwise(passages):
        assert before[-1, 3] <= after[0, 3]


def test_peaks_stay_in_the_band_and_nearly_all_of_them() -> None:
    for (_, hashes, peaks), duration_s in zip(some(6), 2 * DURATIONS_S, strict=True):
        assert peaks.bin.min() >= CONFIG.first_bin
        assert peaks.bin.max() <= LAST_BIN
        assert peaks.frame.max() < round(duration_s / CONFIG.hop_s)
        in_order = np.lexsort((peaks.bin, peaks.frame))
        np.testing.assert_array_equal(in_order, np.arange(len(peaks)))
        # At most 30 of 614 bins are lost, whichever way the peaks are moved.
        assert len(peaks) > 0.85 * 10 * duration_s
        paired = hashing.hashes(landmarks(peaks.paired_peaks, CONFIG), CONFIG)
        np.testing.assert_array_equal(hashes.token, paired.token)
        np.testing.assert_array_equal(hashes.frame, paired.frame)


def test_songs_are_as_long_as_the_given_ones_and_all_different() -> None:
    songs = some(6)
    assert tuple(song.duration_s for song, *_ in songs) == 2 * DURATIONS_S
    assert len({song.name for song, *_ in songs}) == len({song.checksum for song, *_ in songs}) == 6
    assert len({hashes.token.tobytes() for _, hashes, _ in songs}) == 6


@pytest.mark.parametrize(("seed", "same"), [(1, True), (2, False)])
def test_songs_follow_from_the_seed(seed: int, same: bool) -> None:
    [(_, first, _)], [(_, again, _)] = some(1), some(1, seed)
    assert np.array_equal(first.token, again.token) == same
