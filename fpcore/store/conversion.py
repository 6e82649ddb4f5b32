"""Conversion of an index from the classic layout to segments, in its place and without audio.

First each song gets a row of postings, some songs in a transaction, beside the table of the classic
layout. That remains the truth meanwhile: others recognise, learn and remove as before, and what is
interrupted goes on where it was. Then, while no other program has the index open, the songs that
came meanwhile get theirs, and one transaction makes the tables those of the other layout. Songs
keep their ids. Segments are made when the index is opened next.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from fpcore.errors import StoreError
from fpcore.store import schema, snapshot, song_rows
from fpcore.store.classic import ClassicLayout
from fpcore.store.codec import encode_postings
from fpcore.store.connections import connect, transaction
from fpcore.store.failures import check_place, check_writable, translated_errors
from fpcore.store.snapshot import song_key
from fpcore.store.sqlite import MAX_SEGMENT_TOKENS
from fpcore.store.swapping import alone

logger = logging.getLogger(__name__)

BATCH_SONGS = 20
"""Songs that get their rows in one transaction: others wait so long for their turn to write."""

_LEFT = f"""
SELECT id, n_fingerprints FROM songs
WHERE id NOT IN (SELECT song_id FROM {schema.POSTINGS}) ORDER BY id LIMIT {BATCH_SONGS}
"""


def convert(
    path: Path,
    *,
    busy_timeout_s: float = 30.0,
    note: Callable[[int, int], None] = lambda n_done, n_songs: None,
) -> bool:
    """Bring an index into the layout of segments.

    Parameters
    ----------
    path : Path
        The database file.
    busy_timeout_s : float
        Seconds to wait for others that have the index open, at the end.
    note : callable
        Called with the number of songs done and the number of all.

    Returns
    -------
    bool
        False when it is in that layout already.

    Raises
    ------
    StoreBusyError
        When another program has it open at the end; what is done so far is not lost.
    StoreError
        When it is no index, cannot be written to, is damaged, or has too many different tokens.
    """
    check_place(path, create=False)
    check_writable(path)
    with (
        translated_errors(path, busy_timeout_s),
        closing(connect(path, busy_timeout_s)) as connection,
    ):
        schema.check_is_index(connection, path)
        schema.bring_up_to_date(connection)
        if schema.layout_of(connection) == "segments":
            return False
        config = schema.config_in(schema.stored_meta(connection), path)
        if config.n_tokens > MAX_SEGMENT_TOKENS:
            raise StoreError(
                f"{path} stays in the classic layout: under its configuration there are "
                f"{config.n_tokens:,} different tokens, segments take {MAX_SEGMENT_TOKENS:,}"
            )
        layout = ClassicLayout(path, config)
        _copy(connection, path, layout, note)
    with alone(path, busy_timeout_s) as connection:
        if schema.layout_of(connection) == "segments":  # another program was faster
            return False
        _copy(connection, path, layout, note)
        with transaction(connection):
            _switch(connection)
        _shrink(connection, path)
        snapshot.path_of(path).unlink(missing_ok=True)  # which no other layout reads
    return True


def _copy(
    connection: sqlite3.Connection,
    path: Path,
    layout: ClassicLayout,
    note: Callable[[int, int], None],
) -> None:
    """Write a row of postings for each song that has none."""
    make_table, _ = schema.statements_of_conversion()
    while True:
        with transaction(connection):
            if not connection.execute(f"PRAGMA table_info({schema.POSTINGS})").fetchall():
                connection.execute(make_table)
            left = connection.execute(_LEFT).fetchall()
            for song_id, n_stated in left:
                row = _encoded(connection, path, layout, song_id, n_stated)
                connection.execute(f"INSERT INTO {schema.POSTINGS} VALUES (?, ?)", (song_id, row))
            (n_done,) = connection.execute(f"SELECT count(*) FROM {schema.POSTINGS}").fetchone()
            (n_songs,) = connection.execute("SELECT count(*) FROM songs").fetchone()
        note(min(n_done, n_songs), n_songs)
        if not left:
            return


def _encoded(
    connection: sqlite3.Connection,
    path: Path,
    layout: ClassicLayout,
    song_id: int,
    n_stated: int,
) -> bytes:
    """Return the postings of a song as they are kept in a row, all that it is said to have."""
    try:
        token, frame = layout.postings(connection, song_id)
        if len(token) != n_stated:
            raise ValueError(f"{len(token)} postings are there, {n_stated} are stated")
    except (TypeError, ValueError):
        raise StoreError(
            f"{path} is damaged at song {song_id}, and stays as it is: {song_rows.remedy(song_id)}"
        ) from None
    return encode_postings(token, frame)


def _switch(connection: sqlite3.Connection) -> None:
    """Make the tables those of segments, when each song has its row."""
    songs = "SELECT id FROM songs"  # a program without foreign keys may have removed some
    connection.execute(f"DELETE FROM {schema.POSTINGS} WHERE song_id NOT IN ({songs})")
    _, statements = schema.statements_of_conversion()
    for statement in statements:
        connection.execute(statement)
    connection.execute("INSERT INTO meta VALUES ('songs_state', '')")
    identities = connection.execute(
        "SELECT id, checksum, learned_at, fingerprint_checksum FROM songs"
    ).fetchall()
    keys = ((song_id, song_key(*identity)) for song_id, *identity in identities)
    connection.executemany("INSERT INTO song_keys VALUES (?, ?)", keys)
    connection.execute(f"PRAGMA user_version = {schema.VERSIONS['segments']}")


def _shrink(connection: sqlite3.Connection, path: Path) -> None:
    """Give the room of the old tables back to the disk, if it has room for the work."""
    try:
        connection.execute("VACUUM")
    except sqlite3.OperationalError as error:
        logger.warning(
            "%s is converted, but stays as large as it was (%s): its unused part is filled again "
            "as songs are learned",
            path,
            error,
        )
