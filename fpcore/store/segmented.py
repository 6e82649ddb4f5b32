"""The layout of segments: postings of each song in a row, and an index beside the database.

The rows are the truth: learning a song appends one, of the size of the song. The index is derived:
segments, in which look-ups find tokens fast, see `fpcore.store.segment_view`. Songs that no segment
covers, such as those learned last, are looked up in memory. So files that are missing, damaged, or
of another state of the database cost time, and never change an answer.
"""

from __future__ import annotations

import io
import json
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from fpcore.config import FingerprintConfig
from fpcore.errors import StoreBusyError, StoreError
from fpcore.records import LongArray, Postings
from fpcore.store import segment_view, segment_writing, song_rows, statistics
from fpcore.store.base import SnapshotState, TokenStats
from fpcore.store.batch import Batch
from fpcore.store.codec import decode_postings, encode_postings
from fpcore.store.connections import ConnectionPool
from fpcore.store.failures import translated_os_errors
from fpcore.store.layout import Layout
from fpcore.store.segment import DamagedSegmentError, Segment
from fpcore.store.segment_folder import SegmentFolder, mergeable
from fpcore.store.segment_view import InUse, SongsRead, View, assigned, of_no_use
from fpcore.store.segment_writing import Content
from fpcore.store.snapshot import song_key

logger = logging.getLogger(__name__)

TAIL_SONGS = 16
"""So many songs that no segment covers become one; fewer are kept in memory."""

GROUP_SONGS = 256
"""At most so many become one segment at once."""

_ROWS = """
SELECT song_id, key, postings FROM postings JOIN song_keys USING (song_id)
WHERE song_id IN (SELECT value FROM json_each(?)) ORDER BY song_id
"""


class SegmentedLayout(Layout):
    """Postings in the table ``postings``, and segments beside the database."""

    song_tables = ("postings", "song_keys")
    gives_ids_again = True  # segments know songs by keys, which name their contents

    def __init__(self, path: Path, config: FingerprintConfig) -> None:
        self._path = path
        self._config = config
        self._folder = SegmentFolder(path, config)
        self._songs = SongsRead()
        self._view: View | None = None
        self._lock = threading.Lock()  # of who makes a view, or starts to merge
        self._n_learned = 0  # since segments were last written
        self._merger: threading.Thread | None = None
        self._is_told = False

    def insert(self, connection: sqlite3.Connection, batch: Batch, song_ids: LongArray) -> None:
        """Write a row for each song."""
        before, keys = segment_view.state_of(connection), {}
        for number in np.flatnonzero(song_ids >= 0).tolist():
            song_id = int(song_ids[number])
            identity = connection.execute(
                "SELECT checksum, learned_at, fingerprint_checksum FROM songs WHERE id = ?",
                (song_id,),
            ).fetchone()
            key = keys[song_id] = song_key(*identity)
            postings = encode_postings(*batch.of_song(number))
            connection.execute("INSERT INTO postings VALUES (?, ?)", (song_id, postings))
            connection.execute("INSERT INTO song_keys VALUES (?, ?)", (song_id, key))
        self._songs.added(connection, before, keys)

    def clear(self, connection: sqlite3.Connection) -> None:
        """Remove all postings."""
        for table in self.song_tables:
            connection.execute(f"DELETE FROM {table}")

    def postings(self, connection: sqlite3.Connection, song_id: int) -> tuple[LongArray, LongArray]:
        """Return packed tokens and frames of a song, sorted."""
        (row,) = connection.execute(
            "SELECT postings FROM postings WHERE song_id = ?", (song_id,)
        ).fetchone()
        return decode_postings(row)

    def counts(self, connection: sqlite3.Connection) -> dict[int, int]:
        """Return how many postings the row of each song says that it holds."""
        query = "SELECT song_id, substr(postings, 2, 4) FROM postings"
        return {song_id: int.from_bytes(n, "little") for song_id, n in connection.execute(query)}

    def lookup(self, pool: ConnectionPool, tokens: LongArray) -> Postings:
        """Return every posting of ``tokens``; a segment that proves damaged is left out."""
        with pool.reading() as connection:
            while True:
                try:
                    return segment_view.lookup(self._current(connection).in_use, tokens)
                except DamagedSegmentError as error:
                    self._folder.refuse(error)

    def _current(self, connection: sqlite3.Connection) -> View:
        """Return the view of the state that a connection sees."""
        state, opened = segment_view.state_of(connection), self._folder.look()
        view = self._view
        if view is not None and view.is_of(state, opened):
            return view
        with self._lock:
            view = self._view  # another thread may have been faster
            if view is None or not view.is_of(state, opened):
                view = self._view = self._new_view(connection, state)
        return view

    def _new_view(self, connection: sqlite3.Connection, state: str) -> View:
        """Return a view of a state; writes segments first when many songs have none."""
        songs, opened = self._songs.read(connection), self._folder.look()
        self._folder.tell_refusals()
        # What was put together for lack of a place to write to is not put together again.
        kept = [] if self._view is None else self._view.in_memory(GROUP_SONGS)
        in_use, left = assigned(songs, [*opened, *kept])
        if len(left) >= TAIL_SONGS and self._try_to_write(connection):
            opened = self._folder.look()
            in_use, left = assigned(songs, opened)
        contents = self._contents(connection, left)
        in_use += [self._in_memory(content) for content in contents]
        return View(state, opened, in_use)

    def _in_memory(self, content: Content) -> InUse:
        file = io.BytesIO()
        segment_writing.write(file, content, self._config)
        return Segment.of(file.getvalue()), np.ones(len(content.song_id), np.bool_)

    def _contents(self, connection: sqlite3.Connection, song_ids: LongArray) -> Iterator[Content]:
        """Yield what segments of songs are made of, read from their rows, some songs at a time."""
        for first in range(0, len(song_ids), GROUP_SONGS):
            group = json.dumps(song_ids[first : first + GROUP_SONGS].tolist())
            rows = connection.execute(_ROWS, (group,)).fetchall()
            yield segment_writing.content_of(
                [(song_id, key, *self._decoded(song_id, row)) for song_id, key, row in rows]
            )

    def _decoded(self, song_id: int, row: bytes) -> tuple[LongArray, LongArray]:
        try:
            return decode_postings(row)
        except ValueError as error:
            raise StoreError(
                f"{self._path} is damaged at song {song_id} ({error}): {song_rows.remedy(song_id)}"
            ) from None

    def _try_to_write(self, connection: sqlite3.Connection) -> bool:
        """Write segments of new songs; return False where that cannot be: look-ups do without."""
        try:
            self._write_segments(connection, TAIL_SONGS)
        except StoreBusyError:
            return False
        except OSError as error:
            self._cannot_write(error)
            return False
        return True

    def _write_segments(self, connection: sqlite3.Connection, at_least: int) -> None:
        """Write segments of the songs that none covers, if they are so many.

        Raises
        ------
        StoreBusyError
            When another process is at it.
        OSError
            When there is no room.
        """
        songs, opened = self._songs.read(connection), self._folder.look()
        _, left = assigned(songs, opened)
        if len(left) < at_least:
            return
        with self._folder.writing():
            if self._folder.look() is not opened:  # another may have been faster
                _, left = assigned(songs, self._folder.look())
            if len(left) >= at_least:
                for content in self._contents(connection, left):
                    self._folder.write(content, durable=False)

    def _cannot_write(self, error: OSError) -> None:
        """Tell it once: look-ups do without."""
        if not self._is_told:
            self._is_told = True
            folder, reason = self._folder.path, error.strerror
            logger.warning("%s cannot be written to (%s): look-ups take longer", folder, reason)

    def learned(self, pool: ConnectionPool, n_songs: int) -> None:
        """Write a segment once enough songs were learned, and merge in another thread."""
        self._n_learned += n_songs
        if self._n_learned < TAIL_SONGS:
            return
        self._n_learned = 0
        try:
            with pool.reading() as connection:
                self._try_to_write(connection)
            if self._is_untidy(pool):
                self._begin_merging(pool)
        except StoreError as error:  # the songs are learned all the same
            self._stay_as_they_are(error)

    def _is_untidy(self, pool: ConnectionPool) -> bool:
        """Whether there is something to merge or to remove."""
        in_use, useless = self._on_disk(pool)
        return bool(useless or self._folder.refusals() or mergeable(in_use))

    def _on_disk(self, pool: ConnectionPool) -> tuple[list[InUse], list[Segment]]:
        """Return the segments in the folder that are in use, and those that never will be."""
        with pool.reading() as connection:
            songs = self._songs.read(connection)
        opened = self._folder.look()
        in_use, _ = assigned(songs, opened)
        return in_use, of_no_use(songs, opened, in_use)

    def _merge(
        self, pool: ConnectionPool, choose: Callable[[Sequence[InUse]], Sequence[InUse]]
    ) -> None:
        """Merge what is chosen, until that is nothing; raises as `_write_segments` does.

        Only here are files removed, by one process at a time and after the songs were read anew.
        """
        with self._folder.merging():
            while True:
                in_use, useless = self._on_disk(pool)
                self._folder.discard(useless)
                chosen = choose(in_use)
                if not chosen:
                    return
                try:
                    self._folder.merge(chosen)
                except DamagedSegmentError as error:
                    self._folder.refuse(error)

    def _try_to_merge(self, pool: ConnectionPool) -> None:
        """Merge what is many; where that cannot be, look-ups do without."""
        try:
            self._merge(pool, mergeable)
        except StoreBusyError:
            return
        except OSError as error:
            self._cannot_write(error)
        except StoreError as error:
            self._stay_as_they_are(error)

    def _stay_as_they_are(self, error: StoreError) -> None:
        logger.warning("the segments of %s stay as they are: %s", self._path, error)

    def _begin_merging(self, pool: ConnectionPool) -> None:
        with self._lock:
            if self._merger is None or not self._merger.is_alive():
                self._merger = threading.Thread(target=self._try_to_merge, args=(pool,))
                self._merger.start()

    def _end_merging(self) -> None:
        with self._lock:
            merger = self._merger
        if merger is not None:
            merger.join()

    def lookup_bytes(self, connection: sqlite3.Connection) -> int | None:
        """Return the size of the segments that are in use."""
        in_use = self._current(connection).in_use
        return sum(segment.n_bytes for segment, _ in in_use)

    def token_spread(self, connection: sqlite3.Connection, *, n_hottest: int) -> TokenStats:
        """Return the numbers of postings per token, and the commonest tokens."""
        while True:
            try:
                in_use = self._current(connection).in_use
                parts = segment_writing.merged(in_use, self._config).parts if in_use else ()
                return statistics.spread_of(
                    (token for token, _, _ in parts), self._config, n_hottest=n_hottest
                )
            except DamagedSegmentError as error:
                self._folder.refuse(error)

    def problems(self, pool: ConnectionPool, *, full: bool) -> Iterator[str]:
        """Yield a sentence for each segment that is not what was written."""
        if full:
            self._refuse_damaged()
        yield from self._folder.refusals()

    def _refuse_damaged(self) -> None:
        """Read all segments, and do without those that are not what was written."""
        for segment in self._folder.look():
            try:
                segment.verify()
            except DamagedSegmentError as error:
                self._folder.refuse(error)

    def make_snapshot(
        self, pool: ConnectionPool, note: Callable[[int, int], None]
    ) -> SnapshotState:
        """Merge all segments into one, in which look-ups are fastest."""
        self._end_merging()
        self._refuse_damaged()
        with translated_os_errors(self._folder.path):
            with pool.reading() as connection:
                self._write_segments(connection, 1)
            if self._folder.look() or self._folder.refusals():
                self._merge(pool, _unless_one)
        self.lookup(pool, np.zeros(1, np.int64))  # compiles, so that the first query does not wait
        state = self._state(pool)
        note(state.n_postings, state.n_postings)
        return state

    def snapshot(self, pool: ConnectionPool) -> SnapshotState | None:
        """Return what there is to say about the segments; None when there are none."""
        state = self._state(pool)
        return state if state.file_bytes or state.refusal else None

    def _state(self, pool: ConnectionPool) -> SnapshotState:
        with pool.reading() as connection:
            songs = self._songs.read(connection)
        segments = self._folder.look()
        in_use, left = assigned(songs, segments)
        n_songs = sum(len(segment.song_id) for segment in segments)
        return SnapshotState(
            self._folder.path,
            sum(segment.n_bytes for segment in segments),
            next(iter(self._folder.refusals()), None),
            n_songs=n_songs,
            n_postings=sum(segment.n_postings for segment in segments),
            n_removed=n_songs - sum(int(live.sum()) for _, live in in_use),
            n_newer=len(left),
        )

    def close(self, pool: ConnectionPool) -> None:
        """Write segments of the songs that were learned here, if they are many; end merging."""
        if self._n_learned:
            self.learned(pool, TAIL_SONGS)
        self._end_merging()
        self._view = None
        self._folder.close()


def _unless_one(in_use: Sequence[InUse]) -> Sequence[InUse]:
    """Return all segments, unless they are one that holds no other songs."""
    return [] if len(in_use) == 1 and in_use[0][1].all() else in_use
