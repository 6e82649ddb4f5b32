"""Indexes with the tables of the version before, as that version of fpcore made them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np

from fpcore.config import FingerprintConfig
from fpcore.records import Hashes
from fpcore.store import Entry, NewSong, Song, SqliteStore, open_store, schema
from fpcore.store.classic import ClassicLayout

_ADDED = ("complete", "stated_s", "fingerprint_checksum", "songs_by_name", "copies")

_SONGS = """
CREATE TABLE songs (
  -- AUTOINCREMENT: the id of a removed song never comes to mean another one
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  checksum TEXT NOT NULL UNIQUE,  -- of the content: the same again is the same song
  duration_s REAL NOT NULL,
  n_fingerprints INTEGER NOT NULL,
  learned_at TEXT NOT NULL,  -- ISO 8601, UTC
  metadata TEXT NOT NULL  -- JSON object
) STRICT
"""


def make_old(path: Path, config: FingerprintConfig) -> None:
    """Write a closed index of today anew, with the tables of version 2.

    ``config`` is the one that it was made with.
    """
    _make_classic(path, config)
    old = path.with_name("old")
    with closing(sqlite3.connect(old, isolation_level=None)) as connection:
        connection.execute("PRAGMA page_size = 8192")
        connection.execute("PRAGMA journal_mode = WAL")
        for statement in _statements(config):
            connection.execute(statement)
        connection.execute("ATTACH ? AS today", (str(path),))
        kept = "id, name, checksum, duration_s, n_fingerprints, learned_at, metadata"
        connection.execute(f"INSERT INTO songs SELECT {kept} FROM today.songs")
        for table in ("meta", "fingerprints", "song_tokens", "constellations"):
            connection.execute(f"INSERT INTO {table} SELECT * FROM today.{table}")
        connection.execute(
            "UPDATE sqlite_sequence SET seq = (SELECT seq FROM today.sqlite_sequence)"
        )
        connection.execute("DETACH today")
        connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        connection.execute("PRAGMA user_version = 2")
    old.replace(path)


def _make_classic(path: Path, config: FingerprintConfig) -> None:
    """Write a closed index anew in the classic layout, the only one that there was."""
    classic = path.with_name("classic")
    with (
        open_store(path, config) as today,
        open_store(classic, config, create=True, layout="classic") as written,
    ):
        if isinstance(today._layout, ClassicLayout):
            entries = None
        else:
            entries = [_entry(today, song) for song in today.songs()]
            written.add_songs(entries)
    if entries is None:
        classic.unlink()
    else:
        classic.replace(path)


def _entry(store: SqliteStore, song: Song) -> Entry:
    with store._pool.reading() as connection:
        token, frame = store._layout.postings(connection, song.id)
    new = NewSong(song.name, song.checksum, song.duration_s, song.metadata, song.cut)
    order = np.argsort(frame, kind="stable")
    return new, Hashes(token[order], frame[order].astype(np.int32)), store.constellation(song.id)


def _statements(config: FingerprintConfig) -> list[str]:
    """Return the statements that made the tables of version 2: only ``songs`` was another one."""
    others = [
        one
        for one in schema.statements(config, "classic")
        if not any(name in one for name in _ADDED)
    ]
    return [others[0], _SONGS, *others[1:]]
