"""Whitening, local maxima and thinning: against their definitions, and on known signals."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fpcore.config import (
    BoxWhitening,
    FingerprintConfig,
    GridNeighbourhood,
    PeaksConfig,
    PhysicalNeighbourhood,
)
from fpcore.records import Peaks, Signal, Spectrogram
from fpcore.stages import peaks
from fpcore.stages.spectrogram import TILE_FRAMES, spectrogram, tiles_of
from tests.fpcore import naive, synthetic
from tests.fpcore.drawn import matrices
from tests.fpcore.synthetic import SMALL

exact = settings(deadline=None)


def _config(
    n_frames: int, n_bins: int, *, floor_db: float = -80.0, radii: tuple[int, int] | None = None
) -> FingerprintConfig:
    """Return SMALL with a grid neighbourhood, and a whitening box that reaches ``radii``."""
    chosen = {
        "peaks": PeaksConfig(
            neighbourhood=GridNeighbourhood(n_frames=n_frames, n_bins=n_bins), floor_db=floor_db
        )
    }
    if radii is not None:
        width_s, width_hz = 2 * radii[0] * SMALL.hop_s, 2 * radii[1] * SMALL.bin_hz
        chosen["whitening"] = BoxWhitening(width_s=width_s, width_hz=width_hz)
    config = SMALL.model_copy(update=chosen)
    assert config.whitening_radii == (radii or (0, 0))
    return config


def _grid(level_db: np.ndarray, first_frame: int = 0) -> Spectrogram:
    return Spectrogram(level_db, SMALL.hop_s, SMALL.bin_hz, first_frame, 0)


def _same(one: Peaks, other: Peaks) -> None:
    np.testing.assert_array_equal(one.frame, other.frame)
    np.testing.assert_array_equal(one.bin, other.bin)
    np.testing.assert_array_equal(one.level_db, other.level_db)


# Whitening


def test_without_whitening_heights_are_the_levels() -> None:
    level_db = np.full((3, 4), -12.5, np.float32)
    np.testing.assert_array_equal(peaks.whiten(_grid(level_db), SMALL), level_db)


def test_whitening_takes_its_box_from_the_configuration() -> None:
    level_db = (synthetic.integer_noise(600, 2) * 4096).astype(np.float32).reshape(30, 20) / 1024
    got = peaks.whiten(_grid(level_db), _config(3, 3, radii=(4, 2)))
    np.testing.assert_array_equal(got, naive.minus_box_mean(level_db, 4, 2))


# Local maxima


def test_a_level_at_the_floor_is_no_peak() -> None:
    level_db = np.full((6, 6), -80.0, np.float32)
    assert len(peaks.local_maxima(_grid(level_db), _config(3, 3))) == 0
    level_db[2, 2] += np.float32(2**-10)
    found = peaks.local_maxima(_grid(level_db), _config(3, 3))
    assert (found.frame.tolist(), found.bin.tolist()) == ([2], [2])


def test_an_empty_spectrogram_has_no_peaks() -> None:
    empty = np.empty((0, SMALL.n_bins), np.float32)
    for config in (SMALL, _config(3, 3, radii=(4, 2))):
        assert len(peaks.local_maxima(_grid(empty), config)) == 0
    assert len(peaks.local_maxima_of_tiles([], SMALL)) == 0


def test_peaks_count_frames_and_bins_from_zero_and_carry_their_height() -> None:
    level_db = np.full((5, 6), -60.0, np.float32)
    level_db[1, 2] = -30.0
    there = Spectrogram(level_db, SMALL.hop_s, SMALL.bin_hz, first_frame=100, first_bin=40)
    found = peaks.local_maxima(there, _config(9, 9))
    assert (found.frame.tolist(), found.bin.tolist()) == ([101], [42])
    assert found.level_db.tolist() == [-30.0]
    whitened = peaks.local_maxima(there, _config(9, 9, radii=(1, 1)))
    assert whitened.level_db[whitened.bin == 42] == pytest.approx(30 - 30 / 9, abs=1e-5)


def test_peaks_of_real_levels_equal_the_definition_under_whitening() -> None:
    samples = synthetic.music(0.8, SMALL.sample_rate_hz, seed=7)
    level_db = spectrogram(Signal(samples, SMALL.sample_rate_hz), SMALL).level_db
    found = peaks.local_maxima(_grid(level_db), _config(6, 5, radii=(8, 4)))
    height_db = naive.minus_box_mean(level_db, 8, 4)
    expected = naive.local_maxima(height_db, level_db, -80.0, 6, 5)
    assert len(expected) > 100
    assert list(zip(found.frame.tolist(), found.bin.tolist(), strict=True)) == expected
    np.testing.assert_array_equal(found.level_db, height_db[found.frame, found.bin])


# Streams


@exact
@given(
    matrices(4, max_side=24),
    st.integers(3, 9),
    st.sampled_from([None, (1, 1), (3, 2), (40, 1)]),
    st.data(),
)
def test_peaks_of_tiles_are_those_of_the_whole(
    level_db: np.ndarray, n_frames: int, radii: tuple[int, int] | None, data: st.DataObject
) -> None:
    config = _config(n_frames, 3, radii=radii)
    whole = peaks.local_maxima(_grid(level_db), config)
    cuts = data.draw(st.sets(st.integers(1, len(level_db))))
    edges = sorted({0, len(level_db)} | cuts)
    tiles = [_grid(level_db[start:end], start) for start, end in itertools.pairwise(edges)]
    _same(peaks.local_maxima_of_tiles(tiles, config), whole)


@pytest.mark.parametrize("radii", [None, (30, 5), (TILE_FRAMES + 200, 2)])
@pytest.mark.parametrize("n_frames", [8, 2 * TILE_FRAMES + 1])
def test_peaks_of_a_stream_are_those_of_the_whole_signal(
    n_frames: int, radii: tuple[int, int] | None
) -> None:
    config = _config(n_frames, 5, radii=radii)
    samples = synthetic.music(2.6 * TILE_FRAMES * SMALL.hop_s, SMALL.sample_rate_hz, seed=7)
    whole = peaks.local_maxima(spectrogram(Signal(samples, SMALL.sample_rate_hz), config), config)
    assert len(whole) > 20
    for lengths in ([5000], [1, 90_000], [len(samples)]):
        stream = tiles_of(synthetic.blocks(samples, lengths), config)
        _same(peaks.local_maxima_of_tiles(stream, config), whole)


def test_of_a_stream_only_the_frames_around_open_peaks_are_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = _config(9, 3, radii=(3, 1))
    reach = 3 + 9 // 2
    looked_at: list[int] = []
    local_maxima = peaks.local_maxima

    def noted(spectrogram: Spectrogram, config: FingerprintConfig) -> Peaks:
        looked_at.append(len(spectrogram.level_db))
        return local_maxima(spectrogram, config)

    monkeypatch.setattr(peaks, "local_maxima", noted)
    level_db = np.random.default_rng(1).uniform(-60, 0, (200, 6)).astype(np.float32)
    peaks.local_maxima_of_tiles((_grid(level_db[k : k + 20], k) for k in range(0, 200, 20)), config)
    # Peaks of the last frames wait for what comes after them, and need what came before them.
    assert looked_at == [20, *[20 + 2 * reach] * 9, 2 * reach]


# Thinning


@st.composite
def _constellations(draw: st.DrawFn) -> Peaks:
    """Draw peaks of few different heights, in windows from empty to crowded."""
    at = sorted(draw(st.sets(st.tuples(st.integers(0, 60), st.integers(0, 9)), max_size=60)))
    heights = draw(st.lists(st.integers(-3, 3), min_size=len(at), max_size=len(at)))
    frame, bin_ = np.array(at, np.int32).reshape(-1, 2).T
    return Peaks.on_bins(frame.copy(), bin_.copy(), np.array(heights, np.float32))


@exact
@given(
    _constellations(),
    st.sampled_from([0.05, 0.1, 0.33, 1.0]),
    st.sampled_from([0.5, 7.0, 10.0, 33.3, 1000.0]),
)
def test_thinning_equals_its_definition(
    found: Peaks, density_window_s: float, max_peaks_per_s: float
) -> None:
    config = SMALL.model_copy(update={"peaks": PeaksConfig(density_window_s=density_window_s)})
    kept = naive.thinned(
        found.frame.tolist(),
        found.level_db.tolist(),
        hop_s=config.hop_s,
        window_s=density_window_s,
        max_per_s=max_peaks_per_s,
    )
    expected = Peaks.on_bins(found.frame[kept], found.bin[kept], found.level_db[kept])
    _same(peaks.thin(found, config, max_peaks_per_s), expected)


@pytest.mark.parametrize("max_peaks_per_s", [0.3, 1.0, 7.5, 22.2])
def test_fractions_of_a_quota_accrue(max_peaks_per_s: float) -> None:
    n_frames = round(40 / SMALL.hop_s)
    frame = np.repeat(np.arange(n_frames, dtype=np.int32), 3)
    crowd = Peaks.on_bins(
        frame,
        np.tile(np.arange(3, dtype=np.int32), n_frames),
        synthetic.integer_noise(len(frame), 9).astype(np.float32),
    )
    kept = peaks.thin(crowd, SMALL, max_peaks_per_s)
    assert len(kept) == pytest.approx(40 * max_peaks_per_s, abs=1)


def test_without_a_limit_every_peak_is_kept() -> None:
    found = Peaks.on_bins(
        np.array([1, 1, 2], np.int32), np.array([3, 4, 3], np.int32), np.zeros(3, np.float32)
    )
    _same(peaks.thin(found, SMALL, None), found)
    assert len(peaks.thin(peaks.EMPTY, SMALL, 1.0)) == 0


@exact
@given(
    _constellations(),
    st.sampled_from([None, 0.5, 7.0, 10.0]),
    st.sampled_from([None, 0.5, 10.0, 33.3]),
)
def test_a_song_keeps_its_paired_peaks_and_the_next_highest(
    found: Peaks, max_peaks_per_s: float | None, kept_peaks_per_s: float | None
) -> None:
    config = SMALL.model_copy(
        update={
            "peaks": PeaksConfig(max_peaks_per_s=max_peaks_per_s, kept_peaks_per_s=kept_peaks_per_s)
        }
    )
    song = peaks.constellation(found, config)
    paired, highest = (
        peaks.thin(found, config, density) for density in (max_peaks_per_s, kept_peaks_per_s)
    )
    _same(song.paired_peaks, paired)
    kept = paired if kept_peaks_per_s is None else highest
    assert _cells(song) == _cells(paired) | _cells(kept)
    assert sorted(_cells(song)) == list(zip(song.frame.tolist(), song.bin.tolist(), strict=True))


def _cells(found: Peaks) -> set[tuple[int, int]]:
    return set(zip(found.frame.tolist(), found.bin.tolist(), strict=True))


def test_what_is_paired_can_be_said_otherwise() -> None:
    frame, levels = np.zeros(4, np.int32), np.array([1, 2, 3, 4], np.float32)
    found = Peaks.on_bins(frame, np.arange(4, dtype=np.int32), levels)
    lowest = np.array([True, False, False, False])
    config = SMALL.model_copy(update={"peaks": PeaksConfig(kept_peaks_per_s=4.0)})
    song = peaks.constellation(found, config, paired=lowest)
    assert song.bin.tolist() == [0, 2, 3]  # two in half a second by their height, and the lowest
    assert song.paired.tolist() == [True, False, False]


# Signals


@pytest.mark.parametrize("at_bin", [50.0, 50.1, 50.25, 50.45, 49.55, 49.75, 49.9])
def test_the_fraction_tells_where_between_bins_a_tone_lies(at_bin: float) -> None:
    tone = synthetic.tone(at_bin * SMALL.bin_hz, 1.0, SMALL.sample_rate_hz)
    found = peaks.local_maxima(spectrogram(Signal(tone, SMALL.sample_rate_hz), SMALL), SMALL)
    loud = found.bin == 50
    assert loud.any()
    np.testing.assert_allclose(found.bin[loud] + found.fraction[loud], at_bin, atol=0.02)


def test_a_fraction_stays_within_its_bin_and_is_0_at_the_edge() -> None:
    level_db = np.array([[9.0, 9.0, 3.0, 5.0, 5.0]], np.float32)
    row, column = np.zeros(5, np.int32), np.arange(5, dtype=np.int32)
    found = peaks.fractions(level_db, row, column)
    np.testing.assert_array_equal(found, np.float32([0, -0.499, 0, 0.499, 0]))


@pytest.mark.parametrize("n_bin", [10, 50, 100])
def test_a_pure_tone_has_its_peaks_in_its_bin_at_0_db(n_bin: int) -> None:
    tone = synthetic.tone(n_bin * SMALL.bin_hz, 1.0, SMALL.sample_rate_hz)
    found = peaks.local_maxima(spectrogram(Signal(tone, SMALL.sample_rate_hz), SMALL), SMALL)
    assert len(found)
    assert set(found.bin.tolist()) == {n_bin}
    np.testing.assert_allclose(found.level_db, 0.0, atol=0.002)


def _lead_db(height_db: np.ndarray, frame: int, bin_: int) -> float:
    """Return by how much a peak of an 8 x 5 grid exceeds the next highest around it."""
    around = height_db[max(frame - 4, 0) : frame + 4, max(bin_ - 2, 0) : bin_ + 3]
    second, first = np.sort(around, axis=None)[-2:]
    return float(first - second)


@pytest.mark.parametrize("exponent", [-4, 1])
@pytest.mark.parametrize("radii", [None, (10, 5)])
def test_gain_moves_no_peak(exponent: int, radii: tuple[int, int] | None) -> None:
    config = _config(8, 5, floor_db=-200.0, radii=radii)
    samples = synthetic.over_noise(synthetic.music(3.0, SMALL.sample_rate_hz, seed=7), 10)
    gain_db = 0.0 if radii else 20 * exponent * np.log10(2)
    before, after = (
        spectrogram(Signal(take, SMALL.sample_rate_hz), config)
        for take in (samples, samples * np.float32(2.0**exponent))
    )
    found = peaks.local_maxima(before, config)
    height_db = peaks.whiten(before, config)
    # The gain is no whole number of steps, so a lead of less than two steps may be rounded away.
    clear = [
        (frame, bin_)
        for frame, bin_ in zip(found.frame.tolist(), found.bin.tolist(), strict=True)
        if _lead_db(height_db, frame, bin_) > 2 * 2**-10
    ]
    assert len(clear) > 0.98 * len(found) > 300
    moved = peaks.local_maxima(after, config)
    assert set(clear) <= set(zip(moved.frame.tolist(), moved.bin.tolist(), strict=True))
    assert len(moved) == pytest.approx(len(found), rel=0.01)
    np.testing.assert_allclose(peaks.whiten(after, config) - height_db, gain_db, atol=2 * 2**-10)


def test_a_physical_neighbourhood_gives_the_peaks_of_its_grid() -> None:
    physical = SMALL.model_copy(
        update={
            "peaks": PeaksConfig(
                neighbourhood=PhysicalNeighbourhood(
                    width_s=6 * SMALL.hop_s, width_hz=4 * SMALL.bin_hz
                )
            )
        }
    )
    samples = synthetic.music(2.0, SMALL.sample_rate_hz, seed=7)
    levels = spectrogram(Signal(samples, SMALL.sample_rate_hz), physical)
    _same(
        peaks.local_maxima(levels, physical),
        peaks.local_maxima(levels, _config(7, 5, floor_db=-90.0)),
    )


def test_only_a_bin_between_two_that_are_no_higher_has_a_fraction() -> None:
    level_db = np.array([[8, 5, 3, 6, 4, 5, 9], [0, 6, 3, 0, 4, 6, 0]], np.float32)
    row = np.array([0, 0, 0, 0, 1, 1], np.int32)
    column = np.array([0, 6, 1, 3, 1, 5], np.int32)
    found = peaks.fractions(level_db, row, column)
    # (above - below) / (2 * (2 * middle - below - above)), where the bin is a top
    np.testing.assert_allclose(found, [0, 0, 0, 1 / 10, 3 / 18, -4 / 16], atol=1e-6)


def test_peaks_of_tiles_count_bins_from_zero_where_the_band_starts_higher() -> None:
    level_db = np.random.default_rng(5).uniform(-60, 0, (40, 12)).astype(np.float32)
    config = _config(3, 3, radii=(2, 2))
    tiles = [
        Spectrogram(level_db[start:end], SMALL.hop_s, SMALL.bin_hz, start, 7)
        for start, end in itertools.pairwise([0, 9, 17, 40])
    ]
    whole = Spectrogram(level_db, SMALL.hop_s, SMALL.bin_hz, 0, 7)
    found = peaks.local_maxima_of_tiles(tiles, config)
    assert found.bin.min() >= 7
    _same(found, peaks.local_maxima(whole, config))
