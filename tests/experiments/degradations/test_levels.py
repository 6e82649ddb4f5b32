import numpy as np
import pytest
from scipy.signal import lfilter

from experiments.degradations.levels import (
    SilentNoiseError,
    SilentSignalError,
    active_level_db,
    active_mask,
    headroom_gain,
    mix_at_snr,
)
from fpcore.records import FloatArray, Signal

RATE_HZ = 8000


def bursts(*, n_bursts: int = 4, on_s: float = 1.0, off_s: float = 1.0) -> FloatArray:
    """Noise at -20 dB, interrupted by digital silence."""
    rng = np.random.default_rng(3)
    noise = 0.1 * rng.standard_normal((n_bursts, round(on_s * RATE_HZ)), dtype=np.float32)
    pauses = np.zeros((n_bursts, round(off_s * RATE_HZ)), dtype=np.float32)
    return np.concatenate([noise, pauses], axis=1).ravel()


def p56_level_db(samples: FloatArray, rate_hz: int) -> float:
    """Method B of ITU-T P.56, sample by sample, with thresholds 0.1 dB apart."""
    decay = np.exp(-1 / (rate_hz * 0.03))
    envelope = np.abs(samples.astype(np.float64))
    for _ in range(2):
        envelope = lfilter([1 - decay], [1, -decay], envelope)
    energy = np.sum(samples.astype(np.float64) ** 2)
    hangover = round(0.2 * rate_hz)
    for threshold_db in np.arange(-80.0, 0.0, 0.1):
        above = envelope >= 10 ** (threshold_db / 20)
        n_active, since = 0, hangover
        for is_above in above:
            since = 0 if is_above else since + 1
            n_active += since < hangover
        level_db = 10 * np.log10(energy / n_active)
        if level_db - threshold_db <= 15.9:
            return float(level_db)
    raise AssertionError("no threshold is 15.9 dB below the active level")


@pytest.mark.parametrize("on_s, off_s", [(0.4, 0.6), (0.15, 0.15)])
def test_active_level_is_that_of_p56(on_s: float, off_s: float) -> None:
    samples = bursts(n_bursts=2, on_s=on_s, off_s=off_s)
    level_db = active_level_db(Signal(samples, RATE_HZ))
    # Thresholds are 0.5 dB apart and time is in blocks of 5 ms.
    assert level_db == pytest.approx(p56_level_db(samples, RATE_HZ), abs=0.3)


def test_pauses_hardly_lower_the_active_level() -> None:
    samples = bursts()
    mean_db = 10 * np.log10(np.mean(samples.astype(np.float64) ** 2))
    level_db = active_level_db(Signal(samples, RATE_HZ))
    assert mean_db == pytest.approx(-23.0, abs=0.1)
    # The hangover and the decay of the envelope count 0.3 s of each pause as active.
    assert -21.4 < level_db < -20.0


def test_pauses_longer_than_the_hangover_are_inactive() -> None:
    mask = active_mask(bursts(), RATE_HZ).reshape(4, 2, RATE_HZ)
    assert np.all(mask[:, 0, RATE_HZ // 20 :])
    assert not np.any(mask[:, 1, RATE_HZ // 2 :])


def test_all_of_a_steady_sound_is_active() -> None:
    samples = 0.1 * np.random.default_rng(0).standard_normal(RATE_HZ * 3, dtype=np.float32)
    mask = active_mask(samples, RATE_HZ)
    assert len(mask) == len(samples)
    assert np.all(mask[RATE_HZ // 20 :])
    assert active_level_db(Signal(samples, RATE_HZ)) == pytest.approx(-20.0, abs=0.1)


@pytest.mark.parametrize("gain", [1e-4, 0.5, 30.0])
def test_activity_does_not_depend_on_the_gain(gain: float) -> None:
    samples = bursts()
    louder = np.float32(gain) * samples
    assert np.array_equal(active_mask(louder, RATE_HZ), active_mask(samples, RATE_HZ))


@pytest.mark.parametrize("n_samples", [1, 39, 40, 41, 8001])
def test_every_sample_is_told_active_or_not(n_samples: int) -> None:
    samples = np.full(n_samples, 0.1, dtype=np.float32)
    mask = active_mask(samples, RATE_HZ)
    assert mask.shape == samples.shape
    assert mask[-1]


def test_a_lone_click_is_active() -> None:
    samples = np.zeros(RATE_HZ * 2, dtype=np.float32)
    samples[5000] = 1.0
    mask = active_mask(samples, RATE_HZ)
    assert mask[5000]
    assert mask.mean() < 0.25


@pytest.mark.parametrize("samples", [np.zeros(800), np.zeros(0), np.full(800, 1e-7)])
def test_silence_has_no_level(samples: FloatArray) -> None:
    with pytest.raises(SilentSignalError, match=r"the signal is silent.*cut the excerpt where"):
        active_mask(samples.astype(np.float32), RATE_HZ)


def test_noise_that_pauses_where_the_signal_sounds_is_refused() -> None:
    signal = bursts(n_bursts=1)
    noise = np.zeros_like(signal)
    noise[-100:] = 0.1
    with pytest.raises(SilentNoiseError, match="the noise is silent where the signal is active"):
        mix_at_snr(Signal(signal, RATE_HZ), noise, snr_db=0)


@pytest.mark.parametrize("snr_db", [-20.0, 0.0, 13.5, 40.0])
def test_mixing_sets_the_ratio_on_the_active_samples(snr_db: float) -> None:
    signal = Signal(bursts(), RATE_HZ)
    noise = np.random.default_rng(1).standard_normal(len(signal.samples), dtype=np.float32)
    added = mix_at_snr(signal, noise, snr_db=snr_db).samples - signal.samples
    mask = active_mask(signal.samples, RATE_HZ)
    powers = [np.mean(part[mask].astype(np.float64) ** 2) for part in (signal.samples, added)]
    assert 10 * np.log10(powers[0] / powers[1]) == pytest.approx(snr_db, abs=0.01)


def test_pauses_in_the_signal_do_not_make_the_noise_softer() -> None:
    noise = np.random.default_rng(1).standard_normal(8 * RATE_HZ, dtype=np.float32)
    steady = bursts(n_bursts=8, off_s=0.0)
    broken = bursts()
    added = [
        mix_at_snr(Signal(samples, RATE_HZ), noise, snr_db=0).samples - samples
        for samples in (steady, broken)
    ]
    change_db = 20 * np.log10(np.std(added[1]) / np.std(added[0]))
    # Over the whole length it would be -3 dB; what is left comes from the hangover.
    assert -1.4 < change_db < 0.1


def test_headroom_only_ever_turns_down() -> None:
    samples = np.array([0.1, -0.8], dtype=np.float32)
    assert headroom_gain(samples, peak=0.5) == pytest.approx(0.625)
    assert headroom_gain(samples, peak=0.9) == 1.0
    assert headroom_gain(np.zeros(3, dtype=np.float32), peak=0.5) == 1.0
