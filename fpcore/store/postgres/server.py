"""Connections to a PostgreSQL database, and the sentences for what a server refuses or fails at.

Writers of all machines take turns by an advisory lock, where writers of a file have its lock. A
writer that is killed, or whose machine is, gives its turn back: its connection ends, or is ended by
the server once nothing was heard on it for a while.
"""

from __future__ import annotations

import select
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from fpcore.errors import (
    StoreAwayError,
    StoreError,
    StoreFullError,
    StoreReadOnlyError,
)
from fpcore.extras import needing
from fpcore.places import Address
from fpcore.store.failures import busy
from fpcore.store.pooling import Pool

with needing("postgres"):
    import psycopg
    from psycopg import conninfo, errors
    from psycopg.pq import TransactionStatus

SCHEMA = "fpcore"
"""The schema that all tables of an index are in."""

OLDEST_SERVER = 14
"""The first major version of PostgreSQL that has all that is used."""

STATEMENT_TIMEOUT_S = 60.0
"""So long may one statement take, waiting for locks aside."""

_TURN = f"""
BEGIN;
SET LOCAL lock_timeout = {{wait_ms}};
SET LOCAL statement_timeout = {{in_all_ms}};
SELECT pg_advisory_xact_lock({int.from_bytes(b"fpcore", "big")})
"""
"""What begins to write, in one message: the lock is held until the transaction ends."""

_DEFAULTS: Mapping[str, Any] = {
    "application_name": "fpcore",
    "connect_timeout": 5,
    # A server that has vanished without a word is given up after about twenty seconds.
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
"""Settings of a connection, unless the address gives others."""

_SESSION = """
SELECT set_config('search_path', %s, false), set_config('statement_timeout', %s, false),
  set_config('idle_in_transaction_session_timeout', '60s', false),
  set_config('tcp_keepalives_idle', '10', false), set_config('tcp_keepalives_count', '3', false),
  set_config('tcp_keepalives_interval', '3', false), set_config('client_encoding', 'UTF8', false)
"""

TruthConnection = psycopg.Connection[tuple[Any, ...]]

_SENTENCES: tuple[tuple[type[psycopg.Error], type[StoreError], str], ...] = (
    (
        errors.QueryCanceled,
        StoreError,
        "{where} took too long to answer: see what its server is at",
    ),
    (
        errors.InsufficientPrivilege,
        StoreReadOnlyError,
        "the user of {where} lacks rights on it ({words}): let its owner GRANT them",
    ),
    (
        errors.ReadOnlySqlTransaction,
        StoreReadOnlyError,
        "{where} can only be read, as on a standby server: give the address of the server that "
        "takes writes",
    ),
    (
        errors.DiskFull,
        StoreFullError,
        "there is no room on the server of {where}: nothing was changed, free some space on its "
        "disk",
    ),
    (
        psycopg.ProgrammingError,
        StoreError,
        "{where} holds no index of this fpcore any more ({words}): open it again",
    ),
    (
        psycopg.DataError,
        StoreError,
        "{where} refuses what was to be written ({words}): nothing was changed",
    ),
    (
        psycopg.IntegrityError,
        StoreError,
        "{where} refuses what was to be written ({words}): nothing was changed",
    ),
)
"""What errors of some kinds become."""

_REFUSED_AT_THE_DOOR = (
    ("password authentication failed", "check the user and the password"),
    ("no password supplied", "give it in the address, in PGPASSWORD or in ~/.pgpass"),
    ("no pg_hba.conf entry", "let the server's pg_hba.conf admit this machine"),
    ("permission denied for database", "GRANT CONNECT on it to the user"),
    ('role "', "check the user"),
)
"""What a server's words hold when it will not let somebody in, and the remedy."""


class PostgresServer(Pool[TruthConnection]):
    """Connections to one database of a PostgreSQL server, lent to one thread at a time.

    Parameters
    ----------
    address : Address
        The database.
    busy_timeout_s : float
        Seconds that a write waits for other writers.

    Raises
    ------
    StoreError
        When the address is not valid.
    """

    def __init__(self, address: Address, busy_timeout_s: float) -> None:
        super().__init__(address, busy_timeout_s)
        self._address = address
        try:
            self._given: Mapping[str, Any] = conninfo.conninfo_to_dict(address.url)
        except psycopg.ProgrammingError as error:
            raise StoreError(
                f"{address} is not a valid address ({_words_of(error, address)}): correct it"
            ) from None

    @contextmanager
    def plain(self) -> Iterator[TruthConnection]:
        """Lend a connection outside any transaction: each statement sees the last commit."""
        with self._translated(), self._lending(self._connect, writer=False) as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[TruthConnection]:
        """Lend a connection in a transaction that sees one state of the database."""
        with self.plain() as connection:
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            with _ended(connection):
                yield connection

    @contextmanager
    def writing(self) -> Iterator[TruthConnection]:
        """Lend a connection in a transaction that alone may write.

        The caller commits it; what is not committed is undone. Each statement sees the last commit,
        so that the first one after the wait sees what the writer before has written.
        """
        wait_ms = max(1, round(1000 * self._busy_timeout_s))
        in_all_ms = wait_ms + round(1000 * STATEMENT_TIMEOUT_S)
        with (
            self._translated(),
            self._lending(self._connect, writer=True) as connection,
            _ended(connection),
        ):
            connection.execute(_TURN.format(wait_ms=wait_ms, in_all_ms=in_all_ms).encode())
            yield connection

    def _connect(self) -> TruthConnection:
        complete = conninfo.make_conninfo(**{**_DEFAULTS, **self._given})
        connection = psycopg.connect(complete, autocommit=True)
        try:
            self._check_version(connection.info.server_version // 10_000)
            timeout_ms = str(round(1000 * STATEMENT_TIMEOUT_S))
            connection.execute(_SESSION, (SCHEMA, timeout_ms))
        except BaseException:
            connection.close()
            raise
        return connection

    def _check_version(self, version: int) -> None:
        if version < OLDEST_SERVER:
            raise StoreError(
                f"{self._address} is on PostgreSQL {version}, which is too old for an index: use "
                f"version {OLDEST_SERVER} or newer"
            )

    def _is_alive(self, connection: TruthConnection) -> bool:
        """Whether the server has not said goodbye on an idle connection."""
        if connection.closed:
            return False
        watched = select.poll()
        watched.register(connection.fileno(), select.POLLIN)
        return not watched.poll(0)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Raise a `StoreError` about the address for every error of the PostgreSQL library."""
        try:
            yield
        except psycopg.Error as error:
            # Not "from error": its text may hold the password.
            raise self._sentence_for(error) from None

    def _sentence_for(self, error: psycopg.Error) -> StoreError:
        words = _words_of(error, self._address)
        if isinstance(error, errors.LockNotAvailable):
            return busy(self._address, self._busy_timeout_s)
        for kind, made, sentence in _SENTENCES:
            if isinstance(error, kind):
                return made(sentence.format(where=self._address, words=words))
        return self._unreachable(words)

    def _unreachable(self, words: str) -> StoreError:
        if f'database "{self._address.database}" does not exist' in words:
            return StoreError(
                f"there is no database {self._address}: make it with `createdb`, or give the "
                "address of another one"
            )
        for part, remedy in _REFUSED_AT_THE_DOOR:
            if part in words:
                return StoreError(f"{self._address} refuses this user ({words}): {remedy}")
        return StoreAwayError(
            f"the server of {self._address} cannot be reached ({words}): see whether it runs, and "
            "whether the address is right"
        )


@contextmanager
def _ended(connection: TruthConnection) -> Iterator[None]:
    """Undo what is not committed at the end; a lost connection has undone it already."""
    try:
        yield
    finally:
        if connection.info.transaction_status != TransactionStatus.IDLE:
            with suppress(psycopg.Error):
                connection.execute("ROLLBACK")


def _words_of(error: psycopg.Error, address: Address) -> str:
    """Return what the server or the library says, as a part of a sentence and without passwords."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    first = lines[0] if lines else type(error).__name__
    of_server = next((line for line in lines if "FATAL:" in line), first)
    words = error.diag.message_primary or of_server.rpartition("FATAL:")[2]
    words = words.removeprefix("connection failed: ").strip().rstrip(".")
    return address.without_secrets(words)
