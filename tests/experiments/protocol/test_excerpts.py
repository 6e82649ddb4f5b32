"""Excerpts lie at any sample, avoid silence, and depend on seed and track alone."""

import numpy as np
import pytest

from experiments.errors import CorpusError
from experiments.protocol.excerpts import Excerpt, cut, pick_excerpts
from experiments.seeds import seeded_rng
from fpcore.records import Signal

RATE_HZ = 22050


def noise(duration_s: float, *, level: float = 0.1, seed: int = 1) -> Signal:
    rng = np.random.default_rng(seed)
    samples = level * rng.standard_normal(round(duration_s * RATE_HZ))
    return Signal(samples.astype(np.float32), RATE_HZ)


def starts_of(excerpts: tuple[Excerpt, ...]) -> np.ndarray:
    return np.array([round(excerpt.start_s * RATE_HZ) for excerpt in excerpts])


def pick(
    signal: Signal, *, n: int = 400, duration_s: float = 5.0, seed: int = 1
) -> tuple[Excerpt, ...]:
    rng = seeded_rng(seed, "excerpts", "a")
    return pick_excerpts(signal, track_id="a", n=n, duration_s=duration_s, rng=rng)


def test_starts_spread_over_the_whole_recording_and_over_all_positions_in_a_frame() -> None:
    starts = starts_of(pick(noise(60.0)))
    assert starts.min() >= 0
    assert starts.max() <= (60 - 5) * RATE_HZ
    # 400 draws leave a tenth empty with a chance of 10 × 0.9^400, below 1e-17.
    assert len(set((starts * 10 // (55 * RATE_HZ + 1)).tolist())) == 10
    assert len(set((starts % 1024 // 64).tolist())) == 16
    assert len(set(starts.tolist())) > 390


def test_an_excerpt_of_the_whole_recording_starts_at_its_start() -> None:
    signal = noise(5.0)
    excerpts = pick(signal, n=3)
    assert [excerpt.start_s for excerpt in excerpts] == [0.0] * 3
    assert np.array_equal(cut(signal, excerpts[0]).samples, signal.samples)


@pytest.mark.parametrize("extra_samples", [1, 1101, 1102, 1103, 1104])
def test_the_last_possible_position_is_never_passed(extra_samples: int) -> None:
    signal = noise(5.0 + extra_samples / RATE_HZ)
    excerpts = pick(signal, n=2000)
    starts = starts_of(excerpts)
    assert starts.max() <= extra_samples
    assert all(len(cut(signal, excerpt).samples) == 5 * RATE_HZ for excerpt in excerpts)


def test_cutting_slices_at_sample_precision() -> None:
    ramp = Signal(np.arange(RATE_HZ * 20, dtype=np.float32), RATE_HZ)
    for excerpt in pick(ramp, n=50, duration_s=3.0):
        piece = cut(ramp, excerpt)
        start = round(excerpt.start_s * RATE_HZ)
        assert piece.samples[0] == start
        assert np.array_equal(piece.samples, ramp.samples[start : start + 3 * RATE_HZ])
        assert piece.sample_rate_hz == RATE_HZ


def test_silent_passages_are_avoided() -> None:
    samples = noise(60.0).samples.copy()
    silent = slice(20 * RATE_HZ, 40 * RATE_HZ)
    # A noise floor 60 dB down is silence, too: digital zeros are rare in music.
    samples[silent] *= 1e-3
    excerpts = pick(Signal(samples, RATE_HZ))
    for start in starts_of(excerpts):
        n_silent = max(0, min(start + 5 * RATE_HZ, silent.stop) - max(start, silent.start))
        # A fifth of 5 s, and one block of 50 ms either way.
        assert n_silent <= (1.0 + 0.1) * RATE_HZ
    assert any(start > silent.stop for start in starts_of(excerpts))
    assert any(start < silent.start for start in starts_of(excerpts))


def test_quiet_music_is_not_silence() -> None:
    loud, quiet = pick(noise(60.0)), pick(noise(60.0, level=1e-3))
    assert loud == quiet


def test_a_soft_passage_within_the_range_of_music_is_used() -> None:
    samples = noise(60.0).samples.copy()
    samples[: 30 * RATE_HZ] *= 10 ** (-25 / 20)
    starts = starts_of(pick(Signal(samples, RATE_HZ)))
    assert np.mean(starts < 25 * RATE_HZ) > 0.3


def test_a_recording_that_mostly_rests_gives_its_most_active_excerpts() -> None:
    samples = np.zeros(60 * RATE_HZ, dtype=np.float32)
    samples[30 * RATE_HZ : 32 * RATE_HZ] = noise(2.0).samples
    for start in starts_of(pick(Signal(samples, RATE_HZ))):
        assert 27 * RATE_HZ - 2205 <= start <= 30 * RATE_HZ + 2205


def test_a_silent_recording_is_refused() -> None:
    silence = Signal(np.zeros(60 * RATE_HZ, dtype=np.float32), RATE_HZ)
    with pytest.raises(CorpusError, match="a is silent"):
        pick(silence)


def test_a_recording_shorter_than_an_excerpt_is_refused_with_both_lengths() -> None:
    with pytest.raises(CorpusError, match=r"a lasts 4\.9 s, too short for excerpts of 5\.0 s"):
        pick(noise(4.9))


def test_the_same_seed_gives_the_same_excerpts_and_another_seed_others() -> None:
    signal = noise(60.0)
    assert pick(signal) == pick(signal)
    assert pick(signal) != pick(signal, seed=2)


def test_asking_for_more_keeps_the_first_ones() -> None:
    signal = noise(60.0)
    assert pick(signal, n=9)[:4] == pick(signal, n=4)
    assert pick(signal, n=0) == ()


@pytest.mark.parametrize(("n", "duration_s"), [(-1, 5.0), (1, 0.0), (1, -2.0)])
def test_impossible_requests_are_refused(n: int, duration_s: float) -> None:
    with pytest.raises(ValueError, match="n must be >= 0"):
        pick(noise(10.0), n=n, duration_s=duration_s)


def test_cutting_beyond_the_end_is_refused() -> None:
    with pytest.raises(CorpusError, match=r"reaches beyond a, which lasts 10\.000 s"):
        cut(noise(10.0), Excerpt("a", 5.001, 5.0))


def test_every_position_may_be_drawn_up_to_the_last() -> None:
    starts = starts_of(pick(noise(5.0 + 3 / RATE_HZ)))
    assert set(starts.tolist()) == {0, 1, 2, 3}


def test_excerpts_carry_their_track_and_are_the_same_on_every_machine() -> None:
    signal = Signal(np.ones(60 * RATE_HZ, np.float32), RATE_HZ)
    excerpts = pick(signal, n=3)
    assert [excerpt.track_id for excerpt in excerpts] == ["a"] * 3
    assert starts_of(excerpts).tolist() == [355714, 384132, 1020617]


def test_a_single_sample_can_be_an_excerpt() -> None:
    [excerpt] = pick(noise(1.0), n=1, duration_s=1 / RATE_HZ)
    assert len(cut(noise(1.0), excerpt).samples) == 1


def test_a_recording_shorter_than_a_block_has_an_excerpt() -> None:
    signal = noise(661 / RATE_HZ)
    assert len(signal.samples) % 2
    assert [excerpt.start_s for excerpt in pick(signal, n=2, duration_s=661 / RATE_HZ)] == [
        0.0,
        0.0,
    ]


@pytest.mark.parametrize(("level_db", "is_silent"), [(-79.0, False), (-81.0, True)])
def test_a_recording_is_silent_from_80_db_below_full_scale(
    level_db: float, is_silent: bool
) -> None:
    signal = Signal(np.full(20 * RATE_HZ, 10 ** (level_db / 20), np.float32), RATE_HZ)
    if is_silent:
        with pytest.raises(CorpusError, match="a is silent"):
            pick(signal)
    else:
        assert len(pick(signal)) == 400


def test_an_excerpt_as_long_as_the_only_sound_starts_where_it_starts() -> None:
    block = round(0.05 * RATE_HZ)
    samples = np.zeros(20 * block, np.float32)
    samples[7 * block : 8 * block] = 0.5
    starts = starts_of(pick(Signal(samples, RATE_HZ), duration_s=0.05))
    assert starts.min() >= 7 * block
    assert starts.max() < 8 * block


def test_an_excerpt_beyond_the_end_is_told_with_its_span() -> None:
    with pytest.raises(CorpusError, match=r"^the excerpt 8\.0-13\.0 s reaches beyond a, "):
        cut(noise(10.0), Excerpt("a", 8.0, 5.0))
