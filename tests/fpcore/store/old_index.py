"""Indexes with the tables of the version before, as that version of fpcore made them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from fpcore.config import FingerprintConfig
from fpcore.store import schema

_ADDED = ("complete", "stated_s", "fingerprint_checksum", "songs_by_name")

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


def _statements(config: FingerprintConfig) -> list[str]:
    """Return the statements that made the tables of version 2: only ``songs`` was another one."""
    others = [
        one
        for one in schema.statements(config, "classic")
        if not any(name in one for name in _ADDED)
    ]
    return [others[0], _SONGS, *others[1:]]
