"""The replica of an index in PostgreSQL that a machine keeps, and connections to both.

All reading is done in the replica. All writing is done in it too, by a writer of whom there is one
at a time on all machines: first the replica is brought up to date, then its change is pushed, the
truth is committed, and the replica last. Who is killed in between leaves a replica that lags, and
follows as soon as it is opened again.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from fpcore.errors import StoreAwayError, StoreError
from fpcore.places import Address
from fpcore.store.connections import ConnectionPool, Mode, transaction
from fpcore.store.postgres.replication import position_of, pull, push, recorded, state_of
from fpcore.store.postgres.server import PostgresServer

logger = logging.getLogger(__name__)

FOLLOW_S = 0.5
"""Seconds between two questions whether others have changed something."""

LATE_S = 5.0
"""Answers are marked once nothing was heard of the truth for so long, or it is known to be away."""

CHUNK_SONGS = 256
"""So many songs are taken over in one transaction of the replica."""


class Follower:
    """A thread of each process that follows the truth again and again, and what it found.

    Parameters
    ----------
    follow : callable
        Follows the truth once; raises `StoreError` when it cannot be.
    """

    def __init__(self, follow: Callable[[], None]) -> None:
        self._follow = follow
        self._process = os.getpid()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._start = threading.Lock()
        self._followed: tuple[float, datetime] | None = None
        self._reason: str | None = None

    def run(self) -> None:
        """See to it that the thread runs."""
        with self._start:
            if self._thread is None:
                self._thread = threading.Thread(target=self._go_on, daemon=True)
                self._thread.start()

    def in_this_process(self) -> Follower:
        """Return this one, or in a fork one that knows the same and has no thread yet."""
        if self._process == os.getpid():
            return self
        new = Follower(self._follow)
        new._followed, new._reason = self._followed, self._reason
        return new

    def _go_on(self) -> None:
        while not self._stop.wait(FOLLOW_S):
            try:
                self._follow()
            except StoreError as error:
                if not self._stop.is_set():
                    self.failed(error)

    def succeeded(self) -> None:
        """Note that nothing is lacking now."""
        self._followed = time.monotonic(), datetime.now(UTC)
        if self._reason is not None:
            self._reason = None
            logger.warning("the index is followed again: answers lack nothing")

    def failed(self, error: StoreError) -> None:
        """Note that the truth could not be followed, and log it once."""
        if self._reason is None:
            self._reason = str(error)
            logger.warning("answers are given from what this machine has: %s", error)

    def as_of(self, before: datetime) -> datetime | None:
        """Return since when answers may lack something; ``before`` if never followed."""
        if self._followed is None:
            return before
        at_s, at = self._followed
        is_heard = self._reason is None and time.monotonic() - at_s < LATE_S
        return None if is_heard else at

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()


class ReplicaPool(ConnectionPool):
    """Connections to the replica of an index, which follow and write the truth.

    Parameters
    ----------
    path : Path
        The file of the replica.
    server : PostgresServer
        Connections to the truth; the pool closes it.
    address : Address
        What messages call the index.
    busy_timeout_s : float
        Seconds that a write waits for other writers.
    """

    def __init__(
        self, path: Path, server: PostgresServer, address: Address, busy_timeout_s: float
    ) -> None:
        super().__init__(path, busy_timeout_s, shown=address)
        self.server = server
        self._address = address
        self._follower = Follower(self.follow)
        self._identity = ""
        self._since = datetime.now(UTC)

    def begin(self, identity: str, away: StoreAwayError | None) -> None:
        """Follow the index that has an identity, now, unless it is ``away``, and from now on."""
        self._identity = identity
        if away is None:
            self.follow()
        else:
            self._since = datetime.fromtimestamp(self._path.stat().st_mtime, UTC)
            self._follower.failed(away)
        self._follower.run()

    @property
    def as_of(self) -> datetime | None:
        """Since when answers may lack what others wrote; None when they lack nothing."""
        return self._follower.as_of(self._since)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection in a transaction that sees one state of the replica."""
        self._follower.run()
        with super().reading() as replica:
            yield replica

    @contextmanager
    def deciding(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection in a transaction that sees the truth as it is by now."""
        self.follow()
        with super().reading() as replica:
            yield replica

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection in a transaction that alone may write, and write the same to the truth.

        Raises
        ------
        StoreAwayError
            When the truth cannot be reached. When it is lost at the very end, what was written may
            be in it or not; the next writer sees which.
        """
        is_true = False
        try:
            # The turn first: who waits for it must keep nobody from following.
            with (
                self.server.writing() as truth,
                self._lent(writer=False) as replica,
                transaction(replica),
            ):
                pull(truth, replica, state_of(truth, lock=True))
                with recorded(replica):
                    yield replica
                    push(truth, replica)
                truth.execute("COMMIT")
                is_true = True
        except StoreError as error:
            if not is_true:
                raise
            # It is learned for all other machines, and for this one as soon as there is room.
            logger.warning("the copy of %s on this machine lags behind: %s", self._address, error)

    def _connected(self, mode: Mode) -> sqlite3.Connection:
        replica = super()._connected(mode)
        # What a power cut takes from a replica it gets again.
        replica.execute("PRAGMA synchronous = NORMAL")
        return replica

    def check_writable(self) -> None:
        """Raise `StoreAwayError` when the truth cannot be reached now."""
        with self.server.plain() as truth:
            state_of(truth)

    def follow(self) -> None:
        """Bring the replica up to date.

        Raises
        ------
        StoreError
            When the truth cannot be reached, or is another index now.
        """
        with self.server.plain() as truth, truth.pipeline():
            identity = truth.execute(_IDENTITY)
            state = state_of(truth)
            self._check_identity(identity.fetchone())
        with self._lent(writer=False) as replica:
            is_current = position_of(replica) == state.position
        if not is_current:
            self._catch_up()
        self._follower.succeeded()

    def _catch_up(self) -> None:
        there_is_more = True
        while there_is_more:
            # In this order: a writer of this machine commits the truth while it has the replica, so
            # that what is seen of the truth is never older than the replica.
            with (
                self._lent(writer=False) as replica,
                transaction(replica),
                self.server.reading() as truth,
            ):
                there_is_more = pull(truth, replica, state_of(truth), n_songs=CHUNK_SONGS)

    def _check_identity(self, row: tuple[str] | None) -> None:
        if row is None or row[0] != self._identity:
            raise StoreError(
                f"{self._address} was replaced by another index while it was in use: end this "
                "program and start again"
            )

    def resume(self) -> None:
        """End a `pause`; a forked child has no thread of its parent."""
        self._follower = self._follower.in_this_process()
        super().resume()

    def close(self) -> None:
        """Close the connections to both."""
        self._follower.stop()
        super().close()
        self.server.close()


_IDENTITY = "SELECT value FROM meta WHERE key = 'identity'"
