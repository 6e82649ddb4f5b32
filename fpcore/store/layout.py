"""Layouts: how an index keeps postings, and how it finds them again.

All that is the same in every layout is in `fpcore.store.sqlite`. Functions that take a connection
work in its transaction; those that take a pool begin their own.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from typing import Literal, Protocol, TypeAlias

from fpcore.records import LongArray, Postings
from fpcore.store.base import SnapshotState, TokenStats
from fpcore.store.batch import Batch
from fpcore.store.connections import ConnectionPool

LayoutName: TypeAlias = Literal["classic", "segments"]
"""What layouts are called."""


class Layout(Protocol):
    """How an index keeps postings; made by `fpcore.store.sqlite.open_file`."""

    @property
    def song_tables(self) -> tuple[str, ...]:
        """Tables with one row for each song, beside ``songs`` and ``constellations``."""

    @property
    def gives_ids_again(self) -> bool:
        """Whether a song may get the id of one that it replaces.

        It may when whatever lies beside the database tells songs by more than their ids.
        """

    def insert(self, connection: sqlite3.Connection, batch: Batch, song_ids: LongArray) -> None:
        """Write the postings of the songs of a batch whose ids are not negative.

        Parameters
        ----------
        connection : sqlite3.Connection
            In a transaction that writes.
        batch : Batch
            The songs with their postings.
        song_ids : int64 (n,)
            The id of each song of the batch, negative for those that are there already.
        """

    def clear(self, connection: sqlite3.Connection) -> None:
        """Remove all postings; those of a single song go by a trigger of the tables."""

    def postings(self, connection: sqlite3.Connection, song_id: int) -> tuple[LongArray, LongArray]:
        """Return packed tokens and frames of a song, sorted; ValueError when it is damaged."""

    def counts(self, connection: sqlite3.Connection) -> dict[int, int]:
        """Return how many postings there are of each song."""

    def lookup(self, pool: ConnectionPool, tokens: LongArray) -> Postings:
        """Return every posting of tokens, all from one state of the index."""

    def learned(self, pool: ConnectionPool, n_songs: int) -> None:
        """See to it that look-ups stay fast, after songs were learned."""

    def lookup_bytes(self, connection: sqlite3.Connection) -> int | None:
        """Return the size of what look-ups read; None where it cannot be told."""

    def token_spread(self, connection: sqlite3.Connection, *, n_hottest: int) -> TokenStats:
        """Return the numbers of postings per token, and the commonest tokens."""

    def problems(self, pool: ConnectionPool, *, full: bool) -> Iterator[str]:
        """Yield a sentence for each file beside the database that is not what was written."""

    def make_snapshot(
        self, pool: ConnectionPool, note: Callable[[int, int], None]
    ) -> SnapshotState:
        """Bring what look-ups read into the form in which they are fastest."""

    def snapshot(self, pool: ConnectionPool) -> SnapshotState | None:
        """Return what there is to say about the files beside the database."""

    def close(self, pool: ConnectionPool) -> None:
        """Let go of all files; the pool is still open."""
