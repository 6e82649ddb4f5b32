from collections.abc import Callable

import numpy as np
import pytest

from experiments.degradations import degrade
from experiments.degradations.config import Degradation, Pitch, Speed, Tempo
from fpcore.records import Signal

RATE_HZ = 22050
WSOLA_S = 0.012  # the search range of 10 ms and the rise of the sound


def apply(signal: Signal, degradation: Degradation) -> Signal:
    return degrade(signal, [degradation], rng=np.random.default_rng(0))


def plucks(rate_hz: int = RATE_HZ) -> tuple[Signal, np.ndarray]:
    """Decaying 800 Hz tones at irregular times, and these times in s."""
    times_s = np.array([0.5, 1.31, 2.02, 3.17, 4.4, 5.09, 6.6, 7.77, 8.9])
    samples = np.zeros(10 * rate_hz, dtype=np.float32)
    length_s = np.arange(rate_hz // 5) / rate_hz
    for start_s in times_s:
        start = round(start_s * rate_hz)
        pluck = np.exp(-length_s / 0.02) * np.sin(2 * np.pi * 800 * length_s)
        samples[start : start + len(pluck)] += pluck.astype(np.float32)
    return Signal(samples, rate_hz), times_s


def onsets_s(signal: Signal, expected_s: np.ndarray) -> np.ndarray:
    """First time within 100 ms of each expected one at which the sound is loud."""
    found = []
    for time_s in expected_s:
        first = round((time_s - 0.1) * signal.sample_rate_hz)
        window = np.abs(signal.samples[first : first + signal.sample_rate_hz // 5])
        assert window.max() > 0.4
        found.append((first + int(np.argmax(window > 0.3))) / signal.sample_rate_hz)
    return np.array(found)


@pytest.mark.parametrize("factor", [0.5, 0.95, 0.98, 1.0, 1.02, 1.05, 1.7, 2.0])
def test_speed_scales_duration_and_pitch(
    tone: Callable[..., Signal], loudest_hz: Callable[[Signal], float], factor: float
) -> None:
    sine = tone(1000)
    played = apply(sine, Speed(factor=factor))
    assert len(played.samples) == round(len(sine.samples) / factor)
    assert loudest_hz(played) == pytest.approx(1000 * factor, rel=1e-4)
    assert np.std(played.samples) == pytest.approx(np.std(sine.samples), rel=0.01)


@pytest.mark.parametrize("factor", [0.95, 1.05, 1.5])
def test_speed_moves_time_t_to_t_over_factor(factor: float) -> None:
    signal, times_s = plucks()
    expected_s = times_s / factor
    found_s = onsets_s(apply(signal, Speed(factor=factor)), expected_s)
    rise_s = onsets_s(signal, times_s) - times_s  # 0.3 is reached a little after the start
    assert np.max(np.abs(found_s - expected_s - rise_s / factor)) < 2 / RATE_HZ


def test_speed_does_not_fold_high_tones_down(tone: Callable[..., Signal]) -> None:
    played = apply(tone(9000), Speed(factor=1.5))
    assert np.std(played.samples[5000:-5000]) < 1e-4


@pytest.mark.parametrize("factor", [0.5, 0.94, 0.99, 1.0, 1.01, 1.06, 2.0])
def test_tempo_keeps_pitch_and_scales_duration(
    tone: Callable[..., Signal], loudest_hz: Callable[[Signal], float], factor: float
) -> None:
    sine = tone(1000)
    played = apply(sine, Tempo(factor=factor))
    assert len(played.samples) == round(len(sine.samples) / factor)
    assert loudest_hz(played) == pytest.approx(1000, rel=1e-3)
    assert np.std(played.samples[5000:-5000]) == pytest.approx(np.std(sine.samples), rel=0.05)


@pytest.mark.parametrize("rate_hz", [8000, 22050, 44100])
@pytest.mark.parametrize("factor", [0.94, 0.98, 1.02, 1.06])
def test_tempo_moves_time_t_to_t_over_factor(factor: float, rate_hz: int) -> None:
    signal, times_s = plucks(rate_hz)
    error_s = onsets_s(apply(signal, Tempo(factor=factor)), times_s / factor) - times_s / factor
    assert np.max(np.abs(error_s)) < WSOLA_S


@pytest.mark.parametrize("factor", [0.5, 0.94, 1.06, 2.0])
def test_tempo_goes_on_to_the_end(tone: Callable[..., Signal], factor: float) -> None:
    played = apply(tone(500), Tempo(factor=factor)).samples
    assert np.std(played[-500:]) == pytest.approx(0.5 / np.sqrt(2), rel=0.2)
    assert np.std(played[:500]) == pytest.approx(0.5 / np.sqrt(2), rel=0.2)


@pytest.mark.parametrize("semitones", [-12, -1, -0.5, 0, 1, 7, 12])
def test_pitch_keeps_the_duration(
    tone: Callable[..., Signal], loudest_hz: Callable[[Signal], float], semitones: float
) -> None:
    sine = tone(1000)
    shifted = apply(sine, Pitch(semitones=semitones))
    assert len(shifted.samples) == len(sine.samples)
    assert loudest_hz(shifted) == pytest.approx(1000 * 2 ** (semitones / 12), rel=1e-3)


@pytest.mark.parametrize("semitones", [-1, 1])
def test_pitch_keeps_times(semitones: float) -> None:
    signal, times_s = plucks()
    error_s = onsets_s(apply(signal, Pitch(semitones=semitones)), times_s) - times_s
    assert np.max(np.abs(error_s)) < WSOLA_S


@pytest.mark.parametrize("degradation", [Tempo(factor=1.06), Pitch(semitones=1), Speed(factor=2)])
@pytest.mark.parametrize("n_samples", [1, 2, 100, 1025])
def test_short_excerpts_work(degradation: Degradation, n_samples: int) -> None:
    signal = Signal(np.full(n_samples, 0.1, dtype=np.float32), RATE_HZ)
    factor = getattr(degradation, "factor", 1.0)
    changed = apply(signal, degradation)
    assert len(changed.samples) == round(n_samples / factor)
    assert np.all(np.isfinite(changed.samples))
