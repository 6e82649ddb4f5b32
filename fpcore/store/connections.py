"""Connections to one SQLite database, in transactions that read or write; see also `pooling`.

SQLite forbids carrying an open connection through a fork: besides the file locks, a log that the
child still writes could be deleted.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path
from typing import Literal

from fpcore.errors import StoreError, StoreReadOnlyError
from fpcore.places import Place
from fpcore.store.failures import translated_errors
from fpcore.store.pooling import Pool
from fpcore.store.read_only import is_read_only, options_of_reading, read_only, unchanged

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


class ConnectionPool(Pool[sqlite3.Connection]):
    """Connections to the database at ``path``, lent to one thread at a time.

    To one that can only be read a new one is opened each time: others may begin a log meanwhile.

    Parameters
    ----------
    path : Path
        The database file.
    busy_timeout_s : float
        Seconds that a write waits for other writers.
    shown : Place, optional
        What messages call the database; without, as its file.
    """

    def __init__(self, path: Path, busy_timeout_s: float, *, shown: Place | None = None) -> None:
        super().__init__(shown or path, busy_timeout_s)
        self._given_path = path
        self._path = path.absolute()
        self._is_read_only = is_read_only(path)
        self._refusal = str(read_only(path)) if self._is_read_only else None
        self.keeps_idle = not self._is_read_only
        self._file: tuple[int, int] | None = None  # that connections are open to
        self._inspect: Callable[[sqlite3.Connection], None] = lambda connection: None

    @property
    def path(self) -> Path:
        """The database file, whatever the working folder becomes."""
        return self._path

    def refuse_writing(self, reason: str) -> None:
        """Have every write refused from now on, for a reason."""
        self._refusal = reason

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
    def deciding(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection as `reading` does, to tell whether there is anything to write."""
        with self.reading() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection in a transaction that alone may write, committed at the end."""
        self.check_writable()
        with self._lent(writer=True) as connection, transaction(connection):
            yield connection

    def check_writable(self) -> None:
        """Raise `StoreReadOnlyError` when the database can only be read."""
        if self._refusal is not None:
            raise StoreReadOnlyError(self._refusal)

    @contextmanager
    def plain(self, *, mode: Mode = "rw") -> Iterator[sqlite3.Connection]:
        """Lend a connection outside any transaction."""
        with self._lent(writer=False, mode=mode) as connection:
            yield connection

    @contextmanager
    def _lent(self, *, writer: bool, mode: Mode = "rw") -> Iterator[sqlite3.Connection]:
        connect = partial(self._connected, "ro" if self._is_read_only else mode)
        with (
            translated_errors(self._given_path, self._busy_timeout_s),
            unchanged(self._path) if self._is_read_only else nullcontext(),
            self._lending(connect, writer=writer) as connection,
        ):
            yield connection

    def _connected(self, mode: Mode) -> sqlite3.Connection:
        connection = connect(self._path, self._busy_timeout_s, mode=mode)
        try:
            self._keep_to_file()
            self._inspect(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _keep_to_file(self) -> None:
        """Remember the file that the first connection was opened to."""
        with self._condition:
            if self._file is None:
                self._file = _file_at(self._path)

    def _before_lending(self) -> None:
        """Refuse to go on when another file, or none, is in the place of the one that is open.

        Nobody would ever read what is written to the old file, and a connection to the new one
        would take the old one's log for its own.
        """
        if not (self._n_used or self._idle):
            self._file = None
        if self._file is not None and self._file != _file_at(self._path):
            raise StoreError(
                f"{self._shown} was replaced or removed while it was in use: end this "
                "program, put the file that you want in its place, and start again"
            )
