from collections.abc import Callable
from fractions import Fraction

import av
import numpy as np
import pytest

from experiments.degradations import degrade
from experiments.degradations.config import Gain, Telephone
from experiments.degradations.telephone import compand, mu_law_levels
from fpcore.records import FloatArray, Signal


def call(signal: Signal) -> FloatArray:
    return degrade(signal, [Telephone()], rng=np.random.default_rng(0)).samples


def through_g711(pcm: np.ndarray) -> np.ndarray:
    """16-bit samples encoded and decoded by FFmpeg's µ-law codec."""
    encoder = av.CodecContext.create("pcm_mulaw", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 8000, "mono", "s16"
    decoder = av.CodecContext.create("pcm_mulaw", "r")
    decoder.sample_rate, decoder.layout = 8000, "mono"
    frame = av.AudioFrame.from_ndarray(pcm[np.newaxis], format="s16", layout="mono")
    frame.sample_rate, frame.time_base, frame.pts = 8000, Fraction(1, 8000), 0
    packets = [*encoder.encode(frame), *encoder.encode(None)]
    frames = [frame for packet in packets for frame in decoder.decode(packet)]
    return np.concatenate([frame.to_ndarray().ravel() for frame in frames])


def test_levels_are_those_of_g711() -> None:
    levels = mu_law_levels() * 32768
    assert len(levels) == 255
    assert levels[127] == 0
    assert levels[-1] == 32124
    assert np.array_equal(levels, -levels[::-1])
    steps = np.diff(levels[127:])
    # Eight segments, each with steps twice as wide as the one before.
    assert sorted({int(step) for step in steps}) == [
        8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024
    ]  # fmt: skip


def test_companding_equals_the_g711_codec() -> None:
    pcm = np.arange(-32768, 32768, dtype=np.int16)
    expected = through_g711(pcm)
    ours = np.rint(compand(pcm.astype(np.float32) / 32768) * 32768).astype(int)
    differ = ours != expected
    # Halfway between two levels the codecs may take either.
    assert differ.mean() < 0.01
    levels = mu_law_levels() * 32768
    halfway = (levels[1:] + levels[:-1]) / 2
    distance = np.abs(pcm[differ].astype(float)[:, np.newaxis] - halfway).min(axis=1)
    assert np.all(distance <= 4)


def test_a_call_at_8_khz_holds_only_those_levels(tone: Callable[..., Signal]) -> None:
    received = call(tone(1003, rate_hz=8000))
    assert np.all(np.isin(received, mu_law_levels()))
    assert len(np.unique(received)) > 50


@pytest.mark.parametrize(
    "frequency_hz, low_db, high_db",
    [
        (100, -200, -60),
        (320, -2.5, 0),
        (1000, -0.1, 0.1),
        (3200, -2.5, 0),
        (3900, -200, -8),
        (5000, -200, -60),
    ],
)
def test_only_the_telephone_band_is_heard(
    tone: Callable[..., Signal], frequency_hz: float, low_db: float, high_db: float
) -> None:
    sine = tone(frequency_hz)
    spectrum = [np.abs(np.fft.rfft(samples)) for samples in (call(sine), sine.samples)]
    at = int(np.argmax(spectrum[1]))
    assert low_db <= 20 * np.log10(spectrum[0][at] / spectrum[1][at]) <= high_db


def test_quantisation_noise_is_that_of_8_bit_mu_law(tone: Callable[..., Signal]) -> None:
    sine = tone(1003, rate_hz=8000)
    received = call(sine)
    middle = slice(2000, -2000)
    error = received[middle] - sine.samples[middle]
    snr_db = 20 * np.log10(np.std(sine.samples[middle]) / np.std(error))
    # G.711 gives about 38 dB over a wide range of levels.
    assert 34 < snr_db < 42


@pytest.mark.parametrize("rate_hz", [8000, 11025, 22050, 44100])
def test_a_call_keeps_length_and_timing(
    rate_hz: int, delay_samples: Callable[[FloatArray, FloatArray], float]
) -> None:
    rng = np.random.default_rng(0)
    samples = 0.1 * rng.standard_normal(3 * rate_hz + 17, dtype=np.float32)
    received = call(Signal(samples, rate_hz))
    assert len(received) == len(samples)
    assert delay_samples(received, samples) == pytest.approx(0, abs=0.05)


def test_a_loud_signal_is_not_clipped(tune: Signal) -> None:
    loud = degrade(tune, [Gain(gain_db=30)], rng=np.random.default_rng(0))
    reference = call(tune)
    received = call(loud) / 10**1.5
    error_db = 20 * np.log10(np.std(received - reference) / np.std(reference))
    assert error_db < -28  # two different quantisations, and nothing else
