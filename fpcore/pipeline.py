"""The stages composed: audio in, fingerprints or query hashes out. Touches no store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from fpcore import hashing, peaks, spectrogram
from fpcore.config import FingerprintConfig, QueryConfig
from fpcore.landmarks import landmarks
from fpcore.matching import BLOCK_S
from fpcore.records import (
    AS_LEARNED,
    FloatArray,
    Hashes,
    Peaks,
    Playback,
    QueryHashes,
    Signal,
)


@dataclass(frozen=True, slots=True, eq=False)
class Fingerprint:
    """What is stored of a song: its constellation, its hashes and how long it is."""

    peaks: Peaks
    hashes: Hashes
    duration_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """What is looked up for a recording: hashes at all shifts, and the peaks at each shift.

    ``peaks`` and ``duration_s`` are those of the recording as it was heard; ``hashes`` are
    those it would have if it had not been played as ``playback`` says, their ticks included.
    """

    hashes: QueryHashes
    peaks: tuple[Peaks, ...]
    duration_s: float
    playback: Playback = AS_LEARNED

    @property
    def n_blocks(self) -> int:
        """Length in blocks of `fpcore.matching.BLOCK_S`, the last one counted in full."""
        return int(np.ceil(self.duration_s * self.playback.tempo / BLOCK_S))


def fingerprint(blocks: Iterable[FloatArray], config: FingerprintConfig) -> Fingerprint:
    """Return the fingerprint of a song given as a stream of sample blocks.

    ``blocks`` are mono float32 at the sample rate of ``config``, cut anywhere; memory stays
    bounded however long the song is. Silence gives an empty fingerprint.
    """
    counter = _Counter(blocks)
    maxima = peaks.local_maxima_of_tiles(spectrogram.tiles_of(counter, config), config)
    return fingerprint_of(maxima, counter.n_samples / config.sample_rate_hz, config)


def fingerprint_of(maxima: Peaks, duration_s: float, config: FingerprintConfig) -> Fingerprint:
    """Return the fingerprint of a song whose local maxima are known."""
    kept = peaks.thin(maxima, config, config.peaks.max_peaks_per_s)
    return Fingerprint(kept, hashing.hashes(landmarks(kept, config), config), duration_s)


def query(signal: Signal, config: FingerprintConfig, query_config: QueryConfig) -> Query:
    """Return the hashes to look up for a recording, at every sub-hop shift."""
    maxima = query_maxima(signal, config, n_shifts=query_config.n_shifts)
    return query_of(maxima, signal.duration_s, config, query_config)


def query_maxima(signal: Signal, config: FingerprintConfig, *, n_shifts: int) -> tuple[Peaks, ...]:
    """Return the local maxima of a recording at each of ``n_shifts`` sub-hop shifts.

    Shift ``i`` leaves out the first ``i / n_shifts`` of a hop, so that at one of the shifts the
    frames of the query lie close to those that the song was indexed with.
    """
    found = []
    for shift in range(n_shifts):
        skip = shift * config.spectrogram.hop_length // n_shifts
        shifted = Signal(signal.samples[skip:], signal.sample_rate_hz)
        found.append(peaks.local_maxima(spectrogram.spectrogram(shifted, config), config))
    return tuple(found)


def query_of(
    maxima: Sequence[Peaks],
    duration_s: float,
    config: FingerprintConfig,
    query_config: QueryConfig,
) -> Query:
    """Return the hashes to look up for a recording whose maxima at each shift are known."""
    n_shifts = len(maxima)
    density = query_config.max_peaks_per_s or config.peaks.max_peaks_per_s
    constellations = tuple(peaks.thin(found, config, density) for found in maxima)
    pairs = [landmarks(kept, config, query_config.fan_out) for kept in constellations]
    hashes = [hashing.hashes(found, config) for found in pairs]
    all_hashes = QueryHashes(
        np.concatenate([one.token for one in hashes]),
        np.concatenate(
            [one.frame * np.int32(n_shifts) + np.int32(shift) for shift, one in enumerate(hashes)]
        ),
        np.concatenate([found.anchor_bin for found in pairs]),
        n_shifts,
    )
    return Query(all_hashes, constellations, duration_s)


class _Counter:
    """Passes sample blocks on and counts their samples."""

    def __init__(self, blocks: Iterable[FloatArray]) -> None:
        self._blocks = blocks
        self.n_samples = 0

    def __iter__(self) -> Iterator[FloatArray]:
        for block in self._blocks:
            self.n_samples += len(block)
            yield block
