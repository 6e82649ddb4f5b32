"""Songs made from a seed, a naive index to compare with, and the two forms of tokens."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from fpcore import pipeline
from fpcore.config import FingerprintConfig, SpectrogramConfig
from fpcore.places import Address
from fpcore.records import Constellation, Hashes, LongArray, Postings
from fpcore.store import Entry, NewSong, SqliteStore, Store, open_store
from fpcore.store.layout import LayoutName
from tests import postgres

PACKED = FingerprintConfig(spectrogram=SpectrogramConfig(min_hz=200.0, max_hz=3500.0))
TEXT = PACKED.model_copy(update={"token": "text"})
CONFIGS = {"packed": PACKED, "text": TEXT}

N_SONGS = 6
"""How many songs the shared indexes hold."""


def entry(
    seed: int, *, n_hashes: int = 200, name: str | None = None, checksum: str | None = None
) -> Entry:
    """Return a song whose tokens partly occur in every other song, partly in few."""
    rng = np.random.default_rng(seed)
    common = rng.integers(0, 60, n_hashes // 2) * 1009
    rare = rng.integers(0, PACKED.n_tokens, n_hashes - n_hashes // 2)
    frames = np.sort(rng.integers(0, 4000, n_hashes)).astype(np.int32)
    hashes = Hashes(rng.permutation(np.concatenate([common, rare])), frames)
    file = checksum or f"checksum {seed}"
    song = NewSong(name or f"song {seed}", file, 4000 * PACKED.hop_s, {"seed": seed})
    return song, hashes, constellation(seed)


def derived_entry(seed: int) -> Entry:
    """Return a song whose hashes are those of its constellation, as with real music."""
    song, *_ = entry(seed)
    peaks = constellation(seed, n_peaks=600, first_bin=PACKED.first_bin, n_bins=PACKED.n_bins)
    made = pipeline.fingerprint_from(peaks, song.duration_s, PACKED)
    return song, made.hashes, peaks


def constellation(
    seed: int, *, n_peaks: int = 40, first_bin: int = 0, n_bins: int = 2049
) -> Constellation:
    """Return sorted peaks without repeats, about half of them paired."""
    rng = np.random.default_rng(seed)
    cells = np.sort(rng.choice(4000 * n_bins, n_peaks, replace=False))
    levels = rng.normal(20, 10, n_peaks).astype(np.float32)
    frame, bin_ = (cells // n_bins).astype(np.int32), (first_bin + cells % n_bins).astype(np.int32)
    paired = rng.random(n_peaks) < 0.5
    return Constellation(frame, bin_, levels, np.zeros(n_peaks, np.float32), paired)


def no_peaks() -> Constellation:
    """Return a constellation without peaks."""
    return constellation(0, n_peaks=0)


def hashes(*pairs: tuple[int, int]) -> Hashes:
    """Return hashes of (token, frame) pairs."""
    return Hashes(
        np.array([token for token, _ in pairs], dtype=np.int64),
        np.array([frame for _, frame in pairs], dtype=np.int32),
    )


def bare(name: str) -> Entry:
    """Return a song of one hash and no peaks."""
    return NewSong(name, f"checksum of {name}", 1.0), hashes((1, 1)), no_peaks()


def new_store(
    path: Path, kind: str = "packed", layout: LayoutName = "classic", **options: Any
) -> SqliteStore:
    """Return an empty index with tokens of a kind, in a layout."""
    return open_store(path, CONFIGS[kind], create=True, layout=layout, **options)


Refusal = Callable[[Path, str], None]
"""Asserts that a path is refused as an index, for a reason."""

Engine = Callable[[Path], Store]
"""Opens the index at a path, a new one if there is none."""


def new_postgres_store(path: Path, *, databases: ExitStack, kind: str = "packed") -> Store:
    """Return the index in a database of the shared server that is called like the path.

    A backup at the path is opened itself, and so is what a store calls its path. The database is
    removed at the end of ``databases``.
    """
    if isinstance(path, Address) or path.exists():
        return open_store(path, CONFIGS[kind], create=True)
    url = databases.enter_context(postgres.database(postgres.shared(), suffix=path.name))
    return open_store(url, CONFIGS[kind], create=True)


ENGINES: dict[str, Engine] = {
    "sqlite, segments": partial(new_store, layout="segments"),
    "sqlite, segments, text": partial(new_store, kind="text", layout="segments"),
    "sqlite, packed": partial(new_store, kind="packed"),
    "sqlite, text": partial(new_store, kind="text"),
    "postgresql": new_postgres_store,
}
"""Every engine that there is; all keep one contract."""


def postings_of(hashes: Hashes) -> set[tuple[int, int]]:
    """Return the distinct (token, frame) pairs of a song."""
    return set(zip(hashes.token.tolist(), hashes.frame.tolist(), strict=True))


def scan(songs: dict[int, Hashes], tokens: LongArray) -> list[tuple[int, int, int]]:
    """Return what a look-up must find, sorted: the naive way, over every hash of every song."""
    return sorted(
        (row, song_id, frame)
        for song_id, hashes in songs.items()
        for token, frame in postings_of(hashes)
        for row, wanted in enumerate(tokens.tolist())
        if token == wanted
    )


def rows(postings: Postings) -> list[tuple[int, int, int]]:
    """Return postings as sorted (query_row, song_id, frame)."""
    columns = (postings.query_row, postings.song_id, postings.frame)
    return sorted(zip(*(column.tolist() for column in columns), strict=True))


def in_sql(path: Path, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """Run one statement as any other program would, without this package."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        return connection.execute(statement, parameters).fetchall()


def files_in(folder: Path) -> dict[str, str]:
    """Return the checksum of each file of a folder; of none when it is not there."""
    files = sorted(file for file in folder.rglob("*") if file.is_file()) if folder.is_dir() else []
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
