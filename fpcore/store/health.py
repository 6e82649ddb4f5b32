"""Problems that an SQLite index can have, and how they are found."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator

from fpcore.config import ALGORITHM_VERSION, FingerprintConfig
from fpcore.errors import StoreError
from fpcore.store import schema, song_rows
from fpcore.store.codec import decode_constellation

_N_SHOWN = 20
"""Faults of the file's structure that are listed; a torn file has thousands."""


def problems(
    connection: sqlite3.Connection, config: FingerprintConfig, *, full: bool
) -> Iterator[str]:
    """Yield a sentence for each problem found.

    Parameters
    ----------
    connection : sqlite3.Connection
        In a transaction that sees one state of the index.
    config : FingerprintConfig
        The configuration of the index.
    full : bool
        Also follow each posting and decode each constellation: takes several times as long.

    Yields
    ------
    str
        Nothing when all is well.
    """
    try:
        yield from _structure(connection, full=full)
        yield from _digest(connection, config)
        yield from _references(connection)
        yield from _counts(connection)
        yield from song_rows.faults(connection)
        if full:
            yield from _details(connection, config)
    except sqlite3.DatabaseError as error:
        yield f"the rest cannot be read: {error}"


def _structure(connection: sqlite3.Connection, *, full: bool) -> Iterator[str]:
    pragma = "integrity_check" if full else "quick_check"
    for (fault,) in connection.execute(f"PRAGMA {pragma}({_N_SHOWN})"):
        if fault != "ok":
            yield f"the file's structure is damaged: {fault}"


def _digest(connection: sqlite3.Connection, config: FingerprintConfig) -> Iterator[str]:
    meta = schema.stored_meta(connection)
    same_algorithm = meta.get("algorithm_version") == str(ALGORITHM_VERSION)
    if same_algorithm and meta.get("digest") != config.digest:
        yield f"the digest is {meta.get('digest')}, that of the configuration {config.digest}"


def _references(connection: sqlite3.Connection) -> Iterator[str]:
    for table in ("song_tokens", "constellations"):
        lone = f"SELECT song_id FROM {table} WHERE song_id NOT IN (SELECT id FROM songs)"
        for (song_id,) in connection.execute(lone):
            yield f"{table} has a row of song {song_id}, which does not exist"
        bare = f"SELECT id FROM songs WHERE id NOT IN (SELECT song_id FROM {table})"
        for (song_id,) in connection.execute(bare):
            yield f"song {song_id} has no row in {table}"


def _counts(connection: sqlite3.Connection) -> Iterator[str]:
    expected = dict(connection.execute("SELECT id, n_fingerprints FROM songs").fetchall())
    found = dict(
        connection.execute("SELECT song_id, count(*) FROM fingerprints GROUP BY song_id").fetchall()
    )
    for song_id in sorted(found.keys() - expected.keys()):
        yield f"{found[song_id]} fingerprints belong to song {song_id}, which does not exist"
    for song_id, n_expected in expected.items():
        n_found = found.get(song_id, 0)
        if n_found != n_expected:
            yield f"song {song_id} has {n_found} fingerprints instead of {n_expected}"


def _details(connection: sqlite3.Connection, config: FingerprintConfig) -> Iterator[str]:
    """Check that a removal would reach each posting, and that each constellation can be read."""
    form = schema.token_text_sql("token", config) if config.token == "text" else "token"
    reached = f"""
        SELECT count(*) FROM fingerprints WHERE song_id = ?1 AND hash_token IN (
          SELECT {form} FROM (SELECT sum(value) OVER (ORDER BY key) AS token FROM json_each(?2)))
    """
    songs = connection.execute(
        "SELECT id, n_fingerprints, tokens, peaks FROM songs "
        "JOIN song_tokens AS t ON t.song_id = id JOIN constellations AS c ON c.song_id = id"
    )
    for song_id, n_fingerprints, tokens, peaks in songs:
        try:
            json.loads(tokens)
            decode_constellation(peaks)
        except (ValueError, StoreError) as error:
            yield f"song {song_id}: {error}"
            continue
        (n_reached,) = connection.execute(reached, (song_id, tokens)).fetchone()
        if n_reached != n_fingerprints:
            yield (
                f"removing song {song_id} would reach {n_reached} of its "
                f"{n_fingerprints} fingerprints"
            )
