"""Rows of the table ``songs`` and of those that hold one row for each song."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from fpcore.errors import UnknownSongError
from fpcore.store import schema
from fpcore.store.base import JSON, NewSong, Song
from fpcore.store.batch import Batch

_COLUMNS = "id, name, checksum, duration_s, n_fingerprints, learned_at, metadata"

_NAMED = "(?1 IS NULL OR instr(casefold(name), casefold(?1)) > 0)"


def insert(connection: sqlite3.Connection, batch: Batch, number: int) -> int:
    """Write all of a song but its postings, and return its id."""
    song = batch.songs[number]
    cursor = connection.execute(
        "INSERT INTO songs (name, checksum, duration_s, n_fingerprints, learned_at, metadata) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (
            song.name,
            song.checksum,
            float(song.duration_s),
            batch.n_fingerprints[number],
            schema.now(),
            json.dumps(song.metadata),
        ),
    )
    song_id = int(cursor.lastrowid or 0)  # None only before the first INSERT
    connection.execute(
        "INSERT INTO song_tokens VALUES (?, ?)", (song_id, batch.token_lists[number])
    )
    connection.execute(
        "INSERT INTO constellations VALUES (?, ?)", (song_id, batch.constellations[number])
    )
    return song_id


def get(connection: sqlite3.Connection, song_id: int, path: Path) -> Song:
    """Return one song; raises `UnknownSongError`, which names ``path``."""
    # An integer beyond SQLite's range cannot even be asked for.
    row = None
    if abs(song_id) < 2**63:
        row = connection.execute(
            f"SELECT {_COLUMNS} FROM songs WHERE id = ?", (song_id,)
        ).fetchone()
    if row is None:
        raise unknown(song_id, path)
    return _song_of(row)


def update_metadata(
    connection: sqlite3.Connection, song_id: int, values: Mapping[str, JSON], path: Path
) -> Song:
    """Put values into the metadata of a song, and return it; raises `UnknownSongError`."""
    song = get(connection, song_id, path)
    # What is too deep or no JSON is refused as it is for a new song.
    new = NewSong(song.name, song.checksum, song.duration_s, {**song.metadata, **values})
    connection.execute(
        "UPDATE songs SET metadata = ? WHERE id = ?", (json.dumps(new.metadata), song_id)
    )
    return replace(song, metadata=new.metadata)


def names(connection: sqlite3.Connection, song_ids: Sequence[int], path: Path) -> dict[int, str]:
    """Return the name of each song by its id; raises `UnknownSongError`, which names ``path``."""
    asked = json.dumps(list(song_ids))
    rows = connection.execute(
        "SELECT id, name FROM songs WHERE id IN (SELECT value FROM json_each(?))", (asked,)
    )
    found: dict[int, str] = dict(rows.fetchall())
    for song_id in song_ids:
        if song_id not in found:
            raise unknown(song_id, path)
    return found


def unknown(song_id: int, path: Path) -> UnknownSongError:
    """Return the error that says that an index has no such song."""
    return UnknownSongError(f"there is no song {song_id} in {path}: list the songs it has")


def select(
    connection: sqlite3.Connection, name_contains: str | None, limit: int | None, offset: int
) -> list[Song]:
    """Return songs by name, in the order of their ids."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM songs WHERE {_NAMED} ORDER BY id LIMIT ?2 OFFSET ?3",
        (name_contains, -1 if limit is None else limit, offset),
    )
    return [_song_of(row) for row in rows.fetchall()]


def count(connection: sqlite3.Connection, name_contains: str | None) -> int:
    """Return how many songs `select` gives without a limit."""
    if name_contains is None:  # without a condition SQLite counts three times as fast
        return int(connection.execute("SELECT count(*) FROM songs").fetchone()[0])
    query = f"SELECT count(*) FROM songs WHERE {_NAMED}"
    return int(connection.execute(query, (name_contains,)).fetchone()[0])


def find(connection: sqlite3.Connection, checksum: str) -> Song | None:
    """Return the song of this content, or None."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM songs WHERE checksum = ?", (checksum,)
    ).fetchone()
    return None if row is None else _song_of(row)


def _song_of(row: tuple[Any, ...]) -> Song:
    song_id, name, checksum, duration_s, n_fingerprints, learned_at, metadata = row
    return Song(
        id=song_id,
        name=name,
        checksum=checksum,
        duration_s=duration_s,
        n_fingerprints=n_fingerprints,
        learned_at=datetime.fromisoformat(learned_at),
        metadata=json.loads(metadata),
    )
