"""Rows of the table ``songs``, and of those that hold one row for each song.

Every function works in the transaction of the connection that it is given, and names the path
that it is given in its messages.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from fpcore.errors import StoreError, UnknownSongError
from fpcore.places import Place
from fpcore.store import schema, song_ids
from fpcore.store.base import JSON, NewSong, Song
from fpcore.store.batch import Batch
from fpcore.store.derived_names import derived_name, is_derived, marked_as_given
from fpcore.store.titles import titles

_COLUMNS = (
    "id, name, checksum, duration_s, n_fingerprints, learned_at, metadata, complete, stated_s, "
    "fingerprint_checksum"
)

_NAMED = "(?1 IS NULL OR instr(casefold(name), casefold(?1)) > 0)"


def insert(
    connection: sqlite3.Connection,
    batch: Batch,
    number: int,
    path: Place,
    *,
    song_id: int | None = None,
) -> int:
    """Write all of a song but its postings.

    Parameters
    ----------
    connection : sqlite3.Connection
        In a transaction that may write.
    batch : Batch
        The songs that are added.
    number : int
        Which of them, from 0.
    path : Place
        What messages call the database.
    song_id : int, optional
        An id that no song has any more; without, it gets a new one.

    Returns
    -------
    int
        The id of the song.

    Raises
    ------
    StoreError
        When there is no id left, as after damage.
    """
    song = batch.songs[number]
    if song_id is None:
        song_ids.check_one_is_left(connection, path)
    cursor = connection.execute(
        "INSERT INTO songs (id, name, checksum, duration_s, n_fingerprints, learned_at, metadata, "
        "complete, stated_s, fingerprint_checksum) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            song_id,  # NULL: a new one
            song.name,
            song.checksum,
            float(song.duration_s),
            batch.n_fingerprints[number],
            schema.now(),
            json.dumps(song.metadata),
            song.cut is None,
            None if song.cut is None else song.cut.stated_s,
            batch.fingerprint_checksums[number],
        ),
    )
    song_id = int(cursor.lastrowid or 0)  # None only before the first INSERT
    connection.execute(
        "INSERT INTO constellations VALUES (?, ?)", (song_id, batch.constellations[number])
    )
    return song_id


def get(connection: sqlite3.Connection, song_id: int, path: Place) -> Song:
    """Return one song.

    Parameters
    ----------
    connection : sqlite3.Connection
        To the index.
    song_id : int
        The song.
    path : Place
        What messages call the database.

    Returns
    -------
    Song
        The song as it is now.

    Raises
    ------
    UnknownSongError
        When there is no such song.
    StoreError
        When its row is damaged.
    """
    return _song_of(_row(connection, song_id, path), path)


def _row(connection: sqlite3.Connection, song_id: int, path: Place) -> tuple[Any, ...]:
    # An integer beyond SQLite's range cannot even be asked for.
    row: tuple[Any, ...] | None = None
    if abs(song_id) < 2**63:
        row = connection.execute(
            f"SELECT {_COLUMNS} FROM songs WHERE id = ?", (song_id,)
        ).fetchone()
    if row is None:
        raise unknown(song_id, path)
    return row


def update_metadata(
    connection: sqlite3.Connection, song_id: int, values: Mapping[str, JSON], path: Place
) -> Song:
    """Put values into the metadata of a song, beside what is there.

    Parameters
    ----------
    connection : sqlite3.Connection
        In a transaction that may write.
    song_id : int
        The song.
    values : mapping of str to JSON
        What to put.
    path : Place
        What messages call the database.

    Returns
    -------
    Song
        The song as it is then.

    Raises
    ------
    UnknownSongError
        When there is no such song.
    StoreError
        When ``values`` cannot be written as JSON, or are nested too deep.
    """
    song = get(connection, song_id, path)
    # What is too deep or no JSON is refused as it is for a new song.
    new = NewSong(song.name, song.checksum, song.duration_s, {**song.metadata, **values})
    connection.execute(
        "UPDATE songs SET metadata = ? WHERE id = ?", (json.dumps(new.metadata), song_id)
    )
    return replace(song, metadata=new.metadata)


def rename(connection: sqlite3.Connection, song_id: int, name: str, path: Place) -> Song:
    """Give a song another name, which it keeps when names are derived anew.

    Parameters
    ----------
    connection : sqlite3.Connection
        In a transaction that may write.
    song_id : int
        The song.
    name : str
        Kept verbatim.
    path : Place
        What messages call the database.

    Returns
    -------
    Song
        The song as it is then.

    Raises
    ------
    UnknownSongError
        When there is no such song.
    StoreError
        When the name is none that a new song may have, or its row is damaged.
    """
    song = get(connection, song_id, path)
    return _renamed(connection, song, name, marked_as_given(name, song.metadata))


def rename_by_tags(
    connection: sqlite3.Connection, titles: Mapping[int, str], path: Place
) -> list[Song]:
    """Call songs as the tags of their files do, but for those that were given a name.

    Parameters
    ----------
    connection : sqlite3.Connection
        In a transaction that may write.
    titles : mapping of int to str
        What tags say, by the ids of the songs; those that are not there are passed over.
    path : Place
        What messages call the database.

    Returns
    -------
    list of Song
        Those that are called otherwise now, as they are then.
    """
    renamed = []
    for song_id, title in titles.items():
        with suppress(UnknownSongError):
            song = get(connection, song_id, path)
            if is_derived(song) and song.name != title:
                found = derived_name(title, file=None)
                metadata = {**song.metadata, **found.mark}
                renamed.append(_renamed(connection, song, found.name, metadata))
    return renamed


def _renamed(
    connection: sqlite3.Connection, song: Song, name: str, metadata: Mapping[str, JSON]
) -> Song:
    NewSong(name, song.checksum, song.duration_s)  # refuses what no column can hold
    connection.execute(
        "UPDATE songs SET name = ?, metadata = ? WHERE id = ?",
        (name, json.dumps(metadata), song.id),
    )
    return replace(song, name=name, metadata=metadata)


def names(connection: sqlite3.Connection, song_ids: Sequence[int], path: Place) -> dict[int, str]:
    """Return the title of each song by its id; see `fpcore.store.titles`.

    Parameters
    ----------
    connection : sqlite3.Connection
        To the index.
    song_ids : sequence of int
        The songs.
    path : Place
        What messages call the database.

    Returns
    -------
    dict of int to str
        One title for each id.

    Raises
    ------
    UnknownSongError
        When there is no such song.
    """
    asked = json.dumps(list(song_ids))
    rows = connection.execute(
        "SELECT id, name FROM songs WHERE id IN (SELECT value FROM json_each(?))", (asked,)
    )
    found: dict[int, str] = dict(rows.fetchall())
    for song_id in song_ids:
        if song_id not in found:
            raise unknown(song_id, path)
    return titles(connection, found)


def unknown(song_id: int, path: Place) -> UnknownSongError:
    """Return the error that says that an index has no such song."""
    return UnknownSongError(f"there is no song {song_id} in {path}: list the songs it has")


def select(
    connection: sqlite3.Connection,
    path: Place,
    *,
    name_contains: str | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> list[Song]:
    """Return songs by a text in their names.

    Parameters
    ----------
    connection : sqlite3.Connection
        To the index.
    path : Place
        What messages call the database.
    name_contains : str, optional
        Keep songs with this text in the name, in either case.
    limit : int, optional
        At most so many songs; without, all.
    offset : int
        Leave out the first so many songs.

    Returns
    -------
    list of Song
        By ascending id.

    Raises
    ------
    StoreError
        When the row of a song is damaged.
    """
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM songs WHERE {_NAMED} ORDER BY id LIMIT ?2 OFFSET ?3",
        (name_contains, -1 if limit is None else limit, offset),
    )
    return [_song_of(row, path) for row in rows.fetchall()]


def count(connection: sqlite3.Connection, name_contains: str | None) -> int:
    """Return how many songs `select` gives without a limit."""
    if name_contains is None:  # without a condition SQLite counts three times as fast
        return int(connection.execute("SELECT count(*) FROM songs").fetchone()[0])
    query = f"SELECT count(*) FROM songs WHERE {_NAMED}"
    return int(connection.execute(query, (name_contains,)).fetchone()[0])


def find(connection: sqlite3.Connection, checksum: str, path: Place) -> Song | None:
    """Return the song of a content, or None.

    Parameters
    ----------
    connection : sqlite3.Connection
        To the index.
    checksum : str
        Checksum of the content.
    path : Place
        What messages call the database.

    Returns
    -------
    Song or None
        The song as it is now.

    Raises
    ------
    StoreError
        When its row is damaged.
    """
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM songs WHERE checksum = ?", (checksum,)
    ).fetchone()
    return None if row is None else _song_of(row, path)


def remove(connection: sqlite3.Connection, song_id: int, path: Place) -> Song:
    """Remove a song.

    A song whose row is damaged can be removed too.

    Parameters
    ----------
    connection : sqlite3.Connection
        In a transaction that may write.
    song_id : int
        The song.
    path : Place
        What messages call the database.

    Returns
    -------
    Song
        What it was. Where the row cannot be read, it was learned in 1970 and has no metadata.

    Raises
    ------
    UnknownSongError
        When there is no such song.
    """
    row = _row(connection, song_id, path)
    connection.execute("DELETE FROM songs WHERE id = ?", (song_id,))
    learned_at, metadata = row[_TIME], row[_METADATA]
    try:
        time = _time_of(learned_at)
    except ValueError:
        time = datetime.fromtimestamp(0, UTC)
    try:
        values = _metadata_of(metadata)
    except ValueError:
        values = {}
    return _song(row, time, values)


def faults(connection: sqlite3.Connection) -> Iterator[str]:
    """Yield a sentence for each song whose row cannot be read."""
    query = "SELECT id, learned_at, metadata FROM songs ORDER BY id"
    for song_id, learned_at, metadata in connection.execute(query):
        for read, text in ((_time_of, learned_at), (_metadata_of, metadata)):
            try:
                read(text)
            except ValueError as fault:
                yield f"song {song_id}: {fault}: {remedy(song_id)}"


def _song_of(row: tuple[Any, ...], path: Place) -> Song:
    song_id, name = row[:2]
    try:
        return _song(row, _time_of(row[_TIME]), _metadata_of(row[_METADATA]))
    except ValueError as fault:
        raise StoreError(
            f"{path} is damaged at song {song_id}, {name!r}: {fault}: {remedy(song_id)}"
        ) from None


_TIME, _METADATA = 5, 6
"""Where two texts that may be damaged stand among `_COLUMNS`."""


def _song(row: tuple[Any, ...], learned_at: datetime, metadata: dict[str, JSON]) -> Song:
    song_id, name, checksum, duration_s, n_fingerprints, _, _, complete, stated_s, weighed = row
    return Song(
        id=song_id,
        name=name,
        checksum=checksum,
        duration_s=duration_s,
        n_fingerprints=n_fingerprints,
        learned_at=learned_at,
        metadata=metadata,
        complete=bool(complete),
        stated_s=stated_s,
        fingerprint_checksum=weighed,
    )


def remedy(song_id: int) -> str:
    """Return what to do about a song that is damaged."""
    return f"take it away with `fpcore remove {song_id}` and learn it again"


def _time_of(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("the time when it was learned is no time") from None


def _metadata_of(text: str) -> dict[str, JSON]:
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        raise ValueError("its metadata is no JSON object")
    return values
