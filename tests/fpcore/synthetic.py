"""Deterministic signals, two contrasting configurations and an index in a dict."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import soxr
from numpy.typing import NDArray

from experiments.corpora import generated
from fpcore import pipeline
from fpcore.config import (
    BoxWhitening,
    FingerprintConfig,
    GridNeighbourhood,
    PairsConfig,
    PeaksConfig,
    PhysicalNeighbourhood,
    QueryConfig,
    SpectrogramConfig,
)
from fpcore.records import Candidates, Constellation, Peaks, Postings, QueryHashes, Signal
from fpcore.stages import matching

CLASSIC = FingerprintConfig()
"""No whitening, 20 x 20 local maxima, every peak kept."""

LEAN = FingerprintConfig(
    spectrogram=SpectrogramConfig(min_hz=200.0, max_hz=3500.0),
    whitening=BoxWhitening(width_hz=400.0, width_s=2.0),
    peaks=PeaksConfig(
        neighbourhood=PhysicalNeighbourhood(width_s=0.3, width_hz=220.0), max_peaks_per_s=10.0
    ),
    pairs=PairsConfig(fan_out=5, max_delta_s=2.0, max_delta_hz=1400.0),
)
"""Whitened, in a band, ten peaks a second."""

SMALL = FingerprintConfig(
    sample_rate_hz=8000,
    spectrogram=SpectrogramConfig(n_fft=256, hop_length=64),
    peaks=PeaksConfig(neighbourhood=GridNeighbourhood(n_frames=8, n_bins=5), floor_db=-80.0),
    pairs=PairsConfig(fan_out=3, max_delta_s=0.2),
)
"""Short windows: many frames from few samples."""


def all_paired(peaks: Peaks) -> Constellation:
    """Return the constellation of which every peak is paired."""
    return Constellation.of(peaks, np.ones(len(peaks), np.bool_))


def integer_noise(n_samples: int, seed: int) -> NDArray[np.float64]:
    """Return noise in [-1, 1) from integer arithmetic, the same on every machine for ever."""
    first = np.uint64(seed * 0x9E3779B97F4A7C15 % 2**64)
    state = np.arange(n_samples, dtype=np.uint64) + first
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        state = (state ^ (state >> np.uint64(shift))) * np.uint64(factor)
    state ^= state >> np.uint64(31)
    return (state >> np.uint64(11)).astype(np.float64) * 2.0**-52 - 1


def plucked_notes(duration_s: float, sample_rate_hz: int, seed: int) -> NDArray[np.float32]:
    """Return plucked notes at uneven times over faint noise, the same on every machine for ever."""
    n_samples = round(duration_s * sample_rate_hz)
    samples = 0.003 * integer_noise(n_samples, seed)
    choice = integer_noise(12 * int(np.ceil(duration_s)) * 4, seed + 1_000_003) / 2 + 0.5
    for n_note, (when, pitch, loudness, decay) in enumerate(choice.reshape(-1, 4)):
        start = round((n_note + when) / 12 * sample_rate_hz)
        length = min(round(0.8 * sample_rate_hz), n_samples - start)
        if length <= 0:
            continue
        t_s = np.arange(length) / sample_rate_hz
        hz = 110 * 2 ** (np.floor(pitch * 48) / 12)
        overtones = sum(np.sin(2 * np.pi * hz * k * t_s) / k for k in range(1, 6))
        envelope = np.minimum(t_s * 200, 1) * np.exp(-t_s * (3 + 9 * decay))
        samples[start : start + length] += 0.05 * (1 + loudness) * overtones * envelope
    return samples.astype(np.float32)


def music(duration_s: float, sample_rate_hz: int, seed: int) -> NDArray[np.float32]:
    """Return the beginning of song ``seed`` of the corpus ``generated``, at -10 dB.

    Songs are at least 32 s long; at that level, a few of them can be added up.
    """
    samples = _song(seed, sample_rate_hz)[: round(duration_s * sample_rate_hz)]
    assert len(samples) == round(duration_s * sample_rate_hz), f"song {seed} is shorter"
    return samples


@lru_cache(maxsize=32)
def _song(index: int, sample_rate_hz: int) -> NDArray[np.float32]:
    """Return a whole generated song as mono; read-only, as it is given to every caller."""
    mono = 10 ** (-10 / 20) / 32768 * generated.song(index).mean(axis=1)
    samples = soxr.resample(mono, generated.RATE_HZ, sample_rate_hz).astype(np.float32)
    samples.flags.writeable = False
    return samples


def over_noise(samples: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
    """Return samples over noise at -55 dB, as in every recording: generated music falls silent."""
    return samples + (0.003 * integer_noise(len(samples), seed)).astype(np.float32)


def tone(
    hz: float, duration_s: float, sample_rate_hz: int, amplitude: float = 1.0
) -> NDArray[np.float32]:
    """Return a steady sine that begins at phase 0."""
    t_s = np.arange(round(duration_s * sample_rate_hz)) / sample_rate_hz
    return (amplitude * np.sin(2 * np.pi * hz * t_s)).astype(np.float32)


def blocks(samples: NDArray[np.float32], lengths: list[int]) -> Iterator[NDArray[np.float32]]:
    """Yield ``samples`` cut into blocks of ``lengths``, over and over until all are out."""
    start, turn = 0, 0
    while start < len(samples):
        length = lengths[turn % len(lengths)]
        yield samples[start : start + length]
        start, turn = start + length, turn + 1


class DictIndex:
    """Songs in memory: token -> where it stands."""

    def __init__(self, config: FingerprintConfig) -> None:
        self.config = config
        self._entries: dict[int, list[tuple[int, int]]] = defaultdict(list)

    def learn(self, song_id: int, samples: NDArray[np.float32]) -> None:
        """Add the fingerprint of a song."""
        found = pipeline.fingerprint([samples], self.config).hashes
        for token, frame in zip(found.token.tolist(), found.frame.tolist(), strict=True):
            self._entries[token].append((song_id, frame))

    def lookup(self, query: QueryHashes) -> tuple[NDArray[np.int64], Postings]:
        """Return the distinct tokens of a query, sorted, and their postings."""
        tokens = np.unique(query.token)
        rows = [
            (row, song_id, frame)
            for row, token in enumerate(tokens.tolist())
            for song_id, frame in self._entries.get(token, [])
        ]
        columns = np.array(rows, np.int64).reshape(-1, 3).T
        return tokens, Postings(columns[0], columns[1], columns[2].astype(np.int32))

    def recognise(
        self, samples: NDArray[np.float32], query_config: QueryConfig
    ) -> tuple[Candidates, float]:
        """Return the candidates of a recording, and the seconds that one tick lasts."""
        signal = Signal(samples, self.config.sample_rate_hz)
        query = pipeline.query(signal, self.config, query_config).hashes
        found = matching.hits(query, *self.lookup(query))
        candidates = matching.rank(found, query_config)
        return candidates, self.config.hop_s / query.ticks_per_frame
