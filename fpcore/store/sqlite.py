"""SQLite store: the default one, in one file in WAL mode.

Writes take a lock (BEGIN IMMEDIATE) and end in a commit that reaches the disk. Reads see the
last commit and wait for nobody. The tables are in `fpcore.store.schema`, what a check examines
in `fpcore.store.health`, what look-ups read beside the tables in `fpcore.store.snapshot`.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

import numpy as np

from fpcore import atomic
from fpcore.config import FingerprintConfig
from fpcore.errors import StoreError
from fpcore.records import Constellation, LongArray, Postings
from fpcore.stages.hashing import to_text
from fpcore.store import contents, health, posting_rows, schema, song_rows, statistics
from fpcore.store.base import (
    JSON,
    Added,
    CheckReport,
    Entry,
    SnapshotState,
    Song,
    Store,
    StoreStats,
    TokenStats,
)
from fpcore.store.batch import Batch
from fpcore.store.connections import ConnectionPool
from fpcore.store.constellations import Constellations
from fpcore.store.failures import check_folder, check_place, translated_errors
from fpcore.store.snapshot_use import SnapshotBeside

CHECKSUM_SONGS = 100
"""Songs that get their checksums in one transaction."""


def open_store(
    path: str | Path,
    config: FingerprintConfig | None,
    *,
    create: bool = False,
    busy_timeout_s: float = 30.0,
) -> SqliteStore:
    """Open the index in a file.

    Nothing that exists is deleted by opening it, or changed, but for the tables of an index of the
    version before, which are brought up to date. One on a read-only disk, or whose file or folder
    we may not write to, can be read.

    Parameters
    ----------
    path : str or Path
        The database file.
    config : FingerprintConfig or None
        The configuration that the index must have; None takes whatever it was made with.
    create : bool
        Make a new index when the file does not exist or is empty; needs ``config``.
    busy_timeout_s : float
        Seconds that a write waits for other writers.

    Returns
    -------
    SqliteStore
        To be closed by the caller.

    Raises
    ------
    StoreError
        When the file cannot be used as an index; the sentence says why.
    ConfigMismatchError
        When it was made with another configuration; the sentence lists the differences.
    ValueError
        When a new index is wanted without a configuration.
    """
    if create and config is None:
        raise ValueError("a new index needs a config")
    path = Path(path)
    if sqlite3.sqlite_version_info < schema.OLDEST_SQLITE:
        raise StoreError(
            f"SQLite {sqlite3.sqlite_version} is too old for an index: use a Python with "
            f"{'.'.join(map(str, schema.OLDEST_SQLITE))} or newer"
        )
    check_place(path, create=create)
    pool = ConnectionPool(path, busy_timeout_s)
    try:
        with pool.plain(mode="rwc" if create else "rw") as connection:
            stored = schema.prepare(connection, path, config, create=create)
            digest = schema.stored_meta(connection).get("digest", "")
        pool.inspect_new(partial(_inspect, path=path, digest=digest))
    except BaseException:
        pool.close()
        raise
    return SqliteStore(path, stored, pool)


def _inspect(connection: sqlite3.Connection, *, path: Path, digest: str) -> None:
    """See to it that the file in the place of the one that was opened first can stand for it."""
    schema.check_digest(connection, path, digest)
    schema.bring_up_to_date(connection)


class SqliteStore(Store):
    """An index in one SQLite file; made by `open_store`."""

    def __init__(self, path: Path, config: FingerprintConfig, pool: ConnectionPool) -> None:
        self._path = path
        self._config = config
        self._pool = pool
        self._snapshot = SnapshotBeside(path, config.digest)
        self._constellations = Constellations()
        self._stored_form: Callable[[LongArray], Sequence[int | str]] = (
            partial(to_text, config=config) if config.token == "text" else _as_integers
        )

    @property
    def path(self) -> Path:
        """The database file."""
        return self._path

    def check_writable(self) -> None:
        """Raise `StoreReadOnlyError` when the file or its folder cannot be written to."""
        self._pool.check_writable()

    @property
    def config(self) -> FingerprintConfig:
        """The configuration that the index was made with."""
        return self._config

    def add_songs(self, entries: Iterable[Entry], *, allow_duplicates: bool = True) -> list[Added]:
        """Add songs in one transaction; takes the lock only when there is something to write."""
        batch = Batch.of(list(entries), self._config)
        find = partial(
            contents.find_same,
            path=self._path,
            config=self._config,
            allow_duplicates=allow_duplicates,
        )
        with self._pool.reading() as connection:
            known = [find(connection, batch, number) for number in range(len(batch.songs))]
        if all(known):  # nothing to write, so no need to wait for writers
            return [one for one in known if one]
        with self._pool.writing() as connection:
            return self._insert(connection, batch, find)

    def _insert(
        self,
        connection: sqlite3.Connection,
        batch: Batch,
        find: Callable[[sqlite3.Connection, Batch, int], Added | None],
    ) -> list[Added]:
        added, row_ids = [], np.full(len(batch.songs), -1, dtype=np.int64)
        for number in range(len(batch.songs)):
            one = find(connection, batch, number)
            if one is None:
                row_ids[number] = song_rows.insert(connection, batch, number, self._path)
                song = song_rows.get(connection, int(row_ids[number]), self._path)
                one = Added(song, created=True)
            added.append(one)
        connection.executemany(
            "INSERT INTO fingerprints VALUES (?, ?, ?)", batch.rows(row_ids, self._stored_form)
        )
        return added

    def lookup(self, tokens: LongArray) -> Postings:
        """Return every posting of ``tokens``, all from one state of the index."""
        beside = self._snapshot.look()
        with self._pool.reading() as connection:
            select = partial(posting_rows.select, connection, tokens, self._stored_form)
            found = beside and beside.lookup(connection, tokens)
            if not found:
                return select(after=posting_rows.ALL_SONGS)
            if not found.n_newer:
                return found.postings
            return posting_rows.joined(found.postings, select(after=found.last_song_id))

    def constellations(self, song_ids: Sequence[int]) -> dict[int, Constellation]:
        """Return the constellation of each song; those read last are remembered."""
        with self._pool.reading() as connection:
            return self._constellations.read(connection, song_ids, self._path)

    def names(self, song_ids: Sequence[int]) -> dict[int, str]:
        """Return the title of each song; see `fpcore.store.titles`."""
        with self._pool.reading() as connection:
            return song_rows.names(connection, song_ids, self._path)

    def songs(
        self, *, name_contains: str | None = None, limit: int | None = None, offset: int = 0
    ) -> list[Song]:
        """Return songs in the order in which they were learned."""
        if offset < 0 or (limit is not None and limit < 0):
            raise ValueError(f"limit and offset must be >= 0, got {limit} and {offset}")
        with self._pool.reading() as connection:
            return song_rows.select(
                connection, self._path, name_contains=name_contains, limit=limit, offset=offset
            )

    def n_songs(self, *, name_contains: str | None = None) -> int:
        """Return how many songs there are, or how many have this text in the name."""
        with self._pool.reading() as connection:
            return song_rows.count(connection, name_contains)

    def song(self, song_id: int) -> Song:
        """Return one song."""
        with self._pool.reading() as connection:
            return song_rows.get(connection, song_id, self._path)

    def find(self, checksum: str) -> Song | None:
        """Return the song of this content, or None."""
        with self._pool.reading() as connection:
            return song_rows.find(connection, checksum, self._path)

    def update_metadata(self, song_id: int, values: Mapping[str, JSON]) -> Song:
        """Put values into the metadata of a song, in one transaction."""
        with self._pool.writing() as connection:
            return song_rows.update_metadata(connection, song_id, values, self._path)

    def remove(self, song_id: int) -> Song:
        """Remove a song; its postings go by the trigger ``songs_delete``."""
        with self._pool.writing() as connection:
            return song_rows.remove(connection, song_id, self._path)

    def clear(self) -> int:
        """Remove all songs and return how many there were."""
        with self._pool.writing() as connection:
            # Whole tables first, which takes no time; the trigger on songs then finds nothing.
            for table in ("fingerprints", "song_tokens", "constellations"):
                connection.execute(f"DELETE FROM {table}")
            return connection.execute("DELETE FROM songs").rowcount

    def stats(self) -> StoreStats:
        """Return the size of the index; ``lookup_bytes`` needs an SQLite with dbstat."""
        with self._pool.reading() as connection:
            return statistics.sizes(connection)

    def token_stats(self, *, n_hottest: int = 10) -> TokenStats:
        """Return how the postings are spread over the tokens."""
        with self._pool.reading() as connection:
            return statistics.token_spread(connection, self._config, n_hottest=n_hottest)

    def check(self, *, full: bool = False) -> CheckReport:
        """Return what is wrong with the index and its snapshot; ``full`` reads all of both."""
        beside = self._snapshot.look()
        with self._pool.reading() as connection:
            problems = list(health.problems(connection, self._config, full=full))
            if beside:
                problems += beside.problems(connection, full=full)
            notes = tuple(health.notes(connection, full=full))
        return CheckReport(tuple(problems), notes)

    def add_checksums(self) -> int:
        """Add checksums in transactions of `CHECKSUM_SONGS` songs, so that others get a turn."""
        n_added, last_id = 0, posting_rows.ALL_SONGS
        while True:
            with self._pool.writing() as connection:
                n_new, looked_at = contents.add_checksums(
                    connection, self._config, after=last_id, n_songs=CHECKSUM_SONGS
                )
            n_added += n_new
            if looked_at is None:
                return n_added
            last_id = looked_at

    def make_snapshot(
        self, note: Callable[[int, int], None] = lambda n_done, n_postings: None
    ) -> SnapshotState:
        """Write the file that look-ups are answered from, beside the database."""
        from fpcore.store.snapshot_building import build

        with self._pool.reading() as connection:
            build(connection, self._config, self._snapshot.path, note)
        # Compile look-ups now, so that the first query of a running service does not wait.
        self.lookup(np.zeros(1, np.int64))
        made = self.snapshot()
        if made is None:
            raise StoreError(f"{self._snapshot.path} was removed as soon as it was written")
        return made

    def snapshot(self) -> SnapshotState | None:
        """Return what there is to say about the snapshot beside the database."""
        beside = self._snapshot.look()
        if beside is None:
            return None
        with self._pool.reading() as connection:
            return beside.state(connection)

    def backup(self, path: str | Path) -> None:
        """Write a copy as a new file, which is there once it is whole."""
        target = Path(path)
        check_folder(target)
        if os.path.lexists(target):
            raise StoreError(f"{target} exists already: give the backup another name")
        try:
            with atomic.replaced(target, durable=True) as part:
                self._copy_to(part, target)
        except OSError as error:
            raise StoreError(f"the backup {target} cannot be written: {error.strerror}") from error

    def _copy_to(self, part: Path, target: Path) -> None:
        with (
            self._pool.reading() as connection,
            translated_errors(target, 0),
            closing(sqlite3.connect(part)) as copy,
        ):
            # All pages at once: with smaller steps every write by others starts it again.
            connection.backup(copy, pages=-1)

    def close(self) -> None:
        """Close the connections; the last one copies the log into the database."""
        self._pool.close()
        self._snapshot.close()


def _as_integers(tokens: LongArray) -> list[int]:
    integers: list[int] = tokens.tolist()
    return integers
