"""Contents of songs: the postings and the constellation of each, read in full and compared.

What was learned with a checksum is compared with that. What was learned before there were
checksums is compared with itself: the paired peaks of a constellation give the song's hashes. Two
songs with the same content are the same audio.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from fpcore.config import FingerprintConfig
from fpcore.errors import StoreError
from fpcore.places import Place
from fpcore.records import Constellation, IntArray, LongArray
from fpcore.stages import hashing
from fpcore.store import song_rows
from fpcore.store.base import Added
from fpcore.store.batch import Batch
from fpcore.store.checksums import fingerprint_checksum
from fpcore.store.codec import decode_constellation
from fpcore.store.layout import Layout

_SLACK_S = 1.0
"""A posting may lie so far beyond the length of its song: the last window reaches over its end."""

_SONGS = """
SELECT id, name, duration_s, n_fingerprints, fingerprint_checksum, peaks FROM songs
JOIN {table} AS t ON t.song_id = id JOIN constellations AS c ON c.song_id = id
"""


def _songs(layout: Layout) -> str:
    """Return a query for the songs of which all rows are there, each a `_Row`."""
    return _SONGS.format(table=layout.song_tables[0])


@dataclass(frozen=True, slots=True, eq=False)
class _Row:
    """A song with what lies in its rows beside the postings."""

    song_id: int
    name: str
    duration_s: float
    n_fingerprints: int
    checksum: str | None
    peaks: bytes


def faults(
    connection: sqlite3.Connection, config: FingerprintConfig, layout: Layout
) -> Iterator[str]:
    """Yield a sentence for each song whose content is not what was learned.

    Parameters
    ----------
    connection : sqlite3.Connection
        In a transaction that sees one state of the index.
    config : FingerprintConfig
        The configuration of the index.
    layout : Layout
        How it keeps postings.

    Yields
    ------
    str
        By ascending id.
    """
    for row in connection.execute(f"{_songs(layout)} ORDER BY id"):
        song = _Row(*row)
        _, fault = _examined(connection, song, config, layout)
        if fault is not None:
            yield fault


def add_checksums(
    connection: sqlite3.Connection,
    config: FingerprintConfig,
    layout: Layout,
    *,
    after: int,
    n_songs: int,
) -> tuple[int, int | None]:
    """Give songs without a checksum that of what they hold, unless there is a fault in it.

    Parameters
    ----------
    connection : sqlite3.Connection
        In a transaction that may write.
    config : FingerprintConfig
        The configuration of the index.
    layout : Layout
        How it keeps postings.
    after : int
        Songs with higher ids are looked at.
    n_songs : int
        At most so many.

    Returns
    -------
    n_added : int
        How many got a checksum.
    last_id : int or None
        The last song that was looked at; None when there was none.
    """
    rows = connection.execute(
        f"{_songs(layout)} WHERE fingerprint_checksum IS NULL AND id > ? ORDER BY id LIMIT ?",
        (after, n_songs),
    ).fetchall()
    n_added = 0
    for song in (_Row(*row) for row in rows):
        checksum, fault = _examined(connection, song, config, layout)
        if fault is None:
            n_added += connection.execute(
                "UPDATE songs SET fingerprint_checksum = ? WHERE id = ?", (checksum, song.song_id)
            ).rowcount
    return n_added, rows[-1][0] if rows else None


def find_same(
    connection: sqlite3.Connection,
    batch: Batch,
    number: int,
    *,
    path: Place,
    config: FingerprintConfig,
    layout: Layout,
    allow_duplicates: bool,
) -> Added | None:
    """Return the song that an added one is already, or None.

    Parameters
    ----------
    connection : sqlite3.Connection
        In a transaction that sees one state of the index.
    batch : Batch
        The songs that are added.
    number : int
        Which of them, from 0.
    path : Place
        What messages call the database.
    config : FingerprintConfig
        The configuration of the index.
    layout : Layout
        How it keeps postings.
    allow_duplicates : bool
        Only the same file is the same song; without, any with the same content is.

    Returns
    -------
    Added or None
        The song that is there, one of them if there are several with one content.

    Raises
    ------
    StoreError
        When its row is damaged.
    """
    known = song_rows.find(connection, batch.songs[number].checksum, path)
    if known is not None:
        return Added(known, created=False, known_by="file")
    # Without postings there is nothing to know a song by: all silent ones would be one.
    if allow_duplicates or not batch.n_fingerprints[number]:
        return None
    checksum, n_fingerprints = batch.fingerprint_checksums[number], batch.n_fingerprints[number]
    song_id = _id_of(connection, config, layout, checksum, n_fingerprints)
    if song_id is None:
        return None
    return Added(song_rows.get(connection, song_id, path), created=False, known_by="audio")


def _id_of(
    connection: sqlite3.Connection,
    config: FingerprintConfig,
    layout: Layout,
    checksum: str,
    n_fingerprints: int,
) -> int | None:
    """Return the first song whose content has a checksum, known or to be computed."""
    row = connection.execute(
        "SELECT id FROM songs WHERE fingerprint_checksum = ? ORDER BY id LIMIT 1", (checksum,)
    ).fetchone()
    if row is not None:
        return int(row[0])
    alike = connection.execute(
        f"{_songs(layout)} WHERE fingerprint_checksum IS NULL AND n_fingerprints = ? ORDER BY id",
        (n_fingerprints,),
    ).fetchall()
    for song in (_Row(*row) for row in alike):
        if _examined(connection, song, config, layout)[0] == checksum:
            return song.song_id
    return None


def _examined(
    connection: sqlite3.Connection, song: _Row, config: FingerprintConfig, layout: Layout
) -> tuple[str | None, str | None]:
    """Return the checksum of a song's content and a sentence for a fault; None where none is."""
    try:
        token, frame = layout.postings(connection, song.song_id)
        peaks = decode_constellation(song.peaks)
        if len(token) != song.n_fingerprints:
            return None, (
                f"removing song {song.song_id} would reach {len(token)} of its "
                f"{song.n_fingerprints} fingerprints"
            )
        checksum = fingerprint_checksum(token, frame, peaks)
        if song.checksum is None:
            _compare_with_itself(song, token, frame, peaks, config)
        elif song.checksum != checksum:
            raise ValueError("its postings or its constellation are not those that were learned")
    except (ValueError, StoreError) as error:
        remedy = f"{song_rows.remedy(song.song_id)}, or restore a backup"
        return None, f'song {song.song_id}, "{song.name}": {error}: {remedy}'
    return checksum, None


def _compare_with_itself(
    song: _Row,
    token: LongArray,
    frame: LongArray,
    peaks: Constellation,
    config: FingerprintConfig,
) -> None:
    """Raise `ValueError` when postings, constellation and length cannot be of one song."""
    from fpcore.stages.landmarks import landmarks

    end_s = float(frame.max(initial=0)) * config.hop_s
    if end_s > song.duration_s + _SLACK_S:
        raise ValueError(f"a posting lies at {end_s:.1f} s, its length is {song.duration_s:.1f} s")
    try:
        made = hashing.hashes(landmarks(peaks.paired_peaks, config), config)
        agree = np.array_equal(_sorted(token, frame), _sorted(made.token, made.frame))
    except ValueError:  # peaks outside the band
        agree = False
    if not agree:
        raise ValueError("its postings are not those that its constellation gives")


def _sorted(token: LongArray, frame: LongArray | IntArray) -> LongArray:
    """Return the distinct pairs of token and frame, int64 (n, 2), in order."""
    pairs = np.stack([token, frame.astype(np.int64)], axis=1)
    distinct: LongArray = np.unique(pairs, axis=0)
    return distinct
