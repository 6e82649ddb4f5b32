"""What stages of the pipeline gave before, kept on disk by content and shared between trials.

A stage's result is found by what went into it: the checksum of the audio and the part of the
configuration that the stage reads. So a sweep over fan-out decodes, transforms and picks peaks
once. Entries are written beside and renamed: a killed run leaves none that is half there.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.corpora import Corpus, Track
from fpcore import audio, peaks, pipeline, spectrogram
from fpcore.config import ALGORITHM_VERSION, FingerprintConfig
from fpcore.records import Peaks, Signal

_LAYOUT = 5
"""Raised whenever the files of constellations are written otherwise."""


@dataclass(frozen=True)
class StageCache:
    """Results of stages under one folder; safe to use from several processes."""

    folder: Path

    def signal(self, corpus: Corpus, track: Track, config: FingerprintConfig) -> Signal:
        """Return the decoded audio of a track, mapped into memory."""
        key = {"checksum": track.checksum, **_audio_part(config)}
        path = self._path("audio", key, ".npy")
        if not path.is_file():
            decoded = audio.load(
                corpus.path_of(track),
                sample_rate_hz=config.sample_rate_hz,
                resampler=config.resampler,
            )
            _write(path, decoded.samples)
        return Signal(np.load(path, mmap_mode="r"), config.sample_rate_hz)

    def song_maxima(self, corpus: Corpus, track: Track, config: FingerprintConfig) -> Peaks:
        """Return the local maxima of a whole track, before thinning."""
        key = {"checksum": track.checksum, **maxima_part(config)}
        path = self._path("songs", key, ".peaks")
        if not path.is_file():
            samples = self.signal(corpus, track, config).samples
            tiles = spectrogram.tiles_of([samples], config)
            maxima = [peaks.local_maxima_of_tiles(tiles, config)]
            _write_peaks(path, maxima, duration_s=track.duration_s)
        return _read_peaks(path)[0][0]

    def query_maxima(
        self,
        make: Callable[[], Signal],
        origin: Mapping[str, Any],
        config: FingerprintConfig,
        *,
        n_shifts: int,
    ) -> tuple[tuple[Peaks, ...], float]:
        """Return the local maxima of a query at each shift, and its duration in seconds.

        ``origin`` is all that the query's samples follow from; ``make`` makes them when they
        are needed.
        """
        key = {"origin": dict(origin), "n_shifts": n_shifts, **maxima_part(config)}
        path = self._path("queries", key, ".peaks")
        if not path.is_file():
            heard = make()
            maxima = pipeline.query_maxima(heard, config, n_shifts=n_shifts)
            _write_peaks(path, maxima, duration_s=heard.duration_s)
        return _read_peaks(path)

    def _path(self, stage: str, key: Mapping[str, Any], suffix: str) -> Path:
        text = json.dumps(key, sort_keys=True, separators=(",", ":"))
        name = hashlib.sha256(text.encode()).hexdigest()[:40]
        return self.folder / stage / name[:2] / f"{name}{suffix}"


def _audio_part(config: FingerprintConfig) -> dict[str, Any]:
    return {"sample_rate_hz": config.sample_rate_hz, "resampler": config.resampler}


def maxima_part(config: FingerprintConfig) -> dict[str, Any]:
    """Return what the local maxima depend on: all but the thinning, the pairs and the token."""
    return {
        "algorithm": ALGORITHM_VERSION,
        "layout": _LAYOUT,
        **_audio_part(config),
        **config.model_dump(mode="json", include={"spectrogram", "whitening"}),
        "neighbourhood": list(config.neighbourhood),
        "floor_db": config.peaks.floor_db,
    }


def _write(path: Path, array: NDArray[Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with beside.open("wb") as stream:
        np.save(stream, array)
    beside.replace(path)


def _write_peaks(path: Path, parts: Sequence[Peaks], *, duration_s: float) -> None:
    """Write constellations as three arrays: where each begins and ends, duration, columns."""
    columns = [
        np.concatenate([part.frame for part in parts]),
        np.concatenate([part.bin for part in parts]),
        np.concatenate([part.level_db for part in parts]).view(np.int32),
        np.concatenate([part.fraction for part in parts]).view(np.int32),
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with beside.open("wb") as stream:
        np.save(stream, np.cumsum([0, *map(len, parts)], dtype=np.int64))
        np.save(stream, np.float64(duration_s))
        np.save(stream, np.stack(columns))
    beside.replace(path)


def _read_peaks(path: Path) -> tuple[tuple[Peaks, ...], float]:
    with path.open("rb") as stream:
        ends, duration_s, columns = np.load(stream), float(np.load(stream)), np.load(stream)
    frame, bins = columns[:2]
    level_db, fraction = columns[2:].view(np.float32)
    spans = [slice(*span) for span in itertools.pairwise(ends.tolist())]
    parts = (Peaks(frame[at], bins[at], level_db[at], fraction[at]) for at in spans)
    return tuple(parts), duration_s
