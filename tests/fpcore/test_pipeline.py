"""The stages composed: streams, shifts, and excerpts found again at the right place."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fpcore import pipeline
from fpcore.config import FingerprintConfig, QueryConfig, ThoroughPass
from fpcore.pipeline import Fingerprint, Heard
from fpcore.records import LevelRanks, Peaks, Signal
from fpcore.stages.pauses import Pause
from fpcore.stages.spectrogram import TILE_FRAMES
from fpcore.stages.windows import window_frames
from tests.fpcore import indexed, synthetic
from tests.fpcore.synthetic import CLASSIC, LEAN, SMALL, DictIndex

RATE_HZ = SMALL.sample_rate_hz
WHITENED = LEAN.model_copy(
    update={"sample_rate_hz": RATE_HZ, "spectrogram": SMALL.spectrogram, "pairs": SMALL.pairs}
)
LONG = synthetic.music(2.3 * TILE_FRAMES * SMALL.hop_s, RATE_HZ, seed=21)


def _same(one: Fingerprint, other: Fingerprint) -> None:
    np.testing.assert_array_equal(one.hashes.token, other.hashes.token)
    np.testing.assert_array_equal(one.hashes.frame, other.hashes.frame)
    np.testing.assert_array_equal(one.constellation.frame, other.constellation.frame)
    np.testing.assert_array_equal(one.constellation.bin, other.constellation.bin)
    np.testing.assert_array_equal(one.constellation.level_db, other.constellation.level_db)
    assert one.duration_s == other.duration_s


@pytest.mark.parametrize("config", [SMALL, WHITENED], ids=["plain", "whitened"])
@settings(deadline=None, max_examples=15)
@given(
    lengths=st.lists(st.sampled_from([0, 1, 63, 64, 257, 70_000, 140_000]), min_size=1, max_size=5)
)
def test_the_cutting_of_the_stream_does_not_change_the_fingerprint(
    config: FingerprintConfig, lengths: list[int]
) -> None:
    lengths = [*lengths, 9_999]
    whole = pipeline.fingerprint([LONG], config)
    assert len(whole.hashes) > 100
    _same(pipeline.fingerprint(synthetic.blocks(LONG, lengths), config), whole)


def test_blocks_of_one_sample_do_not_change_the_fingerprint() -> None:
    whole = pipeline.fingerprint([LONG], SMALL)
    _same(pipeline.fingerprint(synthetic.blocks(LONG, [1]), SMALL), whole)


def test_a_song_and_a_query_of_the_same_samples_have_the_same_hashes() -> None:
    for config in (SMALL, WHITENED):
        song = pipeline.fingerprint(synthetic.blocks(LONG, [4096]), config)
        asked = pipeline.query(Signal(LONG, RATE_HZ), config, QueryConfig())
        np.testing.assert_array_equal(asked.hashes.token, song.hashes.token)
        np.testing.assert_array_equal(asked.hashes.tick, song.hashes.frame)
        np.testing.assert_array_equal(asked.peaks[0].frame, song.constellation.frame)
        assert asked.duration_s == song.duration_s == len(LONG) / RATE_HZ


def test_hashes_lie_in_the_token_space_at_frames_of_the_song_in_order() -> None:
    for config in (SMALL, WHITENED):
        found = pipeline.fingerprint([LONG], config)
        assert found.hashes.token.min() >= 0
        assert found.hashes.token.max() < config.n_tokens
        assert (np.diff(found.hashes.frame) >= 0).all()
        assert set(found.hashes.frame.tolist()) <= set(found.constellation.frame.tolist())
        order = found.constellation.frame.astype(np.int64) * 10_000 + found.constellation.bin
        assert (np.diff(order) > 0).all()


@pytest.mark.parametrize(
    "samples",
    [np.empty(0), np.zeros(1), LONG[:255], np.zeros(40_000)],
    ids=["nothing", "a sample", "less than a window", "silence"],
)
@pytest.mark.parametrize("config", [SMALL, WHITENED], ids=["plain", "whitened"])
def test_silence_and_too_little_give_empty_results(
    config: FingerprintConfig, samples: np.ndarray
) -> None:
    samples = samples.astype(np.float32)
    found = pipeline.fingerprint([samples], config)
    assert (len(found.constellation), len(found.hashes)) == (0, 0)
    assert found.duration_s == len(samples) / RATE_HZ
    asked = pipeline.query(Signal(samples, RATE_HZ), config, QueryConfig(n_shifts=3))
    assert len(asked.hashes) == 0
    assert [len(at_shift) for at_shift in asked.peaks] == [0, 0, 0]
    index = DictIndex(config)
    index.learn(1, LONG)
    candidates, _ = index.recognise(samples, QueryConfig(n_shifts=3))
    assert len(candidates) == 0


def test_silence_has_no_peaks_whatever_the_floor() -> None:
    for floor_db in (-200.0, -90.0, -80.1, -33.333):
        peaks = SMALL.peaks.model_copy(update={"floor_db": floor_db})
        config = SMALL.model_copy(update={"peaks": peaks})
        assert len(pipeline.fingerprint([np.zeros(9000, np.float32)], config).constellation) == 0


@pytest.mark.parametrize("n_hops", [1, 100, TILE_FRAMES])
def test_leading_silence_by_whole_hops_moves_the_frames_only(n_hops: int) -> None:
    silence = np.zeros(n_hops * 64, np.float32)
    before = pipeline.fingerprint([LONG], SMALL)
    after = pipeline.fingerprint([silence, LONG], SMALL)
    # Windows that reach into the silence are new; those of the music are the same, later.
    first, reach = SMALL.spectrogram.n_fft // 64, SMALL.neighbourhood[0]
    expected = {
        (frame + n_hops, bin_)
        for frame, bin_ in zip(
            before.constellation.frame.tolist(), before.constellation.bin.tolist(), strict=True
        )
        if frame >= first + reach
    }
    late = after.constellation.frame >= n_hops + first + reach
    got = zip(
        after.constellation.frame[late].tolist(),
        after.constellation.bin[late].tolist(),
        strict=True,
    )
    assert set(got) == expected
    assert len(expected) > 200


@pytest.mark.parametrize("n_shifts", [2, 3, 5])
def test_each_shift_leaves_out_its_share_of_a_hop(n_shifts: int) -> None:
    asked = pipeline.query(Signal(LONG, RATE_HZ), SMALL, QueryConfig(n_shifts=n_shifts))
    assert asked.hashes.ticks_per_frame == n_shifts
    assert len(asked.peaks) == n_shifts
    for shift in range(n_shifts):
        alone = pipeline.fingerprint([LONG[shift * 64 // n_shifts :]], SMALL)
        at_shift = asked.hashes.tick % n_shifts == shift
        np.testing.assert_array_equal(asked.hashes.token[at_shift], alone.hashes.token)
        frame = asked.hashes.tick[at_shift] // n_shifts
        np.testing.assert_array_equal(frame, alone.hashes.frame)
        np.testing.assert_array_equal(asked.peaks[shift].bin, alone.constellation.bin)


def test_how_far_peaks_stand_out_is_heard_at_the_first_shift() -> None:
    """More shifts leave the evidence of a recording as decisions were fitted with it."""
    loud_end = LONG.copy()
    loud_end[:64] *= 50  # only the first shift hears all of it
    heard = Signal(loud_end, RATE_HZ)
    once = pipeline.hear(heard, WHITENED, QueryConfig(n_shifts=1))
    for n_shifts in (2, 3):
        assert pipeline.hear(heard, WHITENED, QueryConfig(n_shifts=n_shifts)).crest_db == (
            once.crest_db
        )
    later = pipeline.hear(Signal(loud_end[32:], RATE_HZ), WHITENED, QueryConfig(n_shifts=1))
    assert later.crest_db != once.crest_db


def test_silence_around_music_leaves_its_evidence_as_it_is() -> None:
    music = synthetic.over_noise(LONG[: 400 * 64], 5)
    silence = np.zeros(300 * 64, np.float32)
    alone = pipeline.hear(Signal(music, RATE_HZ), SMALL, QueryConfig())
    around = pipeline.hear(
        Signal(np.concatenate([silence, music, silence]), RATE_HZ), SMALL, QueryConfig()
    )
    # Three frames at each end hear a part of the silence.
    assert np.flatnonzero(around.ranks.sounding).tolist() == list(range(297, 700))
    assert alone.ranks.sounding.all()
    assert len(alone.ranks.rank) == 397
    apart = np.abs(around.ranks.rank[300:697].astype(int) - alone.ranks.rank)
    assert np.mean(apart) < 4  # of 256: six frames more are ranked, on a coarser scale
    assert around.crest_db == pytest.approx(alone.crest_db, abs=0.5)


def _around_cut(maxima: Peaks, frame: int) -> tuple[set[tuple[int, ...]], set[tuple[int, ...]]]:
    """Return the peaks so far from a frame that it is not heard there, and those near it."""
    reach = 30  # whitening 22, a frame's samples 4, the neighbourhood 4
    far: set[tuple[int, ...]] = set()
    near: set[tuple[int, ...]] = set()
    for one in zip(maxima.frame.tolist(), maxima.bin.tolist(), maxima.level_db, strict=True):
        (far if abs(one[0] - frame) > reach else near).add(one)
    return far, near


def test_a_recording_without_a_stretch_has_the_peaks_of_what_is_left_of_it() -> None:
    asked = QueryConfig(n_shifts=2, thorough=ThoroughPass())
    half_hop = LEAN.spectrogram.hop_length // 2
    start, end = 129, 344  # an odd number of half hops: what follows changes its shift
    first, second = np.split(indexed.part(1, 8.0, 6.0), 2)
    other = np.float32(3) * indexed.part(indexed.UNKNOWN, 2.0, 5.0)
    samples = np.concatenate([first, other, second])
    heard = pipeline.hear(Signal(samples, LEAN.sample_rate_hz), LEAN, asked)
    left = pipeline.uninterrupted(heard, heard, start, end, LEAN)
    cut = np.concatenate([samples[: start * half_hop], samples[end * half_hop :]])
    of_cut = pipeline.hear(Signal(cut, LEAN.sample_rate_hz), LEAN, asked)
    for got, expected in zip(
        (*left.maxima, *left.fine_maxima), (*of_cut.maxima, *of_cut.fine_maxima), strict=True
    ):
        far, near = _around_cut(got, start // 2)
        far_of_cut, near_of_cut = _around_cut(expected, start // 2)
        assert far == far_of_cut
        assert len(far) > 70
        # Near the cut some peaks stand beside other sound in the one and in music in the other.
        same = {one[:2] for one in near} & {one[:2] for one in near_of_cut}
        assert len(same) > 0.7 * max(len(near), len(near_of_cut))
    assert left.duration_s == pytest.approx(of_cut.duration_s)
    assert left.cut_out == (Pause(start * half_hop, end * half_hop),)
    n_ticks = min(len(left.ranks.rank), len(of_cut.ranks.rank))
    assert n_ticks >= len(of_cut.ranks.rank) - 1
    ranks = [one.ranks.rank[:n_ticks].ravel() for one in (left, of_cut)]
    assert np.corrcoef(ranks[0], ranks[1])[0, 1] > 0.9


def _blank(first_tick: int, n_ticks: int, crest_db: float) -> Heard:
    """Return a window at one shift in which nothing stands out."""
    none = np.zeros(0, np.int32)
    nothing = Peaks.on_bins(none, none, np.zeros(0, np.float32))
    rank = np.zeros((n_ticks, 3), np.uint8)
    ranks = LevelRanks(rank, np.ones(n_ticks, np.bool_), LEAN.first_bin, first_tick)
    return Heard((nothing,), (nothing,), ranks, crest_db, 60.0)


def test_of_two_windows_around_a_stretch_a_window_is_taken_from_both_sides_alike() -> None:
    longest = round(12 / LEAN.hop_s)
    assert longest == 258
    for n_before, n_after in product([0, 50, 100, 129, 130, 200, 258, 300], repeat=2):
        start = 100 + n_before
        before, after = _blank(100, n_before + 9, 10.0), _blank(start + 50, n_after + 20, 13.0)
        left = pipeline.uninterrupted(before, after, start, start + 70, LEAN)
        taken_before = start - left.ranks.first_tick
        assert len(left.ranks.rank) == min(longest, n_before + n_after)
        assert taken_before == min(n_before, max(longest // 2, longest - n_after))
        assert left.crest_db == 11.5
        assert left.duration_s == pytest.approx(60.0 - 70 * LEAN.hop_s)


@pytest.mark.parametrize("n_shifts", [1, 2, 3])
@pytest.mark.parametrize("seconds", [0.02, 0.5, 12.0, 12.003, 13.0071, 21.5])
def test_a_query_knows_where_its_window_starts_and_ends(n_shifts: int, seconds: float) -> None:
    silence = Signal(np.zeros(round(seconds * RATE_HZ), np.float32), RATE_HZ)
    windows = pipeline.queries(silence, SMALL, QueryConfig(n_shifts=n_shifts))
    expected = [
        (start * SMALL.hop_s, min((start + length) * SMALL.hop_s, silence.duration_s))
        for start, length in window_frames(silence.duration_s, SMALL.hop_s)
    ]
    assert [pipeline.window_s(one, SMALL) for one in windows] == expected


@pytest.mark.parametrize(
    ("cut_s", "expected"), [((9.0, 16.0), (3.0, 15.0)), ((5.0, 16.0), (0.0, 12.0))]
)
def test_a_window_that_is_put_together_of_two_ends_where_the_second_does(
    cut_s: tuple[float, float], expected: tuple[float, float]
) -> None:
    asked = QueryConfig(n_shifts=2)
    noise = synthetic.integer_noise(25 * RATE_HZ, 3).astype(np.float32)
    first, *_, last = pipeline.queries(Signal(noise, RATE_HZ), SMALL, asked)
    start, end = (round(at_s / SMALL.hop_s * 2) for at_s in cut_s)
    left = pipeline.uninterrupted(first.heard, last.heard, start, end, SMALL)
    found = pipeline.query_of(left, SMALL, asked)
    # A window has so many frames, and the last one is of four hops.
    assert pipeline.window_s(found, SMALL) == pytest.approx(expected, abs=4 * SMALL.hop_s)


def test_no_query_hash_comes_twice() -> None:
    asked = pipeline.query(Signal(LONG, RATE_HZ), SMALL, QueryConfig(n_shifts=4, fan_out=9)).hashes
    pairs = set(zip(asked.token.tolist(), asked.tick.tolist(), strict=True))
    assert len(pairs) == len(asked) > 1000


def test_a_query_may_be_denser_than_the_index() -> None:
    dense = QueryConfig(max_peaks_per_s=60.0, fan_out=8)
    asked = pipeline.query(Signal(LONG, RATE_HZ), WHITENED, dense)
    config = WHITENED.model_copy(
        update={
            "peaks": WHITENED.peaks.model_copy(update={"max_peaks_per_s": 60.0}),
            "pairs": WHITENED.pairs.model_copy(update={"fan_out": 8}),
        }
    )
    as_song = pipeline.fingerprint([LONG], config)
    np.testing.assert_array_equal(asked.hashes.token, as_song.hashes.token)
    assert len(as_song.constellation) > 2 * len(
        pipeline.fingerprint([LONG], WHITENED).constellation
    )


def test_a_query_of_another_sample_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="the signal has 44100 Hz"):
        pipeline.query(Signal(LONG, 44100), SMALL, QueryConfig())


@pytest.mark.parametrize(
    ("config", "query_config"),
    [
        (CLASSIC, QueryConfig()),
        (CLASSIC, QueryConfig(n_shifts=2)),
        (LEAN, QueryConfig(n_shifts=2, max_peaks_per_s=30.0, fan_out=15)),
        (LEAN, QueryConfig(n_shifts=3)),
    ],
    ids=["classic", "classic, shifted", "lean, dense query", "lean, shifted"],
)
def test_an_excerpt_is_found_at_its_place_within_25_ms(
    config: FingerprintConfig, query_config: QueryConfig
) -> None:
    rate_hz = config.sample_rate_hz
    index = DictIndex(config)
    songs = {song_id: synthetic.music(12.0, rate_hz, seed=song_id) for song_id in (5, 6, 7, 8)}
    for song_id, samples in songs.items():
        index.learn(song_id, samples)
    rng = np.random.default_rng(12)
    for song_id, samples in songs.items():
        for start in rng.integers(0, 7 * rate_hz, size=3).tolist():
            excerpt = samples[start : start + 5 * rate_hz]
            candidates, tick_s = index.recognise(excerpt, query_config)
            assert candidates.song_id[0] == song_id
            # A frame lasts 46 ms: half of one is what the nearest frame would give.
            assert candidates.offset_ticks[0] * tick_s == pytest.approx(start / rate_hz, abs=0.025)
            assert candidates.contrast[0] > 3


def test_music_that_was_not_learned_has_little_evidence() -> None:
    index = DictIndex(LEAN)
    for song_id in range(5, 9):
        index.learn(song_id, synthetic.music(12.0, 22050, seed=song_id))
    query_config = QueryConfig(n_shifts=2, max_peaks_per_s=30.0, fan_out=15)
    known, unknown = (
        index.recognise(synthetic.music(12.0, 22050, seed)[40_000:150_000], query_config)[0]
        for seed in (5, 99)
    )
    assert len(unknown)
    assert known.idf[0] > 5 * unknown.idf[0]
