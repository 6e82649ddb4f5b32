"""Problems that an SQLite index can have, and how they are found."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from fpcore.config import ALGORITHM_VERSION, FingerprintConfig
from fpcore.records import Cut
from fpcore.store import contents, schema, song_ids, song_rows
from fpcore.store.layout import Layout

_N_SHOWN = 20
"""Faults of the file's structure and songs that are cut off which are listed: there may be
thousands."""


def problems(
    connection: sqlite3.Connection, config: FingerprintConfig, layout: Layout, *, full: bool
) -> Iterator[str]:
    """Yield a sentence for each problem found.

    Parameters
    ----------
    connection : sqlite3.Connection
        In a transaction that sees one state of the index.
    config : FingerprintConfig
        The configuration of the index.
    layout : Layout
        How it keeps postings.
    full : bool
        Also compare each posting and peak with what was learned: takes several times as long.

    Yields
    ------
    str
        Nothing when all is well.
    """
    try:
        yield from _structure(connection, full=full)
        yield from _digest(connection, config)
        yield from _references(connection, layout)
        yield from _counts(connection, layout)
        yield from song_ids.problems(connection)
        yield from song_rows.faults(connection)
        if full:
            yield from contents.faults(connection, config, layout)
    except sqlite3.DatabaseError as error:
        yield f"the rest cannot be read: {error}"


def notes(connection: sqlite3.Connection, *, full: bool) -> Iterator[str]:
    """Yield what one should know of an index, be it sound or not.

    Parameters
    ----------
    connection : sqlite3.Connection
        In a transaction that sees one state of the index.
    full : bool
        Also tell what a full check had nothing to compare with.

    Yields
    ------
    str
        A sentence each.
    """
    try:
        yield from _cut_songs(connection)
        if full:
            yield from _without_checksum(connection)
    except sqlite3.DatabaseError:
        return  # which is a problem, and told as one


def _cut_songs(connection: sqlite3.Connection) -> Iterator[str]:
    songs = connection.execute(
        "SELECT id, name, duration_s, stated_s FROM songs WHERE complete = 0 ORDER BY id"
    ).fetchall()
    for song_id, name, *lengths in songs[:_N_SHOWN]:
        remedy = (
            "learn a whole copy, which takes its place when it has the same audio or lies at the "
            f"same path; after any other, `fpcore remove {song_id}`"
        )
        yield f'song {song_id}, "{name}": {Cut.of_lengths(*lengths)}: {remedy}'
    if len(songs) > _N_SHOWN:
        yield f"{len(songs) - _N_SHOWN} more songs are of recordings that are cut off"


def _without_checksum(connection: sqlite3.Connection) -> Iterator[str]:
    (n_songs,) = connection.execute(
        "SELECT count(*) FROM songs WHERE fingerprint_checksum IS NULL"
    ).fetchone()
    if n_songs:
        have = "1 song has" if n_songs == 1 else f"{n_songs} songs have"
        yield (
            f"{have} no checksum to be compared with, being learned before there were any: "
            "`fpcore check --add-checksums` adds it"
        )


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


def _references(connection: sqlite3.Connection, layout: Layout) -> Iterator[str]:
    for table in (*layout.song_tables, "constellations"):
        lone = f"SELECT song_id FROM {table} WHERE song_id NOT IN (SELECT id FROM songs)"
        for (song_id,) in connection.execute(lone):
            yield f"{table} has a row of song {song_id}, which does not exist"
        bare = f"SELECT id FROM songs WHERE id NOT IN (SELECT song_id FROM {table})"
        for (song_id,) in connection.execute(bare):
            yield f"song {song_id} has no row in {table}"

    for (song_id,) in connection.execute(
        "SELECT DISTINCT song_id FROM copies WHERE song_id NOT IN (SELECT id FROM songs)"
    ):
        yield f"copies has a row of song {song_id}, which does not exist"


def _counts(connection: sqlite3.Connection, layout: Layout) -> Iterator[str]:
    expected = dict(connection.execute("SELECT id, n_fingerprints FROM songs").fetchall())
    found = layout.counts(connection)
    for song_id in sorted(found.keys() - expected.keys()):
        yield f"{found[song_id]} fingerprints belong to song {song_id}, which does not exist"
    for song_id, n_expected in expected.items():
        n_found = found.get(song_id, 0)
        if n_found != n_expected:
            yield f"song {song_id} has {n_found} fingerprints instead of {n_expected}"
