"""Files that were known by their audio: whose song each one's is, without looking into it again.

A file has the audio of a song under other tags or in another container, or is a part of it, which
takes decoding to find out. What was found is kept by the checksum of the file. It goes with the
song, by a trigger, and when the file is learned as a song of its own.

Every function works in the transaction of the connection that it is given.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from fpcore.places import Place
from fpcore.store import song_rows
from fpcore.store.base import Added, Copy

_WITH_CHECKSUMS = """
SELECT copies.checksum, songs.checksum, known_by FROM copies JOIN songs ON songs.id = song_id
"""


def all_of(connection: sqlite3.Connection) -> dict[str, Copy]:
    """Return what each file is a copy of, by its checksum."""
    rows = connection.execute("SELECT checksum, song_id, known_by FROM copies")
    return {checksum: Copy(song_id, known_by) for checksum, song_id, known_by in rows}


def find(connection: sqlite3.Connection, checksum: str, path: Place) -> Added | None:
    """Return the song that a file was known to be, or None.

    Parameters
    ----------
    connection : sqlite3.Connection
        To the index.
    checksum : str
        Checksum of the file.
    path : Place
        What messages call the database.

    Returns
    -------
    Added or None
        As when the file was looked into.

    Raises
    ------
    StoreError
        When the row of the song is damaged.
    """
    kept = _kept(connection, checksum)
    if kept is None:
        return None
    song = song_rows.get(connection, kept.song_id, path)
    return Added(song, created=False, known_by=kept.known_by)


def new(
    connection: sqlite3.Connection, checksums: Iterable[str], added: Iterable[Added]
) -> list[tuple[str, Copy]]:
    """Return which files turned out to be copies, and are not kept as such.

    Parameters
    ----------
    connection : sqlite3.Connection
        To the index.
    checksums : iterable of str
        Checksums of the files.
    added : iterable of Added
        What became of the song in each.

    Returns
    -------
    list of (str, Copy)
        Checksums with what they are copies of; and those of incomplete songs that were replaced by
        a whole copy from elsewhere.
    """
    found: dict[str, Copy] = {}
    for checksum, one in zip(checksums, added, strict=True):
        if one.known_by in ("audio", "whole"):
            found[checksum] = Copy(one.song.id, one.known_by)
        source = one.song.metadata.get("source")
        for part in one.replaced:
            if part.metadata.get("source") != source:
                found[part.checksum] = Copy(one.song.id, "whole")
    return [item for item in found.items() if _kept(connection, item[0]) != item[1]]


def _kept(connection: sqlite3.Connection, checksum: str) -> Copy | None:
    row = connection.execute(
        "SELECT song_id, known_by FROM copies WHERE checksum = ?", (checksum,)
    ).fetchone()
    return None if row is None else Copy(*row)


def keep(connection: sqlite3.Connection, found: Sequence[tuple[str, Copy]]) -> None:
    """Write down copies of songs that are still there; takes a transaction that may write."""
    connection.executemany(
        "INSERT OR REPLACE INTO copies SELECT ?, id, ? FROM songs WHERE id = ?",
        ((checksum, copy.known_by, copy.song_id) for checksum, copy in found),
    )


def forget(connection: sqlite3.Connection, checksum: str) -> None:
    """Forget of what a file is a copy; takes a transaction that may write."""
    connection.execute("DELETE FROM copies WHERE checksum = ?", (checksum,))


def take_over(source: sqlite3.Connection, target: sqlite3.Connection) -> None:
    """Give an index the copies of another one that has songs of the same files.

    Parameters
    ----------
    source : sqlite3.Connection
        To the index that has them.
    target : sqlite3.Connection
        To that which gets them in place of its own, in a transaction that may write.
    """
    rows = source.execute(_WITH_CHECKSUMS).fetchall()
    target.execute("DELETE FROM copies")
    target.executemany("INSERT INTO copies SELECT ?1, id, ?3 FROM songs WHERE checksum = ?2", rows)
