"""Constellations of songs, read from an index and remembered.

Most of what an answer reads are the constellations of its candidates, and to unpack one takes
several times as long as to compare it with a recording.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from fpcore.errors import StoreError
from fpcore.places import Place
from fpcore.records import Constellation
from fpcore.store import song_rows
from fpcore.store.codec import decode_constellation

MOST_PEAKS = 4_000_000
"""So many are remembered: those of about a thousand songs, in 68 MB."""

_IDENTITIES = (
    "SELECT id, checksum, learned_at FROM songs WHERE id IN (SELECT value FROM json_each(?))"
)
_BLOBS = (
    "SELECT song_id, peaks FROM constellations WHERE song_id IN (SELECT value FROM json_each(?))"
)

_Identity: TypeAlias = tuple[int, str, str]
"""Id, checksum and time of learning. A constellation never changes while these are the same,
even if the file is replaced by another."""


class Constellations:
    """Reader of constellations that remembers those that were read last.

    May be used by several threads.
    """

    def __init__(self, *, most_peaks: int = MOST_PEAKS) -> None:
        self._most_peaks = most_peaks
        self._n_peaks = 0
        self._remembered: OrderedDict[_Identity, Constellation] = OrderedDict()
        self._lock = threading.Lock()

    def read(
        self, connection: sqlite3.Connection, song_ids: Sequence[int], path: Place
    ) -> dict[int, Constellation]:
        """Return the constellation of each song by its id.

        Parameters
        ----------
        connection : sqlite3.Connection
            In a transaction that sees one state of the index.
        song_ids : sequence of int
            The songs.
        path : Place
            What messages call the database.

        Returns
        -------
        dict of int to Constellation
            Shared and read-only.

        Raises
        ------
        UnknownSongError
            When there is no such song.
        StoreError
            When the index has lost the constellation of one, or has a damaged one.
        """
        rows = connection.execute(_IDENTITIES, (json.dumps(list(song_ids)),)).fetchall()
        identities: dict[int, _Identity] = {row[0]: row for row in rows}
        for song_id in song_ids:
            if song_id not in identities:
                raise song_rows.unknown(song_id, path)
        found = self._recalled(identities.values())
        missing = [song_id for song_id in identities if song_id not in found]
        if missing:
            blobs = dict(connection.execute(_BLOBS, (json.dumps(missing),)).fetchall())
            for song_id in missing:
                found[song_id] = _decoded(blobs.get(song_id), song_id, path)
                self._remember(identities[song_id], found[song_id])
        return found

    def _recalled(self, identities: Iterable[_Identity]) -> dict[int, Constellation]:
        found = {}
        with self._lock:
            for identity in identities:
                if identity in self._remembered:
                    self._remembered.move_to_end(identity)
                    found[identity[0]] = self._remembered[identity]
        return found

    def _remember(self, identity: _Identity, peaks: Constellation) -> None:
        with self._lock:
            if identity in self._remembered:  # another thread was faster
                return
            self._remembered[identity] = peaks
            self._n_peaks += len(peaks)
            while self._n_peaks > self._most_peaks:
                _, oldest = self._remembered.popitem(last=False)
                self._n_peaks -= len(oldest)


def _decoded(blob: bytes | None, song_id: int, path: Place) -> Constellation:
    remedy = "remove the song and learn it again"
    if blob is None:
        raise StoreError(f"{path} has lost the constellation of song {song_id}: {remedy}")
    try:
        return decode_constellation(blob)
    except StoreError as error:
        raise StoreError(f"{path}, song {song_id}: {error}: {remedy}") from None
