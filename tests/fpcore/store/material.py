"""Songs made from a seed, a naive index to compare with, and the two forms of tokens."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from fpcore.config import FingerprintConfig, SpectrogramConfig
from fpcore.records import Constellation, Hashes, LongArray, Postings
from fpcore.store import Entry, NewSong, SqliteStore, open_store

PACKED = FingerprintConfig(spectrogram=SpectrogramConfig(min_hz=200.0, max_hz=3500.0))
TEXT = PACKED.model_copy(update={"token": "text"})
CONFIGS = {"packed": PACKED, "text": TEXT}


def entry(seed: int, *, n_hashes: int = 200, name: str | None = None) -> Entry:
    """Return a song whose tokens partly occur in every other song, partly in few."""
    rng = np.random.default_rng(seed)
    common = rng.integers(0, 60, n_hashes // 2) * 1009
    rare = rng.integers(0, PACKED.n_tokens, n_hashes - n_hashes // 2)
    frames = np.sort(rng.integers(0, 4000, n_hashes)).astype(np.int32)
    hashes = Hashes(rng.permutation(np.concatenate([common, rare])), frames)
    song = NewSong(name or f"song {seed}", f"checksum {seed}", 4000 * PACKED.hop_s, {"seed": seed})
    return song, hashes, constellation(seed)


def constellation(seed: int, *, n_peaks: int = 40) -> Constellation:
    """Return sorted peaks without repeats, about half of them paired."""
    rng = np.random.default_rng(seed)
    cells = np.sort(rng.choice(4000 * 2049, n_peaks, replace=False))
    levels = rng.normal(20, 10, n_peaks).astype(np.float32)
    frame, bin_ = (cells // 2049).astype(np.int32), (cells % 2049).astype(np.int32)
    paired = rng.random(n_peaks) < 0.5
    return Constellation(frame, bin_, levels, np.zeros(n_peaks, np.float32), paired)


def new_store(path: Path, kind: str = "packed", **options: Any) -> SqliteStore:
    """Return an empty index with tokens of a kind."""
    return open_store(path, CONFIGS[kind], create=True, **options)


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
