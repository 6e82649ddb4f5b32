"""Connections to one SQLite database, shared by threads and safe across forks.

A connection serves one thread at a time and goes back to a small pool. One that met an error
is closed instead. SQLite forbids carrying an open connection through a fork: the child would
inherit its idea of the file locks, which the system does not pass on, and a log that the child
still writes could be deleted. So a fork waits until no connection is in use, closes the idle
ones, and both sides open new ones when they need them.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Literal

from fpcore.errors import StoreError
from fpcore.store.failures import busy, translated_errors
from fpcore.store.read_only import is_read_only, options_of_reading, read_only, unchanged

N_IDLE = 8
"""Connections kept open for later; more are opened when more threads come at once."""

_PRAGMAS = (
    "synchronous = FULL",  # an acknowledged song survives a power cut
    "foreign_keys = ON",
    "cache_size = -16384",  # KiB; sorted batches need no more, 256 MB were not faster
    "secure_delete = OFF",  # builds differ; fingerprints need not be wiped
    # Removing a song touches thousands of pages: the log may grow to 128 MB before its pages
    # are copied into the database, so that most removals do not wait for that.
    "wal_autocheckpoint = 16384",
    "journal_size_limit = 134217728",
)


Mode = Literal["rw", "rwc", "ro"]
"""How a file is opened: "rwc" makes a missing one, "ro" reads one that cannot be written to."""


def connect(
    path: Path, busy_timeout_s: float, *, mode: Mode = "rw", alone: bool = False
) -> sqlite3.Connection:
    """Open a connection in autocommit mode.

    Parameters
    ----------
    path : Path
        The database file.
    busy_timeout_s : float
        Seconds to wait for the locks of others.
    mode : {"rw", "rwc", "ro"}
        As `Mode` says.
    alone : bool
        Fail as busy while any other program has the file open, and keep every other one waiting
        until the connection is closed.

    Returns
    -------
    sqlite3.Connection
        To be closed by the caller; may be used by one thread at a time.

    Raises
    ------
    sqlite3.Error
        When the file cannot be opened.
    StoreError
        When it is to be read only, but its log must be written first.
    """
    options = options_of_reading(path) if mode == "ro" else f"mode={mode}"
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?{options}",
        uri=True,
        timeout=busy_timeout_s,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        if alone:  # before anything that reads: a connection that shares the log stays so
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("COMMIT")
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        if mode == "ro":  # also for `fpcore.store.schema`, which then changes nothing
            connection.execute("PRAGMA query_only = ON")
        connection.create_function("casefold", 1, str.casefold, deterministic=True)
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Take the lock for writing; commit at the end, or roll back on any exception."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # A full disk has rolled back already; a broken connection cannot any more.
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


def _file_at(path: Path) -> tuple[int, int] | None:
    """Return what tells a file from another that has its name later."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


_pools: weakref.WeakSet[ConnectionPool] = weakref.WeakSet()
_fork_lock = threading.Lock()
_paused_pools: list[ConnectionPool] = []


class ConnectionPool:
    """Connections to the database at ``path``, lent to one thread at a time.

    To one that can only be read a new one is opened each time: others may begin a log meanwhile.
    """

    def __init__(self, path: Path, busy_timeout_s: float) -> None:
        self._path = path.absolute()
        self._is_read_only = is_read_only(path)
        self._shown_path = path
        self._busy_timeout_s = busy_timeout_s
        self._condition = threading.Condition(threading.Lock())
        self._idle: list[sqlite3.Connection] = []
        self._n_used = 0
        self._file: tuple[int, int] | None = None  # that connections are open to
        self._has_writer = False
        self._paused = False
        self._closed = False
        self._inspect: Callable[[sqlite3.Connection], None] = lambda connection: None
        with _fork_lock:
            _pools.add(self)

    def inspect_new(self, inspect: Callable[[sqlite3.Connection], None]) -> None:
        """Have each connection inspected when it is opened from now on, which may raise.

        While one is open no other file is accepted in place of this one. So the file can only have
        been exchanged while none was open, and no other moment needs an inspection.
        """
        self._inspect = inspect

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection in a transaction that sees one state of the database."""
        with self._lent(writer=False) as connection:
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                # Not a commit, which would raise again what a check met in a damaged file.
                # Some errors have ended the transaction already.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection in a transaction that alone may write, committed at the end."""
        self.check_writable()
        with self._lent(writer=True) as connection, transaction(connection):
            yield connection

    def check_writable(self) -> None:
        """Raise `StoreReadOnlyError` when the database can only be read."""
        if self._is_read_only:
            raise read_only(self._shown_path)

    @contextmanager
    def plain(self, *, mode: Mode = "rw") -> Iterator[sqlite3.Connection]:
        """Lend a connection outside any transaction."""
        with self._lent(writer=False, mode=mode) as connection:
            yield connection

    @contextmanager
    def _lent(self, *, writer: bool, mode: Mode = "rw") -> Iterator[sqlite3.Connection]:
        if self._is_read_only:
            mode = "ro"
        with (
            translated_errors(self._shown_path, self._busy_timeout_s),
            unchanged(self._path) if self._is_read_only else nullcontext(),
        ):
            idle = self._borrow(writer=writer)
            sound: sqlite3.Connection | None = None
            try:
                connection = idle or connect(self._path, self._busy_timeout_s, mode=mode)
                try:
                    self._keep_to_file()
                    if idle is None:
                        self._inspect(connection)
                    yield connection
                    sound = None if self._is_read_only else connection
                finally:
                    if sound is None:
                        connection.close()
            finally:
                self._give_back(sound, writer=writer)

    def _borrow(self, *, writer: bool) -> sqlite3.Connection | None:
        """Wait for the turn and return an idle connection, or None to open one."""
        with self._condition:
            in_turn = self._condition.wait_for(
                lambda: self._closed or not (self._paused or (writer and self._has_writer)),
                timeout=self._busy_timeout_s if writer else None,
            )
            if self._closed:
                raise StoreError(f"{self._shown_path} was closed: open it again")
            if not in_turn:
                raise busy(self._shown_path, self._busy_timeout_s)
            self._check_file()
            self._n_used += 1
            self._has_writer |= writer
            return self._idle.pop() if self._idle else None

    def _keep_to_file(self) -> None:
        """Remember the file that the first connection was opened to."""
        with self._condition:
            if self._file is None:
                self._file = _file_at(self._path)

    def _check_file(self) -> None:
        """Refuse to go on when another file, or none, is in the place of the one that is open.

        Nobody would ever read what is written to the old file, and a connection to the new one
        would take the old one's log for its own.
        """
        if not (self._n_used or self._idle):
            self._file = None
        if self._file is not None and self._file != _file_at(self._path):
            raise StoreError(
                f"{self._shown_path} was replaced or removed while it was in use: end this "
                "program, put the file that you want in its place, and start again"
            )

    def _give_back(self, connection: sqlite3.Connection | None, *, writer: bool) -> None:
        with self._condition:
            keep = not self._closed and len(self._idle) < N_IDLE
            if connection is not None and keep:
                self._idle.append(connection)
        if connection is not None and not keep:
            connection.close()
        with self._condition:
            self._n_used -= 1
            self._has_writer &= not writer
            self._condition.notify_all()

    def close(self) -> None:
        """Close the idle connections now and those in use when they come back."""
        with self._condition:
            self._closed = True
            self._close_idle()
            self._condition.notify_all()

    def _close_idle(self) -> None:
        while self._idle:
            self._idle.pop().close()

    def pause(self) -> None:
        """Wait until no connection is in use, close all, and let nobody in until `resume`."""
        self._condition.acquire()
        self._paused = True
        self._condition.wait_for(lambda: not self._n_used)
        self._close_idle()

    def resume(self) -> None:
        """End a `pause`, in the same thread or in its copy in a forked child."""
        self._paused = False
        self._condition.notify_all()
        self._condition.release()


def _before_fork() -> None:
    _fork_lock.acquire()
    for pool in list(_pools):
        pool.pause()
        _paused_pools.append(pool)


def _after_fork() -> None:
    while _paused_pools:
        _paused_pools.pop().resume()
    _fork_lock.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork
    )
