from collections.abc import Callable

import numpy as np
import pytest

from experiments.degradations import degrade
from experiments.degradations.config import BandPass, Clipping, Degradation, Gain
from fpcore.records import FloatArray, Signal


def apply(signal: Signal, degradation: Degradation) -> FloatArray:
    return degrade(signal, [degradation], rng=np.random.default_rng(0)).samples


@pytest.mark.parametrize("gain_db", [-60.0, -6.0, 0.0, 20.0])
def test_gain_is_exact(tune: Signal, gain_db: float) -> None:
    expected = tune.samples.astype(np.float64) * 10 ** (gain_db / 20)
    np.testing.assert_allclose(apply(tune, Gain(gain_db=gain_db)), expected, rtol=1e-6)


def test_gain_above_full_scale_does_not_clip(tune: Signal) -> None:
    assert np.max(np.abs(apply(tune, Gain(gain_db=40)))) == pytest.approx(50.0, rel=1e-4)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_clipping_limits_at_a_share_of_the_peak(tone: Callable[..., Signal], share: float) -> None:
    sine = tone(101.0)
    clipped = apply(sine, Clipping(ceiling_share=share))
    ceiling = share * 0.5
    assert np.max(np.abs(clipped)) == pytest.approx(ceiling, rel=1e-4)
    # A sine spends this share of its time above `share` of its amplitude.
    at_the_ceiling = np.mean(np.abs(clipped) > 0.9999 * ceiling)
    assert at_the_ceiling == pytest.approx(1 - 2 / np.pi * np.arcsin(share), abs=0.01)


def test_clipping_leaves_what_is_below_the_ceiling(tune: Signal) -> None:
    clipped = apply(tune, Clipping(ceiling_share=0.3))
    below = np.abs(tune.samples) < 0.15 * 0.9999
    assert 0.5 < below.mean() < 1
    assert np.array_equal(clipped[below], tune.samples[below])


def test_clipping_at_the_peak_changes_nothing(tune: Signal) -> None:
    assert np.array_equal(apply(tune, Clipping(ceiling_share=1.0)), tune.samples)


@pytest.mark.parametrize(
    "frequency_hz, expected_db",
    [
        (75, -24.1),  # two octaves below: 12 dB an octave
        (150, -12.3),
        (300, -3.01),
        (1400, 0.0),
        (6000, -3.0),
        (9000, -7.8),  # 10 log10(1 + 1.5 ** 4)
    ],
)
def test_a_loudspeaker_passes_its_band(
    tone: Callable[..., Signal], frequency_hz: float, expected_db: float
) -> None:
    sine = tone(frequency_hz)
    middle = slice(20000, 40000)
    passed = apply(sine, BandPass(low_hz=300, high_hz=6000, order=2))[middle]
    level_db = 20 * np.log10(np.std(passed) / np.std(sine.samples[middle]))
    assert level_db == pytest.approx(expected_db, abs=0.1)


def test_a_loudspeaker_does_not_delay(
    hiss: Signal, delay_samples: Callable[[FloatArray, FloatArray], float]
) -> None:
    passed = apply(hiss, BandPass())
    assert len(passed) == len(hiss.samples)
    assert delay_samples(passed, hiss.samples) == pytest.approx(0, abs=1e-3)


def test_a_band_pass_does_not_wrap_around(hiss: Signal) -> None:
    samples = hiss.samples.copy()
    samples[: len(samples) // 2] = 0
    passed = apply(Signal(samples, hiss.sample_rate_hz), BandPass(low_hz=50, order=4))
    assert np.max(np.abs(passed[:10000])) < 1e-3 * np.max(np.abs(passed))


def test_a_band_above_half_the_sample_rate_only_cuts_below(tone: Callable[..., Signal]) -> None:
    sine = tone(2000, rate_hz=8000)
    passed = apply(sine, BandPass(low_hz=100, high_hz=20000))
    assert np.std(passed) == pytest.approx(np.std(sine.samples), rel=0.01)
