import numpy as np
import pytest

from experiments.degradations.filters import butterworth, fit_length, resample, zero_phase


def test_a_flat_response_changes_nothing() -> None:
    samples = np.random.default_rng(0).standard_normal(5001, dtype=np.float32)
    filtered = zero_phase(samples, 8000, np.ones_like)
    assert filtered.dtype == np.float32
    np.testing.assert_allclose(filtered, samples, atol=1e-5)


def test_a_limit_far_below_every_frequency_lets_all_pass() -> None:
    frequency_hz = np.array([0.0, 1.0, 100.0, 4000.0, 20000.0])
    gains = butterworth(frequency_hz, low_hz=1e-6, high_hz=8000.0, order=16)
    np.testing.assert_allclose(gains, [0, 1, 1, 1, 0], atol=1e-5)
    silent = butterworth(frequency_hz, low_hz=1e-9, high_hz=1e-7, order=16)
    np.testing.assert_allclose(silent, 0, atol=1e-9)


def test_a_click_is_filtered_symmetrically() -> None:
    click = np.zeros(4001, dtype=np.float32)
    click[2000] = 1
    filtered = zero_phase(click, 8000, lambda frequency_hz: 1 / (1 + frequency_hz / 500))
    assert np.argmax(filtered) == 2000
    np.testing.assert_allclose(filtered, filtered[::-1], atol=1e-6)


@pytest.mark.parametrize("to_hz", [8000, 24000, 44100, 48000])
def test_resampling_there_and_back_keeps_samples_in_place(to_hz: int) -> None:
    time_s = np.arange(22050) / 22050
    samples = np.sin(2 * np.pi * (200 + 1500 * time_s) * time_s).astype(np.float32)
    there = resample(samples, 22050, to_hz)
    assert len(there) == to_hz
    back = resample(there, to_hz, 22050)
    np.testing.assert_allclose(back[500:-500], samples[500:-500], atol=1e-3)


def test_length_is_cut_or_filled_with_silence() -> None:
    samples = np.array([1, 2, 3], dtype=np.float32)
    assert fit_length(samples, 2).tolist() == [1, 2]
    assert fit_length(samples, 5).tolist() == [1, 2, 3, 0, 0]
