"""The stages composed: audio in, fingerprints or query hashes out. Touches no store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from fpcore import hashing, peaks, spectrogram
from fpcore.config import FingerprintConfig, QueryConfig
from fpcore.landmarks import landmarks
from fpcore.matching import BLOCK_S
from fpcore.records import FloatArray, Hashes, Peaks, QueryHashes, Signal


@dataclass(frozen=True, slots=True, eq=False)
class Fingerprint:
    """What is stored of a song: its constellation, its hashes and how long it is."""

    peaks: Peaks
    hashes: Hashes
    duration_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """What is looked up for a recording: hashes at all shifts, and the peaks at each shift."""

    hashes: QueryHashes
    peaks: tuple[Peaks, ...]
    duration_s: float

    @property
    def n_blocks(self) -> int:
        """Length in blocks of `fpcore.matching.BLOCK_S`, the last one counted in full."""
        return int(np.ceil(self.duration_s / BLOCK_S))


def fingerprint(blocks: Iterable[FloatArray], config: FingerprintConfig) -> Fingerprint:
    """Return the fingerprint of a song given as a stream of sample blocks.

    ``blocks`` are mono float32 at the sample rate of ``config``, cut anywhere; memory stays
    bounded however long the song is. Silence gives an empty fingerprint.
    """
    counter = _Counter(blocks)
    found = peaks.local_maxima_of_tiles(spectrogram.tiles_of(counter, config), config)
    kept = peaks.thin(found, config, config.peaks.max_peaks_per_s)
    hashes = hashing.hashes(landmarks(kept, config), config)
    return Fingerprint(kept, hashes, counter.n_samples / config.sample_rate_hz)


def query(signal: Signal, config: FingerprintConfig, query_config: QueryConfig) -> Query:
    """Return the hashes to look up for a recording, at every sub-hop shift.

    Shift ``i`` leaves out the first ``i / n_shifts`` of a hop, so that at one of the shifts the
    frames of the query lie close to those that the song was indexed with.
    """
    n_shifts = query_config.n_shifts
    density = query_config.max_peaks_per_s or config.peaks.max_peaks_per_s
    tokens, ticks, anchor_bins, constellations = [], [], [], []
    for shift in range(n_shifts):
        skip = shift * config.spectrogram.hop_length // n_shifts
        shifted = Signal(signal.samples[skip:], signal.sample_rate_hz)
        found = peaks.local_maxima(spectrogram.spectrogram(shifted, config), config)
        kept = peaks.thin(found, config, density)
        pairs = landmarks(kept, config, query_config.fan_out)
        hashes = hashing.hashes(pairs, config)
        tokens.append(hashes.token)
        anchor_bins.append(pairs.anchor_bin)
        ticks.append(hashes.frame * np.int32(n_shifts) + np.int32(shift))
        constellations.append(kept)
    all_hashes = QueryHashes(
        np.concatenate(tokens), np.concatenate(ticks), np.concatenate(anchor_bins), n_shifts
    )
    return Query(all_hashes, tuple(constellations), signal.duration_s)


class _Counter:
    """Passes sample blocks on and counts their samples."""

    def __init__(self, blocks: Iterable[FloatArray]) -> None:
        self._blocks = blocks
        self.n_samples = 0

    def __iter__(self) -> Iterator[FloatArray]:
        for block in self._blocks:
            self.n_samples += len(block)
            yield block
