from pathlib import Path

import numpy as np
import pytest
import soundfile
from scipy.signal import welch

from experiments.degradations import SilentSignalError, degrade
from experiments.degradations.config import Babble, Degradation, Pink, Recording, White
from experiments.degradations.levels import active_mask
from experiments.degradations.noise import loop, pink_noise
from fpcore.errors import AudioError, ConfigError
from fpcore.records import FloatArray, Signal

RATE_HZ = 22050


def added(signal: Signal, degradation: Degradation, *, seed: int = 0, **sources: list[Path]):
    """What a degradation adds to a signal."""
    noisy = degrade(signal, [degradation], rng=np.random.default_rng(seed), sources=sources)
    return noisy.samples - signal.samples


def octave_density_db(noise: FloatArray) -> np.ndarray:
    """Mean power per hertz in the octaves from 40 Hz to 10.24 kHz, in dB."""
    frequency_hz, density = welch(noise, RATE_HZ, nperseg=8192)
    edges_hz = 40 * 2.0 ** np.arange(9)
    return np.array(
        [
            10 * np.log10(np.mean(density[(frequency_hz >= low) & (frequency_hz < 2 * low)]))
            for low in edges_hz[:-1]
        ]
    )


def similarity(noise: FloatArray, part: FloatArray) -> float:
    return float(np.dot(noise, part) / np.linalg.norm(noise) / np.linalg.norm(part))


@pytest.mark.parametrize("snr_db", [-5.0, 0.0, 20.0])
@pytest.mark.parametrize("kind", ["white", "pink", "babble"])
@pytest.mark.parametrize("paused", [False, True])
def test_the_snr_is_the_snr(tune: Signal, kind: str, snr_db: float, paused: bool) -> None:
    samples = tune.samples.copy()
    if paused:
        samples[2 * RATE_HZ : 4 * RATE_HZ] = 0
    signal = Signal(samples, RATE_HZ)
    degradation = {
        "white": White(snr_db=snr_db),
        "pink": Pink(snr_db=snr_db),
        "babble": Babble(snr_db=snr_db, talkers="synthetic"),
    }[kind]
    noise = added(signal, degradation).astype(np.float64)
    active = active_mask(samples, RATE_HZ)
    assert active.mean() == pytest.approx(0.6 if paused else 1.0, abs=0.1)
    snr = 10 * np.log10(np.mean(samples[active] ** 2) / np.mean(noise[active] ** 2))
    assert snr == pytest.approx(snr_db, abs=0.02)


def test_white_noise_is_flat_and_gaussian(hiss: Signal) -> None:
    signal = Signal(np.tile(hiss.samples, 10), RATE_HZ)
    noise = added(signal, White(snr_db=0))
    density_db = octave_density_db(noise)
    assert np.ptp(density_db[2:]) < 0.3
    assert np.ptp(density_db) < 1.0  # the lowest octaves average few bins
    standard = noise.astype(np.float64) / np.std(noise)
    assert np.mean(standard**4) == pytest.approx(3, abs=0.05)
    assert np.mean(np.abs(standard) > 2) == pytest.approx(0.0455, abs=0.002)


def test_pink_noise_falls_by_3_db_an_octave(hiss: Signal) -> None:
    signal = Signal(np.tile(hiss.samples, 10), RATE_HZ)
    density_db = octave_density_db(added(signal, Pink(snr_db=0)))
    slope_db = np.polyfit(np.arange(len(density_db)), density_db, 1)[0]
    assert slope_db == pytest.approx(-3.01, abs=0.1)
    assert np.max(np.abs(np.diff(density_db) + 3.01)) < 0.8


def test_pink_noise_is_level_below_20_hz() -> None:
    noise = pink_noise(120 * RATE_HZ, RATE_HZ, np.random.default_rng(0))
    frequency_hz, density = welch(noise, RATE_HZ, nperseg=2**16)
    low, knee = (
        np.mean(density[(frequency_hz >= a) & (frequency_hz < b)]) for a, b in ((2, 10), (15, 20))
    )
    assert 10 * np.log10(low / knee) == pytest.approx(0, abs=1.5)


@pytest.mark.parametrize("degradation", [White(snr_db=0), Pink(snr_db=0)])
def test_noise_hangs_on_the_generator_alone(hiss: Signal, degradation: Degradation) -> None:
    first, again, other = (added(hiss, degradation, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert abs(similarity(first, other)) < 0.05


def test_a_recording_is_cut_at_random_places(tmp_path: Path, tune: Signal) -> None:
    recorded = np.random.default_rng(5).standard_normal(12 * RATE_HZ).astype(np.float32) * 0.1
    path = tmp_path / "street.wav"
    soundfile.write(path, recorded, RATE_HZ, subtype="FLOAT")
    starts = []
    for seed in range(4):
        noise = added(tune, Recording(snr_db=0), seed=seed, noise=[path])
        n_fft = len(recorded) + len(noise)
        match = np.fft.irfft(np.fft.rfft(recorded, n_fft) * np.conj(np.fft.rfft(noise, n_fft)))
        start = int(np.argmax(match))
        assert similarity(noise, recorded[start : start + len(noise)]) > 0.9999
        starts.append(start)
    assert len(set(starts)) == 4


def test_every_recording_of_the_source_is_used(tmp_path: Path, tone, loudest_hz, hiss) -> None:
    pitches_hz = [500, 900, 1700]
    for pitch_hz in pitches_hz:
        soundfile.write(tmp_path / f"{pitch_hz}.wav", tone(pitch_hz).samples, RATE_HZ)
    paths = sorted(tmp_path.iterdir())
    heard = {
        round(
            loudest_hz(Signal(added(hiss, Recording(snr_db=0), seed=seed, noise=paths), RATE_HZ)),
            -2,
        )
        for seed in range(12)
    }
    assert heard == set(pitches_hz)


def test_a_recording_has_the_asked_snr_and_sample_rate(tmp_path: Path, tune, tone) -> None:
    path = tmp_path / "fan.wav"
    soundfile.write(path, tone(1000, duration_s=9, rate_hz=44100).samples, 44100)
    noise = added(tune, Recording(snr_db=7), noise=[path])
    snr_db = 20 * np.log10(np.std(tune.samples) / np.std(noise))
    assert snr_db == pytest.approx(7, abs=0.1)
    spectrum = np.abs(np.fft.rfft(noise * np.hanning(len(noise))))
    assert np.argmax(spectrum) * RATE_HZ / len(noise) == pytest.approx(1000, abs=0.5)


def test_a_short_recording_is_looped_without_seams(tmp_path: Path, tune: Signal) -> None:
    recorded = 0.1 * np.random.default_rng(5).standard_normal(RATE_HZ).astype(np.float32)
    path = tmp_path / "short.wav"
    soundfile.write(path, recorded, RATE_HZ, subtype="FLOAT")
    noise = added(tune, Recording(snr_db=0), noise=[path])
    period = round(0.95 * RATE_HZ)
    np.testing.assert_allclose(noise[period:], noise[:-period], atol=1e-5)
    blocks = noise[: len(noise) // 500 * 500].reshape(-1, 500)
    level_db = 20 * np.log10(np.std(blocks, axis=1) / np.std(noise))
    assert np.max(np.abs(level_db)) < 1.2  # as much as blocks of plain noise vary


def test_a_loop_fades_its_end_into_its_start() -> None:
    ramp = np.linspace(1, 2, 1000, dtype=np.float32)
    period = loop(ramp, 100)
    assert len(period) == 900
    assert period[0] == pytest.approx(ramp[900], abs=0.02)  # goes on after ramp[899]
    assert np.array_equal(period[100:], ramp[100:900])
    noise = np.random.default_rng(0).standard_normal((4000, 1000)).astype(np.float32)
    power = np.mean([loop(row, 100)[:100] ** 2 for row in noise], axis=0)
    assert np.max(np.abs(power - 1)) < 0.12


@pytest.mark.parametrize("n_samples", [1, 2, 3, 60])
def test_even_the_shortest_recording_loops(n_samples: int) -> None:
    period = loop(np.ones(n_samples, dtype=np.float32), 100)
    assert len(period) == n_samples - n_samples // 2
    assert np.all(np.isfinite(period))


def test_a_silent_cut_is_drawn_anew(tmp_path: Path, tune: Signal) -> None:
    loud = 0.1 * np.random.default_rng(5).standard_normal(6 * RATE_HZ)
    paths = [tmp_path / "loud.wav", tmp_path / "silent.wav"]
    soundfile.write(paths[0], loud, RATE_HZ)
    soundfile.write(paths[1], np.zeros(6 * RATE_HZ), RATE_HZ)
    for seed in range(6):
        noise = added(tune, Recording(snr_db=0), seed=seed, noise=paths)
        assert np.std(noise) == pytest.approx(np.std(tune.samples), rel=0.05)


def test_only_silent_recordings_are_refused(tmp_path: Path, tune: Signal) -> None:
    path = tmp_path / "silent.wav"
    soundfile.write(path, np.zeros(RATE_HZ), RATE_HZ)
    with pytest.raises(SilentSignalError, match=r"source 'noise' were all silent.*silent\.wav"):
        added(tune, Recording(snr_db=0), noise=[path])


def test_a_missing_source_is_named_with_the_known_ones(tune: Signal) -> None:
    with pytest.raises(ConfigError, match=r"source 'street', which is not given \(given: noise\)"):
        added(tune, Recording(snr_db=0, source="street"), noise=[])


def test_an_empty_source_is_refused(tune: Signal) -> None:
    with pytest.raises(ConfigError, match="source 'noise' holds no audio file"):
        added(tune, Recording(snr_db=0), noise=[])


def test_a_recording_that_is_no_audio_is_refused(tmp_path: Path, tune: Signal) -> None:
    path = tmp_path / "notes.wav"
    path.write_text("not audio")
    with pytest.raises(AudioError, match=r"notes\.wav"):
        added(tune, Recording(snr_db=0), noise=[path])
