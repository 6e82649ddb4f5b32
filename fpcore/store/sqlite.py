"""SQLite store: the default one, in one file in WAL mode.

Writes take a lock (BEGIN IMMEDIATE) and end in a commit that reaches the disk. Reads see the
last commit and wait for nobody. The tables are in `fpcore.store.schema`, what a check examines
in `fpcore.store.health`, how postings are kept and found in the layouts: `fpcore.store.classic` and
`fpcore.store.segmented`.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from fpcore import atomic
from fpcore.config import FingerprintConfig
from fpcore.errors import StoreError
from fpcore.places import Address, Place, place_of
from fpcore.records import Constellation, LongArray, Postings
from fpcore.store import (
    contents,
    copies,
    health,
    incomplete,
    posting_rows,
    schema,
    song_rows,
    statistics,
)
from fpcore.store.base import (
    JSON,
    Added,
    CheckReport,
    Copy,
    Entry,
    SnapshotState,
    Song,
    Store,
    StoreStats,
    TokenStats,
)
from fpcore.store.batch import Batch
from fpcore.store.classic import ClassicLayout
from fpcore.store.connections import ConnectionPool
from fpcore.store.constellations import Constellations
from fpcore.store.failures import check_folder, check_place, translated_errors
from fpcore.store.layout import Layout, LayoutName
from fpcore.store.segmented import SegmentedLayout

MAX_SEGMENT_TOKENS = 1 << 40
"""With more, the directories of buckets in segments would be larger than the postings."""

CHECKSUM_SONGS = 100
"""Songs that get their checksums in one transaction."""


def open_file(
    path: Path,
    config: FingerprintConfig | None,
    *,
    create: bool = False,
    layout: LayoutName | None = None,
    busy_timeout_s: float = 30.0,
) -> SqliteStore:
    """Open the index in a file.

    Nothing that exists is deleted by opening it, or changed, but for the tables of an index of the
    version before, which are brought up to date. One on a read-only disk, or whose file or folder
    we may not write to, can be read.

    Parameters
    ----------
    path : Path
        The database file.
    config : FingerprintConfig or None
        The configuration that the index must have; None takes whatever it was made with.
    create : bool
        Make a new index when the file does not exist or is empty; needs ``config``.
    layout : {"classic", "segments"}, optional
        How a new index keeps its postings; without, in segments unless its tokens are texts, which
        only the classic layout shows. An index that is there stays as it is.
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
    pool = ConnectionPool(path, busy_timeout_s)
    stored, kept = prepared(pool, path, config, create=create, layout=layout)
    return SqliteStore(path, stored, pool, kept)


def prepared(
    pool: ConnectionPool,
    path: Path,
    config: FingerprintConfig | None,
    *,
    create: bool,
    layout: LayoutName | None,
) -> tuple[FingerprintConfig, Layout]:
    """Return the configuration and the layout of the index in a file, made when it is not there.

    Parameters
    ----------
    pool : ConnectionPool
        To the file; closed when the index cannot be used.
    path : Path
        The database file.
    config : FingerprintConfig or None
        The configuration that the index must have; None takes any.
    create : bool
        Make a new index when the file does not exist or is empty.
    layout : {"classic", "segments"}, optional
        How a new index keeps its postings.

    Raises
    ------
    StoreError, ConfigMismatchError
        As `open_file` does.
    """
    try:
        return _prepared(pool, path, config, create=create, layout=layout)
    except BaseException:
        pool.close()
        raise


def _prepared(
    pool: ConnectionPool,
    path: Path,
    config: FingerprintConfig | None,
    *,
    create: bool,
    layout: LayoutName | None,
) -> tuple[FingerprintConfig, Layout]:
    if sqlite3.sqlite_version_info < schema.OLDEST_SQLITE:
        raise StoreError(
            f"SQLite {sqlite3.sqlite_version} is too old for an index: use a Python with "
            f"{'.'.join(map(str, schema.OLDEST_SQLITE))} or newer"
        )
    check_place(path, create=create)
    wanted = (layout or _layout_for(config)) if create and config is not None else None
    with pool.plain(mode="rwc" if create else "rw") as connection:
        stored = schema.prepare(connection, path, config, create=wanted)
        meta = schema.stored_meta(connection)
        kind = schema.layout_of(connection)
    pool.inspect_new(partial(_inspect, path=path, digest=meta.get("digest", ""), layout=kind))
    if "replica_of" in meta:
        pool.refuse_writing(
            f"{path} is this machine's copy of {meta['replica_of']}, which would never get what is "
            "written here: write to that"
        )
    return stored, _LAYOUTS[kind](path, stored)


def _layout_for(config: FingerprintConfig) -> LayoutName:
    """Return the layout of a new index that nobody wants in a certain one."""
    is_text, is_wide = config.token == "text", config.n_tokens > MAX_SEGMENT_TOKENS
    return "classic" if is_text or is_wide else "segments"


_LAYOUTS: Mapping[LayoutName, Callable[[Path, FingerprintConfig], Layout]] = {
    "classic": ClassicLayout,
    "segments": SegmentedLayout,
}


def _inspect(
    connection: sqlite3.Connection, *, path: Path, digest: str, layout: LayoutName
) -> None:
    """See to it that the file in the place of the one that was opened first can stand for it."""
    schema.check_digest(connection, path, digest)
    if schema.layout_of(connection) != layout:
        raise StoreError(f"{path} was replaced by one of another layout: open it again")
    schema.bring_up_to_date(connection)


class SqliteStore(Store):
    """An index in one SQLite file; made by `open_file`."""

    def __init__(
        self, path: Place, config: FingerprintConfig, pool: ConnectionPool, layout: Layout
    ) -> None:
        self._path = path
        self._config = config
        self._pool = pool
        self._layout = layout
        self._constellations = Constellations()

    @property
    def path(self) -> Place:
        """The database file."""
        return self._path

    @property
    def file(self) -> Path:
        """The same."""
        return self._pool.path

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
        checksums = [song.checksum for song in batch.songs]
        find = partial(self._find_same, batch=batch, allow_duplicates=allow_duplicates)
        with self._pool.deciding() as connection:
            known = [find(connection, number) for number in range(len(batch.songs))]
            found = [one for one in known if one]
            is_known = len(found) == len(known)
            new_copies = copies.new(connection, checksums, found) if is_known else []
        if is_known:
            if new_copies:
                with suppress(StoreError), self._pool.writing() as connection:
                    copies.keep(connection, new_copies)  # else the files are looked into again
            return found
        with self._pool.writing() as connection:
            added = self._insert(connection, batch, allow_duplicates=allow_duplicates)
            copies.keep(connection, copies.new(connection, checksums, added))
        self._layout.learned(self._pool, sum(one.created for one in added))
        return added

    def _find_same(
        self, connection: sqlite3.Connection, number: int, *, batch: Batch, allow_duplicates: bool
    ) -> Added | None:
        """Return the song that one of a batch is already, or None."""
        known = contents.find_same(
            connection,
            batch,
            number,
            path=self._path,
            config=self._config,
            layout=self._layout,
            allow_duplicates=allow_duplicates,
        )
        if known is not None or allow_duplicates:
            return known
        return incomplete.whole_of(connection, batch, number, path=self._path, config=self._config)

    def _insert(
        self, connection: sqlite3.Connection, batch: Batch, *, allow_duplicates: bool
    ) -> list[Added]:
        added, row_ids = [], np.full(len(batch.songs), -1, dtype=np.int64)
        for number in range(len(batch.songs)):
            one = self._find_same(
                connection, number, batch=batch, allow_duplicates=allow_duplicates
            )
            if one is None:
                one = self._insert_song(
                    connection, batch, number, allow_duplicates=allow_duplicates
                )
                # Of a part that is of this batch, too, no postings must be written.
                row_ids[np.isin(row_ids, [part.id for part in one.replaced])] = -1
                row_ids[number] = one.song.id
            added.append(one)
        self._layout.insert(connection, batch, row_ids)
        return added

    def _insert_song(
        self,
        connection: sqlite3.Connection,
        batch: Batch,
        number: int,
        *,
        allow_duplicates: bool,
    ) -> Added:
        """Write all of a new song but its postings, in place of the incomplete ones it replaces."""
        parts: tuple[Song, ...] = ()
        song_id = None
        if not allow_duplicates:
            parts = incomplete.parts_of(
                connection, batch, number, path=self._path, config=self._config
            )
        for part in parts:
            song_rows.remove(connection, part.id, self._path)
        if parts:
            batch = batch.with_song(number, incomplete.in_place_of(batch.songs[number], parts[0]))
            song_id = parts[0].id if self._layout.gives_ids_again else None
        song_id = song_rows.insert(connection, batch, number, self._path, song_id=song_id)
        copies.forget(connection, batch.songs[number].checksum)
        song = song_rows.get(connection, song_id, self._path)
        return Added(song, created=True, replaced=parts)

    def lookup(self, tokens: LongArray) -> Postings:
        """Return every posting of ``tokens``, all from one state of the index."""
        return self._layout.lookup(self._pool, tokens)

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

    def find_copy(self, checksum: str) -> Added | None:
        """Return the song that a file was known to be by its audio, or None."""
        with self._pool.reading() as connection:
            return copies.find(connection, checksum, self._path)

    def copies(self) -> dict[str, Copy]:
        """Return what each file that was known by its audio is a copy of."""
        with self._pool.reading() as connection:
            return copies.all_of(connection)

    def update_metadata(self, song_id: int, values: Mapping[str, JSON]) -> Song:
        """Put values into the metadata of a song, in one transaction."""
        with self._pool.writing() as connection:
            return song_rows.update_metadata(connection, song_id, values, self._path)

    def rename(self, song_id: int, name: str) -> Song:
        """Give a song another name, in one transaction; no look-up reads names."""
        with self._pool.writing() as connection:
            return song_rows.rename(connection, song_id, name, self._path)

    def rename_by_tags(self, titles: Mapping[int, str]) -> list[Song]:
        """Call songs as the tags of their files do, in one transaction."""
        with self._pool.writing() as connection:
            return song_rows.rename_by_tags(connection, titles, self._path)

    def remove(self, song_id: int) -> Song:
        """Remove a song; its postings go by the trigger ``songs_delete``."""
        with self._pool.writing() as connection:
            return song_rows.remove(connection, song_id, self._path)

    def clear(self) -> int:
        """Remove all songs and return how many there were."""
        with self._pool.writing() as connection:
            # Whole tables first, which takes no time; the trigger on songs then finds nothing.
            self._layout.clear(connection)
            connection.execute("DELETE FROM copies")
            connection.execute("DELETE FROM constellations")
            return connection.execute("DELETE FROM songs").rowcount

    def stats(self) -> StoreStats:
        """Return the size of the index, and of what look-ups read beside it."""
        beside = self._layout.snapshot(self._pool)
        with self._pool.reading() as connection:
            found = statistics.sizes(connection, self._layout.lookup_bytes(connection))
        beside_bytes = 0 if beside is None else beside.file_bytes
        return replace(found, file_bytes=found.file_bytes + beside_bytes)

    def token_stats(self, *, n_hottest: int = 10) -> TokenStats:
        """Return how the postings are spread over the tokens."""
        with self._pool.reading() as connection:
            return self._layout.token_spread(connection, n_hottest=n_hottest)

    def check(self, *, full: bool = False) -> CheckReport:
        """Return what is wrong with the index and the files beside it; ``full`` reads all."""
        with self._pool.reading() as connection:
            problems = list(health.problems(connection, self._config, self._layout, full=full))
            notes = tuple(health.notes(connection, full=full))
        problems += self._layout.problems(self._pool, full=full)
        return CheckReport(tuple(problems), notes)

    def add_checksums(self) -> int:
        """Add checksums in transactions of `CHECKSUM_SONGS` songs, so that others get a turn."""
        n_added, last_id = 0, posting_rows.ALL_SONGS
        while True:
            with self._pool.writing() as connection:
                n_new, looked_at = contents.add_checksums(
                    connection,
                    self._config,
                    self._layout,
                    after=last_id,
                    n_songs=CHECKSUM_SONGS,
                )
            n_added += n_new
            if looked_at is None:
                return n_added
            last_id = looked_at

    def make_snapshot(
        self, note: Callable[[int, int], None] = lambda n_done, n_postings: None
    ) -> SnapshotState:
        """Bring what look-ups read into the form in which they are fastest."""
        return self._layout.make_snapshot(self._pool, note)

    def snapshot(self) -> SnapshotState | None:
        """Return what there is to say about the files beside the database."""
        return self._layout.snapshot(self._pool)

    def backup(self, path: str | Place) -> None:
        """Write a copy as a new file, which is there once it is whole."""
        target = place_of(path)
        if isinstance(target, Address):
            raise StoreError(f"{target} exists already, and is no file: name one for the backup")
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
        self._layout.close(self._pool)
        self._pool.close()
