"""Levels: against scipy's windows and float64, on tones and clicks, however a stream is cut."""

from __future__ import annotations

import itertools
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fpcore.config import FingerprintConfig, PeaksConfig, SpectrogramConfig
from fpcore.records import Signal
from fpcore.stages.spectrogram import TILE_FRAMES, sounding, spectrogram, tiles_of
from fpcore.units import LEVEL_STEP_DB
from tests.fpcore import naive, synthetic
from tests.fpcore.synthetic import SMALL

RATE_HZ = SMALL.sample_rate_hz


@cache
def _long() -> np.ndarray:
    """Return more than two tiles under SMALL, and not a whole number of hops."""
    return synthetic.music(2.3 * TILE_FRAMES * SMALL.hop_s, RATE_HZ, seed=7)


def _levels(samples: np.ndarray, config: FingerprintConfig = SMALL) -> np.ndarray:
    return spectrogram(Signal(samples, config.sample_rate_hz), config).level_db


def _with(floor_db: float, **spectrogram_fields: object) -> FingerprintConfig:
    return SMALL.model_copy(
        update={
            "spectrogram": SpectrogramConfig.model_validate(
                {"n_fft": 256, "hop_length": 64} | spectrogram_fields
            ),
            "peaks": PeaksConfig(floor_db=floor_db),
        }
    )


@pytest.mark.parametrize("window", ["hann", "hamming", "blackman"])
@pytest.mark.parametrize("hop_length", [1, 48, 256])
def test_levels_equal_a_double_precision_transform(window: str, hop_length: int) -> None:
    config = _with(-120.0, window=window, hop_length=hop_length, min_hz=500.0, max_hz=3000.0)
    samples = synthetic.music(0.5, RATE_HZ, seed=7)
    got = 10 ** (_levels(samples, config).astype(np.float64) / 20)
    expected = np.maximum(naive.amplitudes(samples, config), 1e-6)
    assert got.shape == expected.shape
    # Half a step is 2**-11 dB, a factor of 5.7e-5; single precision adds its own noise.
    np.testing.assert_allclose(got, expected, rtol=6e-5, atol=2e-7)


def test_levels_are_whole_steps_at_or_above_the_floor() -> None:
    level_db = _levels(_long())
    steps = level_db.astype(np.float64) / LEVEL_STEP_DB
    assert (steps == np.rint(steps)).all()
    assert level_db.min() >= SMALL.peaks.floor_db


def test_the_record_says_where_its_rows_and_columns_lie() -> None:
    config = _with(-90.0, min_hz=500.0, max_hz=3000.0)
    found = spectrogram(Signal(_long(), RATE_HZ), config)
    assert found.level_db.shape == (1 + (len(_long()) - 256) // 64, 96 - 16 + 1)
    assert (found.first_frame, found.first_bin) == (0, 16)
    assert found.hop_s == 64 / RATE_HZ
    assert found.bin_hz == RATE_HZ / 256


@pytest.mark.parametrize("window", ["hann", "hamming", "blackman"])
@pytest.mark.parametrize("n_bin", [5, 64, 120])
def test_a_full_scale_tone_reads_0_db_in_its_bin(window: str, n_bin: int) -> None:
    config = _with(-90.0, window=window)
    level_db = _levels(synthetic.tone(n_bin * config.bin_hz, 0.5, RATE_HZ), config)
    np.testing.assert_array_equal(level_db.argmax(axis=1), n_bin)
    np.testing.assert_allclose(level_db[:, n_bin], 0.0, atol=0.002)
    beyond_main_lobe = np.abs(np.arange(config.n_bins) - n_bin) > 2
    assert (level_db[:, beyond_main_lobe] == -90.0).all()


@pytest.mark.parametrize(
    ("window", "loss_db"),
    # Harris, "On the use of windows for harmonic analysis", 1978, table 1.
    [("hann", 1.42), ("hamming", 1.78), ("blackman", 1.10)],
)
def test_a_tone_between_two_bins_loses_the_windows_scalloping(window: str, loss_db: float) -> None:
    config = _with(-90.0, window=window)
    level_db = _levels(synthetic.tone(60.5 * config.bin_hz, 0.5, RATE_HZ), config)
    np.testing.assert_allclose(level_db[:, 60:62], -loss_db, atol=0.05)
    assert set(level_db.argmax(axis=1)) <= {60, 61}


def test_a_click_lands_in_exactly_the_frames_that_cover_it() -> None:
    config = _with(-200.0)
    for position in (1000, 64 * 20 + 1, 64 * 21 - 1):
        samples = np.zeros(4000, np.float32)
        samples[position] = 1
        start = np.arange(len(_levels(samples, config))) * 64
        # A Hann window is zero at its first sample, so a click there would not be heard.
        covers = (start < position) & (position < start + 256)
        assert covers.sum() == 4
        np.testing.assert_array_equal((_levels(samples, config) > -200.0).all(axis=1), covers)
        np.testing.assert_array_equal((_levels(samples, config) > -200.0).any(axis=1), covers)


@pytest.mark.parametrize("exponent", [-3, -1, 2])
def test_gain_adds_its_decibels_to_every_level_above_the_floor(exponent: int) -> None:
    config = _with(-160.0)
    samples = synthetic.over_noise(_long(), 3)
    quiet, loud = _levels(samples, config), _levels(samples * np.float32(2.0**exponent), config)
    above = (quiet > -130) & (loud > -130)
    assert above.mean() > 0.99
    gain_db = 20 * exponent * np.log10(2)
    np.testing.assert_allclose((loud - quiet)[above], gain_db, atol=1.01 * LEVEL_STEP_DB)


@pytest.mark.parametrize("n_hops", [1, 63, 64, 1000])
def test_a_shift_by_whole_hops_moves_the_frames_and_nothing_else(n_hops: int) -> None:
    np.testing.assert_array_equal(_levels(_long()[n_hops * 64 :]), _levels(_long())[n_hops:])


def test_silence_lies_at_the_floor() -> None:
    level_db = _levels(np.zeros(2000, np.float32))
    assert level_db.size
    assert (level_db == SMALL.peaks.floor_db).all()


def test_a_frame_sounds_when_one_level_lies_above_the_floor() -> None:
    samples = np.zeros(2000, np.float32)
    samples[1000] = 1e-2
    levels = spectrogram(Signal(samples, SMALL.sample_rate_hz), SMALL)
    found = sounding(levels, SMALL)
    np.testing.assert_array_equal(found, (levels.level_db > SMALL.peaks.floor_db).any(axis=1))
    assert 0 < found.sum() <= 4
    assert len(sounding(spectrogram(Signal(samples[:9], SMALL.sample_rate_hz), SMALL), SMALL)) == 0


@pytest.mark.parametrize("floor_db", [-200.0, -90.0, -80.1, -33.33333, -0.0004, 0.0])
def test_silence_lies_at_any_floor_rounded_to_the_level_step(floor_db: float) -> None:
    config = _with(floor_db)
    level_db = _levels(np.zeros(2000, np.float32), config)
    assert level_db.size
    assert (level_db == np.float32(config.floor_db)).all()
    assert abs(config.floor_db - floor_db) <= LEVEL_STEP_DB / 2
    assert config.floor_db % LEVEL_STEP_DB == 0


@pytest.mark.parametrize(("n_samples", "n_frames"), [(0, 0), (1, 0), (255, 0), (256, 1), (320, 2)])
def test_only_whole_windows_become_frames(n_samples: int, n_frames: int) -> None:
    assert _levels(_long()[:n_samples]).shape == (n_frames, SMALL.n_bins)


def test_another_sample_rate_is_refused_with_both_named() -> None:
    with pytest.raises(ValueError, match="the signal has 44100 Hz and the configuration 8000 Hz"):
        spectrogram(Signal(_long(), 44100), SMALL)


@settings(deadline=None, max_examples=30)
@given(
    st.lists(
        st.one_of(st.integers(0, 300), st.integers(60_000, 150_000)), min_size=1, max_size=4
    ).filter(any)
)
def test_cutting_the_stream_does_not_change_a_bit(lengths: list[int]) -> None:
    whole = _levels(_long())
    assert len(whole) > 2 * TILE_FRAMES
    tiles = list(tiles_of(synthetic.blocks(_long(), lengths), SMALL))
    np.testing.assert_array_equal(np.concatenate([tile.level_db for tile in tiles]), whole)


def test_blocks_of_one_sample_do_not_change_a_bit() -> None:
    tiles = tiles_of(synthetic.blocks(_long(), [1]), SMALL)
    np.testing.assert_array_equal(
        np.concatenate([tile.level_db for tile in tiles]), _levels(_long())
    )


def test_tiles_lie_at_multiples_of_their_length() -> None:
    tiles = list(tiles_of(synthetic.blocks(_long(), [1000]), SMALL))
    assert [tile.first_frame for tile in tiles] == [0, TILE_FRAMES, 2 * TILE_FRAMES]
    assert [len(tile.level_db) for tile in tiles[:-1]] == [TILE_FRAMES, TILE_FRAMES]


@pytest.mark.parametrize("n_extra", [-1, 0, 1, 63, 64])
def test_a_stream_that_ends_about_a_tiles_edge_loses_no_frame(n_extra: int) -> None:
    n_samples = (TILE_FRAMES - 1) * 64 + 256 + n_extra
    tiles = tiles_of(synthetic.blocks(_long()[:n_samples], [777]), SMALL)
    frames = itertools.chain.from_iterable(tile.level_db for tile in tiles)
    np.testing.assert_array_equal(list(frames), _levels(_long())[: 1 + (n_samples - 256) // 64])


def test_a_stream_without_blocks_has_no_tiles() -> None:
    assert list(tiles_of([], SMALL)) == []
    assert list(tiles_of([np.empty(0, np.float32)], SMALL)) == []


def test_every_tile_says_how_far_apart_its_rows_and_columns_lie() -> None:
    config = _with(-90.0, min_hz=500.0, max_hz=3000.0)
    found = {(tile.hop_s, tile.bin_hz, tile.first_bin) for tile in tiles_of([_long()], config)}
    assert found == {(64 / RATE_HZ, RATE_HZ / 256, 16)}
