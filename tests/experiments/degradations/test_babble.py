from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from scipy.signal import decimate, hilbert, welch

from experiments.degradations import SilentSignalError, degrade
from experiments.degradations.babble import SPEECH_SPECTRUM_DB, synthetic_babble
from experiments.degradations.config import Babble
from fpcore.errors import ConfigError
from fpcore.records import FloatArray, Signal

RATE_HZ = 22050


def babble_of(n_talkers: int, *, seed: int = 0, duration_s: float = 15) -> FloatArray:
    rng = np.random.default_rng(seed)
    return synthetic_babble(round(duration_s * RATE_HZ), RATE_HZ, n_talkers=n_talkers, rng=rng)


def modulation_depth(samples: FloatArray) -> tuple[np.ndarray, np.ndarray]:
    """Octaves from 0.5 Hz on, and the share of the envelope's variation in each."""
    envelope = np.abs(hilbert(samples))
    for step in (7, 7, 5):
        envelope = decimate(envelope, step)
    rate_hz = RATE_HZ / 245
    frequency_hz, power = welch(envelope / envelope.mean() - 1, rate_hz, nperseg=256)
    centres_hz = 0.5 * 2.0 ** np.arange(6)
    octaves = [
        power[(frequency_hz >= c / 2**0.5) & (frequency_hz < c * 2**0.5)].sum() for c in centres_hz
    ]
    return centres_hz, np.array(octaves)


def write_talker(path: Path, pitch_hz: float, *, level: float) -> Path:
    """A clip of 1 s: a tone between two silences of 0.5 s."""
    time_s = np.arange(RATE_HZ // 2) / RATE_HZ
    silence = np.zeros(RATE_HZ // 2)
    clip = np.concatenate([silence, level * np.sin(2 * np.pi * pitch_hz * time_s), silence])
    soundfile.write(path, clip, RATE_HZ, subtype="FLOAT")
    return path


def recorded(signal: Signal, paths: list[Path], *, n_talkers: int, seed: int = 0) -> FloatArray:
    babble = Babble(snr_db=0, talkers="recorded", n_talkers=n_talkers)
    rng = np.random.default_rng(seed)
    noisy = degrade(signal, [babble], rng=rng, sources={"speech": paths})
    return noisy.samples - signal.samples


def test_synthetic_babble_has_the_spectrum_of_speech() -> None:
    power = np.zeros(4097)
    for seed in range(4):
        frequency_hz, density = welch(babble_of(12, seed=seed), RATE_HZ, nperseg=8192)
        power += density
    bands_hz = [centre for centre in SPEECH_SPECTRUM_DB if 160 <= centre <= 8000]
    level_db = np.array(
        [
            10
            * np.log10(
                power[(frequency_hz >= c / 2 ** (1 / 6)) & (frequency_hz < c * 2 ** (1 / 6))].sum()
            )
            for c in bands_hz
        ]
    )
    difference_db = level_db - [SPEECH_SPECTRUM_DB[centre] for centre in bands_hz]
    assert np.max(np.abs(difference_db - np.mean(difference_db))) < 2.0


def test_a_synthetic_talker_speaks_in_syllables() -> None:
    centres_hz, depth = modulation_depth(babble_of(1))
    # Speech varies most at 3 to 6 Hz (Houtgast and Steeneken 1985); noise has no such maximum.
    assert centres_hz[np.argmax(depth)] == 4.0
    assert depth[3] > 2 * depth[[0, 1, 5]].max()


def test_more_talkers_make_a_steadier_babble() -> None:
    depths = [modulation_depth(babble_of(n))[1][3] for n in (1, 4, 16)]
    assert depths[0] > 2 * depths[1] > 4 * depths[2]


def test_synthetic_voices_have_a_pitch() -> None:
    voiced_shares = []
    for seed in range(6):
        voice = babble_of(1, seed=seed, duration_s=5).astype(np.float64)
        frames = np.lib.stride_tricks.sliding_window_view(voice, 1024)[::512]
        frames = frames[np.std(frames, axis=1) > np.std(voice) / 2]
        spectrum = np.abs(np.fft.rfft(frames, 2048)) ** 2
        correlation = np.fft.irfft(spectrum)[:, RATE_HZ // 300 : RATE_HZ // 80]
        periodicity = correlation.max(axis=1) / np.sum(frames**2, axis=1)
        voiced_shares.append(np.mean(periodicity > 0.5))
    assert min(voiced_shares) > 0.5


def test_synthetic_babble_differs_from_draw_to_draw() -> None:
    first, again, other = (babble_of(8, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert abs(np.corrcoef(first, other)[0, 1]) < 0.1


@pytest.mark.parametrize("rate_hz", [8000, 16000, 44100])
def test_synthetic_babble_is_made_at_any_rate(rate_hz: int, tone: Callable[..., Signal]) -> None:
    sine = tone(440, rate_hz=rate_hz)
    babble = Babble(snr_db=0, talkers="synthetic")
    noise = degrade(sine, [babble], rng=np.random.default_rng(0)).samples - sine.samples
    frequency_hz, density = welch(noise, rate_hz, nperseg=2048)
    centre_hz = np.sum(frequency_hz * density) / np.sum(density)
    assert 300 < centre_hz < 900


def test_recorded_talkers_are_equally_loud(tmp_path: Path, hiss: Signal) -> None:
    pitches_hz = [400, 700, 1100, 1900]
    paths = [
        write_talker(tmp_path / f"{pitch_hz}.wav", pitch_hz, level=0.02 * 2**i)
        for i, pitch_hz in enumerate(pitches_hz)
    ]
    noise = recorded(hiss, paths, n_talkers=4)
    spectrum = np.abs(np.fft.rfft(noise)) ** 2
    frequency_hz = np.fft.rfftfreq(len(noise), 1 / RATE_HZ)
    level_db = [
        10 * np.log10(spectrum[np.abs(frequency_hz - pitch_hz) < 100].sum())
        for pitch_hz in pitches_hz
    ]
    assert np.ptp(level_db) < 0.5
    assert 20 * np.log10(np.std(hiss.samples) / np.std(noise)) == pytest.approx(0, abs=0.1)


def test_silence_around_recorded_clips_is_left_out(tmp_path: Path, hiss: Signal) -> None:
    path = write_talker(tmp_path / "a.wav", 500, level=0.3)
    noise = recorded(hiss, [path], n_talkers=1)
    blocks = noise[: len(noise) // 441 * 441].reshape(-1, 441)  # 20 ms
    silent = np.std(blocks, axis=1) < np.std(noise) / 10
    # Half of the clip is silent; the hangover of the active segment keeps 0.3 s of it.
    assert silent.mean() < 0.4


def test_a_talker_goes_on_to_the_next_clip(tmp_path: Path, hiss: Signal) -> None:
    pitches_hz = [400, 700, 1100]
    paths = [write_talker(tmp_path / f"{p}.wav", p, level=0.2) for p in pitches_hz]
    noise = recorded(hiss, paths, n_talkers=1)
    spectrum = np.abs(np.fft.rfft(noise)) ** 2
    frequency_hz = np.fft.rfftfreq(len(noise), 1 / RATE_HZ)
    shares = [spectrum[np.abs(frequency_hz - p) < 100].sum() / spectrum.sum() for p in pitches_hz]
    assert min(shares) > 0.1


def test_a_silent_clip_is_skipped(tmp_path: Path, hiss: Signal) -> None:
    silent = tmp_path / "silent.wav"
    soundfile.write(silent, np.zeros(RATE_HZ), RATE_HZ)
    spoken = write_talker(tmp_path / "spoken.wav", 500, level=0.2)
    for seed in range(3):
        noise = recorded(hiss, [silent, spoken], n_talkers=1, seed=seed)
        assert np.std(noise) == pytest.approx(np.std(hiss.samples), rel=0.05)


def test_a_talker_with_silent_clips_only_is_refused(tmp_path: Path, hiss: Signal) -> None:
    silent = tmp_path / "silent.wav"
    soundfile.write(silent, np.zeros(RATE_HZ), RATE_HZ)
    with pytest.raises(SilentSignalError, match=r"all silent, the last one is .*silent\.wav"):
        recorded(hiss, [silent], n_talkers=1)


def test_recorded_talkers_never_fall_back_to_synthetic_ones(hiss: Signal) -> None:
    babble = Babble(snr_db=0, talkers="recorded")
    with pytest.raises(ConfigError, match=r"source 'speech', which is not given \(given: none\)"):
        degrade(hiss, [babble], rng=np.random.default_rng(0))


def test_more_talkers_than_clips_are_refused(tmp_path: Path, hiss: Signal) -> None:
    path = write_talker(tmp_path / "a.wav", 500, level=0.3)
    with pytest.raises(ConfigError, match="babble of 2 recorded talkers needs as many clips"):
        recorded(hiss, [path], n_talkers=2)
