"""Cache of what stages of the pipeline gave before, on the disk, shared between trials.

A stage's result is found by what went into it: the checksum of the audio and the part of the
configuration that the stage reads. So a sweep over fan-out decodes, transforms and picks peaks
once. The checksum is that of the bytes which were read: it is checked after reading. An entry
appears whole or not at all, also when a run is killed. Nothing is ever removed.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from experiments.corpora import Corpus, Track
from experiments.corpora.reading import as_surveyed
from experiments.folders import cache_folder
from experiments.protocol.excerpts import Excerpt
from fpcore import atomic, audio, pipeline
from fpcore.config import ALGORITHM_VERSION, FingerprintConfig, QueryConfig
from fpcore.pipeline import Heard
from fpcore.records import LevelRanks, Peaks, Signal
from fpcore.stages import peaks, spectrogram
from fpcore.stages.pauses import Pause

_LAYOUT = 8
"""Raised whenever the format of these files changes; older entries are then not found."""

_HEARD = 3
"""Raised whenever something else is kept of an equal query."""

COLUMNS: dict[str, type[np.generic]] = {
    "frame": np.int32,
    "bin": np.int32,
    "level_db": np.float32,
    "fraction": np.float32,
}
"""The columns of `Peaks`, all of four bytes."""


@dataclass(frozen=True)
class StageCache:
    """Results of stages under one folder; safe to use from several processes."""

    folder: Path

    def signal(self, corpus: Corpus, track: Track, config: FingerprintConfig) -> Signal:
        """Return the decoded audio of a track, mapped into memory.

        Parameters
        ----------
        corpus : Corpus
            Where its file is.
        track : Track
            Whose checksum finds the entry.
        config : FingerprintConfig
            Sample rate and resampler.

        Returns
        -------
        Signal, float32 (n,), read-only

        Raises
        ------
        AudioError
            When the file cannot be decoded.
        CorpusError
            When it does not have the track's checksum any more; then nothing is kept.
        """
        key = {"checksum": track.checksum, **_audio_part(config)}
        path = self._path("audio", key, ".npy")
        if not path.is_file():
            with as_surveyed(corpus, track) as file:
                decoded = audio.load(
                    file, sample_rate_hz=config.sample_rate_hz, resampler=config.resampler
                )
            _write(path, decoded.samples)
        return Signal(np.load(path, mmap_mode="r"), config.sample_rate_hz)

    def starts(
        self,
        pick: Callable[[], Sequence[Excerpt]],
        drawn: Mapping[str, Any],
        track: Track,
        config: FingerprintConfig,
    ) -> NDArray[np.float64]:
        """Return where excerpts of a track start.

        Parameters
        ----------
        pick : callable
            Returns the excerpts; called when they are not in the cache. It has to search the
            whole track for silence.
        drawn : mapping, JSON values
            All that the choice depends on, besides the audio.
        track : Track
            Whose id and checksum find the entry.
        config : FingerprintConfig
            Sample rate and resampler.

        Returns
        -------
        float64 (n_excerpts,), in seconds
        """
        key = {"checksum": track.checksum, "track": track.id, **drawn, **_audio_part(config)}
        path = self._path("excerpts", key, ".npy")
        if not path.is_file():
            _write(path, np.array([excerpt.start_s for excerpt in pick()]))
        starts_s: NDArray[np.float64] = np.load(path)
        return starts_s

    def song_maxima(self, corpus: Corpus, track: Track, config: FingerprintConfig) -> Peaks:
        """Return the local maxima of a whole track, before thinning.

        Parameters
        ----------
        corpus : Corpus
            Where its file is.
        track : Track
            Whose checksum finds the entry.
        config : FingerprintConfig
            What `maxima_part` takes of it.

        Raises
        ------
        AudioError, CorpusError
            As `signal` does.
        """
        path = self._song_path(track, config)
        if not path.is_file():
            samples = self.signal(corpus, track, config).samples
            tiles = spectrogram.tiles_of([samples], config)
            _write_song(path, peaks.local_maxima_of_tiles(tiles, config))
        return _read_song(path)

    def has_song_maxima(self, track: Track, config: FingerprintConfig) -> bool:
        """Whether `song_maxima` has them already, so that it takes next to no time."""
        return self._song_path(track, config).is_file()

    def heard(
        self,
        make: Callable[[], Signal],
        origin: Mapping[str, Any],
        config: FingerprintConfig,
        query_config: QueryConfig,
    ) -> tuple[Heard, ...]:
        """Return the maxima and levels of each window of a query.

        Parameters
        ----------
        make : callable
            Returns the query's recording; called when it is not in the cache.
        origin : mapping, JSON values
            All that the recording's samples depend on.
        config : FingerprintConfig
            What `maxima_part` takes of it.
        query_config : QueryConfig
            Its shifts, and the neighbourhood of its thorough pass.

        Returns
        -------
        tuple of Heard
            By the start of their windows; at least one.
        """
        thorough = query_config.thorough
        key = {
            "origin": dict(origin),
            "heard": _HEARD,
            "n_shifts": query_config.n_shifts,
            "fine": None if thorough is None else [thorough.width_s, thorough.width_hz],
            **maxima_part(config),
        }
        path = self._path("queries", key, ".heard")
        if not path.is_file():
            _write_heard(path, pipeline.hear_windows(make(), config, query_config))
        return _read_heard(path)

    def _song_path(self, track: Track, config: FingerprintConfig) -> Path:
        key = {"checksum": track.checksum, **maxima_part(config)}
        return self._path("songs", key, ".peaks")

    def _path(self, stage: str, key: Mapping[str, Any], suffix: str) -> Path:
        text = json.dumps(key, sort_keys=True, separators=(",", ":"))
        name = hashlib.sha256(text.encode()).hexdigest()[:40]
        return self.folder / stage / name[:2] / f"{name}{suffix}"


def stage_cache() -> StageCache:
    """Return the cache of stages that all runs share."""
    return StageCache(cache_folder() / "stages")


def _audio_part(config: FingerprintConfig) -> dict[str, Any]:
    return {"sample_rate_hz": config.sample_rate_hz, "resampler": config.resampler}


def maxima_part(config: FingerprintConfig) -> dict[str, Any]:
    """Return the part of a configuration that local maxima depend on, as JSON values.

    That is all but the thinning of peaks, the pairs and the token.
    """
    return {
        "algorithm": ALGORITHM_VERSION,
        "layout": _LAYOUT,
        **_audio_part(config),
        **config.model_dump(mode="json", include={"spectrogram", "whitening"}),
        "neighbourhood": list(config.neighbourhood),
        "floor_db": config.peaks.floor_db,
    }


def _write(path: Path, array: NDArray[Any]) -> None:
    with _whole(path) as stream:
        np.save(stream, array)


@contextmanager
def _whole(path: Path) -> Iterator[BinaryIO]:
    """Give a stream whose content appears at ``path`` once it is written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic.opened(path) as stream:
        yield stream


def _write_song(path: Path, maxima: Peaks) -> None:
    with _whole(path) as stream:
        _save_peaks(stream, [maxima])


def _read_song(path: Path) -> Peaks:
    with path.open("rb") as stream:
        return _load_peaks(stream)[0]


def _write_heard(path: Path, windows: Sequence[Heard]) -> None:
    with _whole(path) as stream:
        np.save(stream, np.int64(len(windows)))
        for heard in windows:
            _save_peaks(stream, heard.maxima)
            _save_peaks(stream, heard.fine_maxima)
            np.save(stream, heard.ranks.rank)
            np.save(stream, heard.ranks.sounding)
            np.save(stream, np.array([heard.ranks.first_bin, heard.ranks.first_tick]))
            np.save(stream, np.array([heard.crest_db, heard.duration_s]))
            cut_out = [(one.start, one.end) for one in heard.cut_out]
            np.save(stream, np.array(cut_out, np.int64).reshape(-1, 2))


def _read_heard(path: Path) -> tuple[Heard, ...]:
    with path.open("rb") as stream:
        return tuple(_read_window(stream) for _ in range(int(np.load(stream))))


def _read_window(stream: BinaryIO) -> Heard:
    maxima, fine_maxima = _load_peaks(stream), _load_peaks(stream)
    ranks = LevelRanks(np.load(stream), np.load(stream), *np.load(stream).tolist())
    crest_db, duration_s = np.load(stream).tolist()
    cut_out = tuple(Pause(start, end) for start, end in np.load(stream).tolist())
    return Heard(maxima, fine_maxima, ranks, crest_db, duration_s, cut_out)


def _save_peaks(stream: BinaryIO, parts: Sequence[Peaks]) -> None:
    """Write constellations as two arrays: where each begins and ends, and their columns."""
    together = [
        np.concatenate([getattr(part, name) for part in parts] or [np.empty(0, dtype)])
        for name, dtype in COLUMNS.items()
    ]
    np.save(stream, np.cumsum([0, *map(len, parts)], dtype=np.int64))
    np.save(stream, np.stack([column.view(np.int32) for column in together]))


def _load_peaks(stream: BinaryIO) -> tuple[Peaks, ...]:
    ends, stacked = np.load(stream), np.load(stream)
    columns = [column.view(dtype) for column, dtype in zip(stacked, COLUMNS.values(), strict=True)]
    spans = itertools.pairwise(ends.tolist())
    return tuple(Peaks(*(column[start:end] for column in columns)) for start, end in spans)
