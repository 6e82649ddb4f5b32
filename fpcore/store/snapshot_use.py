"""Look-ups in the snapshot beside an index, as far as the snapshot is true of it.

A song's postings never change, its id is never given again, and ids ascend. So a snapshot that
was made of an index stays true of every song that it holds, for as long as the song is there:
those removed since are left out, and those learned since, which have higher ids, are looked up
in the index. A snapshot that was not made of this index is refused, and so is a damaged one;
then the index answers alone.
"""

from __future__ import annotations

import logging
import sqlite3
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fpcore.errors import StoreError
from fpcore.records import BoolArray, LongArray, Postings
from fpcore.store import snapshot
from fpcore.store.base import SnapshotState
from fpcore.store.snapshot import Signature, Snapshot

logger = logging.getLogger(__name__)

_COUNTS = "SELECT (SELECT count(*) FROM songs), (SELECT count(*) FROM songs WHERE id > ?)"
_LAST_ID = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'songs'"
_KEYS = "SELECT id, checksum, learned_at, n_fingerprints FROM songs WHERE id <= ? ORDER BY id"
_IDS = "SELECT id FROM songs WHERE id <= ?"


@dataclass(frozen=True, slots=True, eq=False)
class SnapshotPostings:
    """What a snapshot gave, and up to which song id; ``n_newer`` songs have higher ones."""

    postings: Postings
    last_song_id: int
    n_newer: int


class SnapshotBeside:
    """The snapshot beside one index: opened when it appears, exchanged when it is replaced.

    May be used by any number of threads. Two that find a new file at once both open it.
    """

    def __init__(self, database: Path, digest: str) -> None:
        self._path = snapshot.path_of(database).absolute()
        self._digest = digest
        self._opened: Opened | None = None
        self._closed = False

    @property
    def path(self) -> Path:
        """Where the snapshot lies when there is one."""
        return self._path

    def look(self) -> Opened | None:
        """Return the snapshot file that is there now, opened or refused; None when there is none.

        To be called before the transaction begins that looks up: only then does that see all
        that the snapshot was made of.
        """
        try:
            signature = snapshot.signature_of(self._path.stat())
            if self._opened is None or self._opened.signature != signature:
                self._opened = Opened.at(self._path, signature, self._digest)
        except OSError:
            self._opened = None
        opened = self._opened
        if self._closed:
            self._opened = None
        return opened

    def close(self) -> None:
        """Let go of the file, once the look-ups that are going on are done."""
        self._closed = True
        self._opened = None


class Opened:
    """A snapshot file as it was found: in use, or refused for a reason."""

    def __init__(self, path: Path, signature: Signature, content: Snapshot | None) -> None:
        self._path = path
        self.signature = signature
        self.content = content
        self.refusal: str | None = None
        self._told = False
        # Songs can only become fewer, so their number stands for which of them are there.
        self._live: tuple[int, BoolArray] | None = None

    @classmethod
    def at(cls, path: Path, signature: Signature, digest: str) -> Opened:
        """Return the snapshot file at a path, refused when it was not made under a digest.

        Parameters
        ----------
        path : Path
            The file.
        signature : tuple of 3 int
            What `fpcore.store.snapshot.signature_of` returned for it.
        digest : str
            Digest of the index's configuration.

        Returns
        -------
        Opened
            With a ``refusal`` when the file cannot be used.

        Raises
        ------
        FileNotFoundError
            When there is none.
        """
        try:
            content = Snapshot.open(path)
        except StoreError as error:
            opened = cls(path, signature, None)
            opened.refusal = str(error)
            return opened
        opened = cls(path, content.signature, content)
        if content.digest != digest:
            opened.refusal = (
                f"{path} was made of an index with another configuration: make a new one with "
                "`fpcore snapshot`"
            )
        return opened

    def lookup(self, connection: sqlite3.Connection, tokens: LongArray) -> SnapshotPostings | None:
        """Return what is true of the snapshot's postings of ``tokens``; None when it is refused.

        ``connection`` must be in a transaction that began after the snapshot was opened.
        """
        live = self._live_songs(connection)
        if self.content is not None and live is not None:
            is_live, n_newer = live
            try:
                postings = self.content.lookup(tokens, is_live)
                return SnapshotPostings(postings, self.content.last_song_id, n_newer)
            except StoreError as error:
                self.refusal = str(error)
        if not self._told:
            self._told = True
            logger.warning("%s (until then, look-ups take longer)", self.refusal)
        return None

    def state(self, connection: sqlite3.Connection) -> SnapshotState:
        """Return what there is to say about the snapshot; ``connection`` as for `lookup`."""
        live = self._live_songs(connection)
        content = self.content
        if content is None or live is None:
            return SnapshotState(self._path, self.signature[1], self.refusal)
        return SnapshotState(
            self._path,
            self.signature[1],
            None,
            n_songs=content.n_songs,
            n_postings=content.n_postings,
            n_removed=content.n_songs - int(live[0].sum()),
            n_newer=live[1],
        )

    def problems(self, connection: sqlite3.Connection, *, full: bool) -> list[str]:
        """Return a sentence when it is refused, or, read in ``full``, not what was written."""
        self._live_songs(connection)
        if self.refusal is None and full and self.content is not None:
            self.refusal = self.content.damage()
        return [] if self.refusal is None else [self.refusal]

    def _live_songs(self, connection: sqlite3.Connection) -> tuple[BoolArray, int] | None:
        """Return which of the songs are there, and how many newer; None when it is refused."""
        content = self.content
        if self.refusal is not None or content is None:
            return None
        last = content.last_song_id
        n_songs, n_newer = connection.execute(_COUNTS, (last,)).fetchone()
        live = self._live
        if live is None and not _is_made_of(content, connection):
            self.refusal = (
                f"{self._path} was made of another index, or of a later state of this one: make a "
                "new one with `fpcore snapshot`"
            )
            return None
        if live is None or live[0] != n_songs - n_newer:
            ids = connection.execute(_IDS, (last,)).fetchall()
            is_live = np.isin(content.columns["song_id"], np.array(ids, np.int64))
            live = self._live = (n_songs - n_newer, is_live)
        return live[1], n_newer


def _is_made_of(content: Snapshot, connection: sqlite3.Connection) -> bool:
    """Whether every song of the index is in the snapshot or was learned after it was made.

    It is not when a backup was put back that is older than the snapshot: then the ids of later
    songs are given again. In no other way can an id in the snapshot come to mean another song.
    """
    last = content.last_song_id
    if connection.execute(_LAST_ID).fetchone()[0] < last:
        return False
    ids, keys = content.columns["song_id"].tolist(), content.columns["song_key"].tolist()
    known = dict(zip(ids, keys, strict=True))
    return all(
        known.get(song_id) == snapshot.song_key(*rest)
        for song_id, *rest in connection.execute(_KEYS, (last,))
    )
