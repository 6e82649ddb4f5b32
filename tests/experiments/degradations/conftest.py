from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from scipy.signal import correlate

from fpcore.records import FloatArray, Signal

RATE_HZ = 22050


@pytest.fixture
def tune() -> Signal:
    """Five seconds of plucked notes without a pause, peak 0.5."""
    return Signal(plucked().copy(), RATE_HZ)


@cache
def plucked() -> FloatArray:
    rng = np.random.default_rng(7)
    samples = np.zeros(6 * RATE_HZ)
    time_s = np.arange(RATE_HZ) / RATE_HZ
    for start in range(0, len(samples) - RATE_HZ, RATE_HZ // 6):
        pitch_hz = 110 * 2 ** (rng.integers(36) / 12)
        harmonics = sum(np.sin(2 * np.pi * k * pitch_hz * time_s) / k for k in range(1, 8))
        samples[start : start + RATE_HZ] += np.exp(-time_s / 0.3) * harmonics
        samples[start : start + 400] += rng.standard_normal(400)
    samples = samples[: 5 * RATE_HZ]
    return (0.5 * samples / np.max(np.abs(samples))).astype(np.float32)


@pytest.fixture
def hiss() -> Signal:
    """Four seconds of white noise at -20 dB."""
    rng = np.random.default_rng(8)
    return Signal(0.1 * rng.standard_normal(4 * RATE_HZ, dtype=np.float32), RATE_HZ)


@pytest.fixture
def delay_samples() -> Callable[[FloatArray, FloatArray], float]:
    """Tells by how many samples the first signal lags behind the second, to fractions."""

    def measure(late: FloatArray, early: FloatArray) -> float:
        n = min(len(late), len(early))
        correlation = np.abs(
            correlate(late[:n].astype(np.float64), early[:n].astype(np.float64), method="fft")
        )
        top = int(np.argmax(correlation))
        before, at, after = correlation[top - 1 : top + 2]
        return top - (n - 1) + 0.5 * (before - after) / (before - 2 * at + after)

    return measure


@pytest.fixture
def tone() -> Callable[..., Signal]:
    """Makes sines of amplitude 0.5."""

    def make(frequency_hz: float, *, duration_s: float = 3.0, rate_hz: int = RATE_HZ) -> Signal:
        time_s = np.arange(round(duration_s * rate_hz)) / rate_hz
        sine = 0.5 * np.sin(2 * np.pi * frequency_hz * time_s)
        return Signal(sine.astype(np.float32), rate_hz)

    return make


@pytest.fixture
def loudest_hz() -> Callable[[Signal], float]:
    """Tells the frequency of the highest peak of the spectrum, interpolated between bins."""

    def measure(signal: Signal) -> float:
        n = len(signal.samples)
        level = np.log(np.abs(np.fft.rfft(signal.samples * np.hanning(n))) + 1e-12)
        top = int(np.argmax(level))
        before, at, after = level[top - 1 : top + 2]
        return (
            (top + 0.5 * (before - after) / (before - 2 * at + after)) * signal.sample_rate_hz / n
        )

    return measure
