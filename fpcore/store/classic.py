"""The classic layout: one table of postings, sorted by token, that look-ups ask in SQL.

Easy to query by hand, but learning a song writes to thousands of pages of a large index. Look-ups
read a snapshot beside the database where one was made.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from fpcore.config import FingerprintConfig
from fpcore.errors import StoreError
from fpcore.records import LongArray, Postings
from fpcore.stages import hashing
from fpcore.store import posting_rows, schema, statistics
from fpcore.store.base import SnapshotState, TokenStats
from fpcore.store.batch import Batch
from fpcore.store.connections import ConnectionPool
from fpcore.store.layout import Layout
from fpcore.store.snapshot_use import SnapshotBeside


class ClassicLayout(Layout):
    """Postings in the table ``fingerprints``, the tokens of each song in ``song_tokens``."""

    song_tables = ("song_tokens",)
    gives_ids_again = False  # a snapshot takes an id for the song that had it first

    def __init__(self, path: Path, config: FingerprintConfig) -> None:
        self._config = config
        self._snapshot = SnapshotBeside(path, config.digest)
        self.stored_form: Callable[[LongArray], Sequence[int | str]] = (
            partial(hashing.to_text, config=config) if config.token == "text" else _as_integers
        )

    def insert(self, connection: sqlite3.Connection, batch: Batch, song_ids: LongArray) -> None:
        """Write the postings of all songs in the order of their tokens."""
        for number in np.flatnonzero(song_ids >= 0).tolist():
            row = int(song_ids[number]), batch.token_list(number)
            connection.execute("INSERT INTO song_tokens VALUES (?, ?)", row)
        connection.executemany(
            "INSERT INTO fingerprints VALUES (?, ?, ?)", batch.rows(song_ids, self.stored_form)
        )

    def clear(self, connection: sqlite3.Connection) -> None:
        """Remove all postings: whole tables, which takes no time."""
        for table in ("fingerprints", "song_tokens"):
            connection.execute(f"DELETE FROM {table}")

    def postings(self, connection: sqlite3.Connection, song_id: int) -> tuple[LongArray, LongArray]:
        """Return packed tokens and frames of those postings that a removal would reach."""
        config = self._config
        (listed,) = connection.execute(
            "SELECT tokens FROM song_tokens WHERE song_id = ?", (song_id,)
        ).fetchone()
        json.loads(listed)
        form = schema.token_text_sql("token", config) if config.token == "text" else "token"
        tokens, frames = connection.execute(
            f"""
            SELECT group_concat(hash_token), group_concat(absolute_time)
            FROM fingerprints WHERE song_id = ?1 AND hash_token IN (
              SELECT {form} FROM (
                SELECT sum(value) OVER (ORDER BY key) AS token FROM json_each(?2)))
            """,
            (song_id, listed),
        ).fetchone()
        if tokens is None:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        frame = np.fromstring(frames, dtype=np.int64, sep=",")
        if config.token == "text":
            token = hashing.from_text(tokens.split(","), config)
        else:
            token = np.fromstring(tokens, dtype=np.int64, sep=",")
        order = np.lexsort((frame, token))
        return token[order], frame[order]

    def counts(self, connection: sqlite3.Connection) -> dict[int, int]:
        """Return how many postings there are of each song; reads the table."""
        found = connection.execute("SELECT song_id, count(*) FROM fingerprints GROUP BY song_id")
        return dict(found.fetchall())

    def lookup(self, pool: ConnectionPool, tokens: LongArray) -> Postings:
        """Return every posting of ``tokens``, from the snapshot as far as it reaches."""
        beside = self._snapshot.look()
        with pool.reading() as connection:
            select = partial(posting_rows.select, connection, tokens, self.stored_form)
            found = beside and beside.lookup(connection, tokens)
            if not found:
                return select(after=posting_rows.ALL_SONGS)
            if not found.n_newer:
                return found.postings
            return posting_rows.joined(found.postings, select(after=found.last_song_id))

    def learned(self, pool: ConnectionPool, n_songs: int) -> None:
        """Do nothing: the table is all there is."""

    def lookup_bytes(self, connection: sqlite3.Connection) -> int | None:
        """Return the size of the table; needs an SQLite with dbstat."""
        return statistics.lookup_bytes(connection)

    def token_spread(self, connection: sqlite3.Connection, *, n_hottest: int) -> TokenStats:
        """Return the numbers of postings per token, and the commonest tokens."""
        return statistics.token_spread(connection, self._config, n_hottest=n_hottest)

    def problems(self, pool: ConnectionPool, *, full: bool) -> Iterator[str]:
        """Yield a sentence when there is a snapshot that is not used."""
        beside = self._snapshot.look()
        if beside:
            with pool.reading() as connection:
                yield from beside.problems(connection, full=full)

    def make_snapshot(
        self, pool: ConnectionPool, note: Callable[[int, int], None]
    ) -> SnapshotState:
        """Write the file that look-ups are answered from, beside the database."""
        from fpcore.store.snapshot_building import build

        with pool.reading() as connection:
            build(connection, self._config, self._snapshot.path, note)
        # Compile look-ups now, so that the first query of a running service does not wait.
        self.lookup(pool, np.zeros(1, np.int64))
        made = self.snapshot(pool)
        if made is None:
            raise StoreError(f"{self._snapshot.path} was removed as soon as it was written")
        return made

    def snapshot(self, pool: ConnectionPool) -> SnapshotState | None:
        """Return what there is to say about the snapshot beside the database."""
        beside = self._snapshot.look()
        if beside is None:
            return None
        with pool.reading() as connection:
            return beside.state(connection)

    def close(self, pool: ConnectionPool) -> None:
        """Let go of the snapshot."""
        self._snapshot.close()


def _as_integers(tokens: LongArray) -> list[int]:
    integers: list[int] = tokens.tolist()
    return integers
