"""PostgreSQL store: an index for several machines, each of which keeps a replica of it.

The truth is in PostgreSQL (`fpcore.store.postgres.tables`). Every machine has all of it in a file
of its cache folder too, with the segments for look-ups beside it, follows what others change
(`fpcore.store.postgres.replica`), and answers from there: as fast as from an index of its own, and
while the server is away.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

from fpcore.config import FingerprintConfig
from fpcore.errors import (
    ConfigMismatchError,
    StoreAwayError,
    StoreBusyError,
    StoreError,
    StoreFullError,
    StoreReadOnlyError,
)
from fpcore.folders import user_folder
from fpcore.places import Address
from fpcore.profiles import MadeWith
from fpcore.store import schema
from fpcore.store.base import Added, CheckReport
from fpcore.store.failures import translated_os_errors
from fpcore.store.layout import Layout
from fpcore.store.postgres import checking, tables
from fpcore.store.postgres.replica import ReplicaPool
from fpcore.store.postgres.server import PostgresServer
from fpcore.store.postgres.tables import Origin
from fpcore.store.sqlite import MAX_SEGMENT_TOKENS, SqliteStore, prepared

CACHE_VARIABLE = "FPCORE_CACHE"
"""The environment variable that names the cache folder."""

REPLICAS = "replicas"
"""The folder in it with one folder for each database."""


def holds_index(address: Address) -> bool:
    """Whether there is an index in a database; of one that cannot be reached, whether there was."""
    with closing(PostgresServer(address, 0.0)) as server:
        try:
            return tables.holds_index(server)
        except StoreAwayError:
            return replica_of(address).exists()


def replica_of(address: Address) -> Path:
    """Return the file in which this machine keeps a replica of an index."""
    cache = user_folder("cache", variable=CACHE_VARIABLE)
    return cache / REPLICAS / address.folder_name / "index.db"


def open_address(
    address: Address,
    config: FingerprintConfig | None,
    *,
    create: bool,
    made_with: MadeWith | None = None,
    busy_timeout_s: float,
) -> PostgresStore:
    """Open the index in a database of a PostgreSQL server.

    Parameters
    ----------
    address : Address
        The database.
    config : FingerprintConfig or None
        The configuration that the index must have; None takes whatever it was made with.
    create : bool
        Make a new index when there is none in the database; needs ``config``.
    made_with : MadeWith, optional
        The profile that a new index keeps.
    busy_timeout_s : float
        Seconds that a write waits for other writers.

    Returns
    -------
    PostgresStore
        To be closed by the caller. When the server cannot be reached, it reads what this machine
        has, if it has something.

    Raises
    ------
    StoreError
        When the database cannot be used as an index; the sentence says why.
    ConfigMismatchError
        When it was made with another configuration.
    ValueError
        When a new index is wanted without a configuration.
    """
    if create and config is None:
        raise ValueError("a new index needs a config")
    if create and config is not None and config.n_tokens > MAX_SEGMENT_TOKENS:
        raise StoreError(f"{address} cannot hold so many kinds of hashes: use a file")
    server = PostgresServer(address, busy_timeout_s)
    try:
        return _opened(
            server,
            address,
            config,
            create=create,
            made_with=made_with,
            busy_timeout_s=busy_timeout_s,
        )
    except BaseException:
        server.close()
        raise


def _opened(
    server: PostgresServer,
    address: Address,
    config: FingerprintConfig | None,
    *,
    create: bool,
    made_with: MadeWith | None,
    busy_timeout_s: float,
) -> PostgresStore:
    path = replica_of(address)
    try:
        origin: Origin | None = tables.prepare(
            server, address, config, create=create, made_with=made_with
        )
        away = None
    except StoreAwayError as error:
        if not path.exists():
            raise
        origin, away = None, error
    with translated_os_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    pool = ReplicaPool(path, server, address, busy_timeout_s)
    wanted = config if origin is None else origin.config
    try:
        stored, layout, identity = _prepared(pool, path, wanted, address, origin)
    except (StoreBusyError, StoreFullError, StoreReadOnlyError):
        raise
    except (ConfigMismatchError, StoreError):
        if origin is None:
            raise
        _discard(path)  # damaged, or of another index; it can be made again at any time
        return open_address(address, config, create=create, busy_timeout_s=busy_timeout_s)
    try:
        pool.begin(identity, away)
    except BaseException:
        pool.close()
        raise
    return PostgresStore(address, stored, pool, layout)


def _prepared(
    pool: ReplicaPool,
    path: Path,
    config: FingerprintConfig | None,
    address: Address,
    origin: Origin | None,
) -> tuple[FingerprintConfig, Layout, str]:
    """Return configuration, layout and identity of a replica, which is made if there is none."""
    is_new = origin is not None
    stored, layout = prepared(pool, path, config, create=is_new, layout="segments")
    with pool.plain() as connection:
        meta = dict(connection.execute("SELECT key, value FROM meta").fetchall())
        identity = meta.get("replica_identity")
        if origin is not None and identity is None:
            rows = [("replica_of", str(address)), ("replica_identity", origin.identity)]
            connection.executemany("INSERT OR IGNORE INTO meta VALUES (?, ?)", rows)
            identity = origin.identity
        if origin is not None and origin.made_with not in (None, schema.profile_in(meta)):
            schema.keep_profile(connection, origin.made_with)
    if origin is not None and identity != origin.identity:
        pool.close()
        raise StoreError(f"{path} is a replica of another index than {address} is")
    return stored, layout, identity or ""


def _discard(path: Path) -> None:
    with translated_os_errors(path):
        shutil.rmtree(path.parent)
        path.parent.mkdir()


class PostgresStore(SqliteStore):
    """An index in PostgreSQL, read in the replica of this machine; made by `open_address`."""

    _pool: ReplicaPool

    @property
    def as_of(self) -> datetime | None:
        """Since when answers may lack what others wrote, in UTC; None when they lack nothing."""
        return self._pool.as_of

    def known_file(
        self, checksum: str, *, strict: bool = False, allow_duplicates: bool = False
    ) -> Added | None:
        """Return the song that a file is known to be by now, on whatever machine.

        Parameters
        ----------
        checksum : str
            Checksum of the file.
        strict : bool
            Files that are cut off are refused: one that was known by a whole copy is none.
        allow_duplicates : bool
            Only a song that was learned from such a file counts.
        """
        self._pool.follow()
        return super().known_file(checksum, strict=strict, allow_duplicates=allow_duplicates)

    def remember(self, made_with: MadeWith) -> None:
        """Remember a profile, here at once and on other machines when they open the index."""
        super().remember(made_with)
        tables.keep_profile(self._pool.server, made_with)

    def check(self, *, full: bool = False) -> CheckReport:
        """Return what is wrong with the index and with what this machine has of it."""
        try:
            self._pool.follow()
            with self._pool.server.reading() as truth:
                problems = tuple(checking.problems(truth, self._config, full=full))
        except StoreAwayError as error:
            problems = (str(error),)
        of_replica = super().check(full=full)
        return CheckReport((*problems, *of_replica.problems), of_replica.notes)

    def _copy_to(self, part: Path, target: Path) -> None:
        """Copy the replica, which then is an index of its own."""
        super()._copy_to(part, target)
        with closing(sqlite3.connect(part)) as copy, copy:
            copy.execute("DELETE FROM meta WHERE key LIKE 'replica%'")
