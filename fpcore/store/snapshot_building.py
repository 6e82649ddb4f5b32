"""Building of a snapshot of an index, beside the one in use and then in its place.

The new file grows under a temporary name, is written through to the disk, and is renamed: a
process that is killed leaves the old snapshot, and a partial file that the next one begins
anew. A lock on the partial file keeps a second process out; it ends with the process. So that
both meet at the same file, its name is always the same, unlike those that `fpcore.atomic` draws.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from fpcore import atomic
from fpcore.config import FingerprintConfig
from fpcore.errors import StoreBusyError, StoreError
from fpcore.records import LongArray
from fpcore.stages.hashing import from_text
from fpcore.store import schema
from fpcore.store.codec import CHUNK_ROWS
from fpcore.store.failures import translated_os_errors
from fpcore.store.snapshot import HEADER_BYTES, header_of, song_key

ShowCopied = Callable[[int, int], None]
"""Is told how many postings are done, and of how many."""

ALIGN_BYTES = 64

# Three texts that NumPy parses, in the order of the primary key: rows would take three times as
# long. The rows of one chunk begin after the last one of the chunk before.
_CHUNK = f"""
SELECT group_concat(hash_token), group_concat(song_id), group_concat(absolute_time) FROM (
  SELECT * FROM fingerprints
  WHERE (hash_token, song_id, absolute_time) > (?, ?, ?)
  ORDER BY hash_token, song_id, absolute_time LIMIT {CHUNK_ROWS})
"""


def build(
    connection: sqlite3.Connection, config: FingerprintConfig, path: Path, note: ShowCopied
) -> None:
    """Write what a connection sees, in one transaction, as a snapshot.

    Parameters
    ----------
    connection : sqlite3.Connection
        In a transaction that sees one state of the index.
    config : FingerprintConfig
        The configuration of the index.
    path : Path
        Where the snapshot lies when it is done.
    note : callable
        Called with the number of postings done and the number of all.

    Raises
    ------
    StoreBusyError
        When another program is writing one.
    StoreFullError
        When there is no room. The snapshot that was there stays.
    StoreError
        When it cannot be written.
    """
    partial = path.with_name(f"{path.name}.partial")
    with translated_os_errors(path), _alone(partial) as file:
        try:
            _Writer(file).write(connection, config, note)
            file.flush()
            atomic.move_into_place(partial, path, durable=True)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise


@contextmanager
def _alone(partial: Path) -> Iterator[BinaryIO]:
    """Lend an empty file that no other process writes to."""
    while True:
        with open(os.open(partial, os.O_RDWR | os.O_CREAT, 0o666), "wb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StoreBusyError(
                    f"{partial} is being written by another program: wait until that is done"
                ) from None
            # Between the opening and the lock, the one before may have renamed or removed it.
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(file.fileno()), partial.stat()):
                    file.truncate(0)
                    yield file
                    return


class _Writer:
    """Writes columns one after the other, and the header over the room left for it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._columns: dict[str, dict[str, Any]] = {}

    def write(
        self, connection: sqlite3.Connection, config: FingerprintConfig, note: ShowCopied
    ) -> None:
        self._file.write(bytes(HEADER_BYTES))
        songs = connection.execute(
            "SELECT id, checksum, learned_at, n_fingerprints FROM songs ORDER BY id"
        ).fetchall()
        song_id = np.array([song[0] for song in songs], np.int64)
        self._column("song_id", "<i8", [song_id])
        self._column("song_key", "<i8", [np.array([song_key(*song[1:]) for song in songs], "i8")])
        self._postings(connection, config, song_id, note)
        content = {"digest": config.digest, "built_at": schema.now(), "columns": self._columns}
        self._file.seek(0)
        self._file.write(header_of(content))

    def _postings(
        self,
        connection: sqlite3.Connection,
        config: FingerprintConfig,
        song_id: LongArray,
        note: ShowCopied,
    ) -> None:
        n_postings, last_frame = connection.execute(
            "SELECT count(*), coalesce(max(absolute_time), 0) FROM fingerprints"
        ).fetchone()
        runs: list[tuple[LongArray, LongArray]] = []

        def places() -> Iterator[NDArray[Any]]:
            n_done = 0
            for token, song, frame in _chunks(connection, config):
                runs.append(_runs(token, np.ones(len(token), np.int64)))
                yield np.stack([np.searchsorted(song_id, song), frame], axis=1)
                n_done += len(token)
                note(n_done, n_postings)
            if n_done != n_postings:
                raise StoreError(f"{n_done} of {n_postings} postings were read: run `fpcore check`")

        self._column("place", _narrowest(max(last_frame, len(song_id))), places(), width=2)
        token, count = _runs(
            np.concatenate([_nothing(), *(token for token, _ in runs)]),
            np.concatenate([_nothing(), *(count for _, count in runs)]),
        )
        start = np.cumsum(count) - count
        if config.token == "text":  # in another order than their packed tokens
            order = np.argsort(token)
            token, start, count = token[order], start[order], count[order]
        self._column("token", _narrowest(config.n_tokens), [token])
        self._column("start", _narrowest(n_postings), [start])
        self._column("count", _narrowest(int(count.max(initial=0))), [count])

    def _column(
        self,
        name: str,
        dtype: str,
        parts: Iterator[NDArray[Any]] | Sequence[NDArray[Any]],
        *,
        width: int | None = None,
    ) -> None:
        """Write a column of which ``parts`` are given; two-dimensional when it has a width."""
        offset = self._file.seek(-(-self._file.tell() // ALIGN_BYTES) * ALIGN_BYTES)
        crc, n_rows = 0, 0
        for part in parts:
            octets = part.astype(dtype).tobytes()
            self._file.write(octets)
            crc, n_rows = zlib.crc32(octets, crc), n_rows + len(part)
        shape = [n_rows] if width is None else [n_rows, width]
        self._columns[name] = {"dtype": dtype, "shape": shape, "offset": offset, "crc32": crc}


def _chunks(
    connection: sqlite3.Connection, config: FingerprintConfig
) -> Iterator[tuple[LongArray, LongArray, LongArray]]:
    """Yield all postings as token, song id and frame, in the order of the primary key."""
    key: tuple[int | str, int, int] = ("" if config.token == "text" else -1, -1, -1)
    while True:
        texts = connection.execute(_CHUNK, key).fetchone()
        if texts[0] is None:
            return
        song, frame = (np.fromstring(text, dtype=np.int64, sep=",") for text in texts[1:])
        if config.token == "text":
            stored = texts[0].split(",")
            token = from_text(stored, config)
            key = (stored[-1], int(song[-1]), int(frame[-1]))
        else:
            token = np.fromstring(texts[0], dtype=np.int64, sep=",")
            key = (int(token[-1]), int(song[-1]), int(frame[-1]))
        yield token, song, frame


def _runs(token: LongArray, count: LongArray) -> tuple[LongArray, LongArray]:
    """Return tokens without repeats and the sum of their counts; equal ones must be adjacent."""
    first = np.flatnonzero(np.diff(token, prepend=-1))
    return token[first], np.add.reduceat(count, first) if len(first) else count


def _nothing() -> LongArray:
    return np.empty(0, np.int64)


def _narrowest(limit: int) -> str:
    """Return the dtype that holds every number up to ``limit`` in the fewest bytes."""
    return next(dtype for dtype in ("<u2", "<u4", "<u8") if limit <= np.iinfo(dtype).max)
