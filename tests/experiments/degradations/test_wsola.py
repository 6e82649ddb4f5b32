import numpy as np
import pytest

from experiments.degradations.wsola import fragment_sizes, stretch
from fpcore.records import FloatArray, Signal


def naive_stretch(samples: FloatArray, rate_hz: int, factor: float, n_out: int) -> np.ndarray:
    """WSOLA fragment by fragment and place by place, in double precision."""
    hop, search = fragment_sizes(rate_hz)
    padded = np.pad(samples.astype(np.float64), (hop + search, 8 * (hop + search)), "symmetric")
    window = np.sin(np.pi * (np.arange(2 * hop) + 0.5) / (2 * hop)) ** 2
    out = np.zeros(n_out + 3 * hop)
    start = search
    for fragment in range(n_out // hop + 2):
        if fragment:
            wanted = padded[start + hop : start + 3 * hop]
            best, start = -np.inf, -1
            for place in range(2 * search + 1):
                at = round(fragment * hop * factor) + place
                piece = padded[at : at + 2 * hop]
                likeness = np.dot(piece, wanted) / np.sqrt(max(np.dot(piece, piece), 1e-12))
                if likeness > best + 1e-9:
                    best, start = likeness, at
        end = fragment * hop + 2 * hop
        piece = padded[start : start + 2 * hop]
        out[end - 2 * hop : end] += (window * piece)[: len(out[end - 2 * hop : end])]
    return out[hop : hop + n_out]


@pytest.mark.parametrize("factor", [0.5, 0.94, 1.06, 2.0])
def test_equals_the_naive_search(tune: Signal, factor: float) -> None:
    rate_hz = 4000
    samples = np.ascontiguousarray(tune.samples[: 22050 * 3 : 6])
    n_out = round(len(samples) / factor)
    fast = stretch(samples, rate_hz, factor=factor, n_out=n_out)
    np.testing.assert_allclose(fast, naive_stretch(samples, rate_hz, factor, n_out), atol=1e-5)


def test_the_same_tempo_returns_the_same_samples(tune: Signal) -> None:
    n_out = len(tune.samples)
    same = stretch(tune.samples, tune.sample_rate_hz, factor=1.0, n_out=n_out)
    np.testing.assert_allclose(same, tune.samples, atol=1e-6)


@pytest.mark.parametrize("factor", [0.94, 1.06])
def test_a_tone_stays_pure(factor: float) -> None:
    rate_hz = 22050
    time_s = np.arange(3 * rate_hz) / rate_hz
    sine = np.sin(2 * np.pi * 997 * time_s).astype(np.float32)
    played = stretch(sine, rate_hz, factor=factor, n_out=2 * rate_hz)[1000:-1000]
    spectrum = np.abs(np.fft.rfft(played * np.blackman(len(played)))) ** 2
    at = round(997 * len(played) / rate_hz)
    beside = spectrum.sum() - spectrum[at - 4 : at + 5].sum()
    assert 10 * np.log10(beside / spectrum.sum()) < -40


def test_silence_stays_silent() -> None:
    assert not np.any(stretch(np.zeros(9000, np.float32), 22050, factor=1.1, n_out=8000))
