from collections.abc import Callable

import numpy as np
import pytest
from scipy.signal import welch

from experiments.degradations import degrade
from experiments.degradations.config import Codec
from fpcore.records import FloatArray, Signal

RATE_HZ = 22050
CODECS = ["mp3", "aac", "opus"]


def through(signal: Signal, codec: str, bit_rate_bps: int) -> FloatArray:
    chain = [Codec(codec=codec, bit_rate_bps=bit_rate_bps)]
    return degrade(signal, chain, rng=np.random.default_rng(0)).samples


def error_db(samples: FloatArray, original: FloatArray) -> float:
    return float(20 * np.log10(np.std(samples - original) / np.std(original)))


@pytest.mark.parametrize("rate_hz", [8000, 11025, 22050, 44100, 48000, 96000])
@pytest.mark.parametrize("codec", CODECS)
def test_a_codec_does_not_delay(
    codec: str, rate_hz: int, delay_samples: Callable[[FloatArray, FloatArray], float]
) -> None:
    rng = np.random.default_rng(0)
    samples = np.convolve(rng.standard_normal(2 * rate_hz + 77), np.ones(8) / 30, "same")
    signal = Signal(samples.astype(np.float32), rate_hz)
    decoded = through(signal, codec, 64_000)
    assert len(decoded) == len(samples)
    assert delay_samples(decoded, signal.samples) == pytest.approx(0, abs=0.2)


@pytest.mark.parametrize(
    "codec, bit_rate_bps", [("mp3", 8000), ("mp3", 32000), ("aac", 16000), ("opus", 16000)]
)
def test_low_bit_rates_do_not_delay(
    tune: Signal,
    codec: str,
    bit_rate_bps: int,
    delay_samples: Callable[[FloatArray, FloatArray], float],
) -> None:
    assert abs(delay_samples(through(tune, codec, bit_rate_bps), tune.samples)) < 1


@pytest.mark.parametrize("bit_rate_bps", [6000, 8000, 12000])
def test_opus_at_speech_rates_delays_by_less_than_a_quarter_of_a_millisecond(
    tune: Signal, bit_rate_bps: int, delay_samples: Callable[[FloatArray, FloatArray], float]
) -> None:
    late = delay_samples(through(tune, "opus", bit_rate_bps), tune.samples)
    assert abs(late) / RATE_HZ < 0.25e-3


@pytest.mark.parametrize("codec", CODECS)
def test_a_codec_is_lossy_and_the_more_the_fewer_bits(tune: Signal, codec: str) -> None:
    errors_db = [error_db(through(tune, codec, rate), tune.samples) for rate in (16000, 96000)]
    assert -25 < errors_db[0] < -3
    assert errors_db[1] < errors_db[0] - 5


@pytest.mark.parametrize(
    "codec, bit_rate_bps, limit_hz",
    [("mp3", 8000, 4500), ("aac", 8000, 6000), ("opus", 8000, 4500)],
)
def test_few_bits_cost_the_high_frequencies(
    hiss: Signal, codec: str, bit_rate_bps: int, limit_hz: float
) -> None:
    frequency_hz, density = welch(through(hiss, codec, bit_rate_bps), RATE_HZ, nperseg=1024)
    kept = density[(frequency_hz > 300) & (frequency_hz < 2000)].mean()
    lost = density[(frequency_hz > limit_hz) & (frequency_hz < 10000)].mean()
    assert 10 * np.log10(lost / kept) < -30


@pytest.mark.parametrize("codec", CODECS)
def test_a_loud_signal_is_not_clipped(tune: Signal, codec: str) -> None:
    loud = Signal(16 * tune.samples, RATE_HZ)  # a power of two, so that nothing is rounded
    assert np.array_equal(through(loud, codec, 32_000), 16 * through(tune, codec, 32_000))


@pytest.mark.parametrize("codec", CODECS)
def test_the_level_is_kept(tune: Signal, codec: str) -> None:
    change_db = 20 * np.log10(np.std(through(tune, codec, 48_000)) / np.std(tune.samples))
    assert change_db == pytest.approx(0, abs=0.6)


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("n_samples", [1, 100, 576, 1025])
def test_short_excerpts_keep_their_length(codec: str, n_samples: int) -> None:
    samples = np.full(n_samples, 0.1, dtype=np.float32)
    decoded = through(Signal(samples, RATE_HZ), codec, 32_000)
    assert decoded.shape == samples.shape
    assert np.all(np.isfinite(decoded))


@pytest.mark.parametrize("codec", CODECS)
def test_the_end_of_the_excerpt_comes_out_too(hiss: Signal, codec: str) -> None:
    error = through(hiss, codec, 96_000) - hiss.samples
    assert np.std(error[-500:]) < 1.5 * np.std(error)


@pytest.mark.parametrize("codec", CODECS)
def test_silence_stays_silent(codec: str) -> None:
    decoded = through(Signal(np.zeros(RATE_HZ, np.float32), RATE_HZ), codec, 32_000)
    assert np.max(np.abs(decoded)) < 1e-4


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("rate_hz", [8000, 22050, 48000])
@pytest.mark.parametrize("end", ["least", "most"])
def test_the_bit_rates_that_are_allowed_work(codec: str, rate_hz: int, end: str) -> None:
    least, most = (6000, 256_000) if codec == "opus" else (8000, 320_000)
    rng = np.random.default_rng(0)
    signal = Signal(0.1 * rng.standard_normal(rate_hz, dtype=np.float32), rate_hz)
    decoded = through(signal, codec, least if end == "least" else most)
    assert np.std(decoded) > 0.02
