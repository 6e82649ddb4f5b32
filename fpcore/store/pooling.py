"""Pools of connections to one database, shared by threads and safe across forks.

A connection serves one thread at a time and goes back to a small pool. One that met an error
is closed instead. No connection may be carried through a fork: SQLite's child would inherit an idea
of the file locks, which the system does not pass on, and two processes would talk to a server over
one socket. So a fork waits until no connection is in use, closes the idle ones, and both sides open
new ones when they need them.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, Protocol, TypeVar

from fpcore.errors import StoreError
from fpcore.places import Place
from fpcore.store.failures import busy

N_IDLE = 8
"""Connections kept open for later; more are opened when more threads come at once."""


class Closable(Protocol):
    """What a pool needs of a connection."""

    def close(self) -> None:
        """Release it."""


ConnectionT = TypeVar("ConnectionT", bound=Closable)

_pools: weakref.WeakSet[Pool[Any]] = weakref.WeakSet()
_fork_lock = threading.Lock()
_paused_pools: list[Pool[Any]] = []


class Pool(Generic[ConnectionT]):
    """Connections lent to one thread at a time.

    Parameters
    ----------
    shown : Place
        What messages call the database.
    busy_timeout_s : float
        Seconds that a writer waits for its turn.
    """

    keeps_idle = True
    """Whether connections are kept for later."""

    def __init__(self, shown: Place, busy_timeout_s: float) -> None:
        self._shown = shown
        self._busy_timeout_s = busy_timeout_s
        self._condition = threading.Condition(threading.Lock())
        self._idle: list[ConnectionT] = []
        self._n_used = 0
        self._has_writer = False
        self._paused = False
        self._closed = False
        with _fork_lock:
            _pools.add(self)

    @contextmanager
    def _lending(
        self, connect: Callable[[], ConnectionT], *, writer: bool
    ) -> Iterator[ConnectionT]:
        """Lend an idle connection, or one that ``connect`` opens; one ``writer`` at a time."""
        idle = self._borrow(writer=writer)
        sound: ConnectionT | None = None
        try:
            if idle is not None and not self._is_alive(idle):
                idle.close()
                idle = None
            connection = connect() if idle is None else idle
            try:
                yield connection
                sound = connection if self.keeps_idle else None
            finally:
                if sound is None:
                    connection.close()
        finally:
            self._give_back(sound, writer=writer)

    def _borrow(self, *, writer: bool) -> ConnectionT | None:
        """Wait for the turn and return an idle connection, or None to open one."""
        with self._condition:
            in_turn = self._condition.wait_for(
                lambda: self._closed or not (self._paused or (writer and self._has_writer)),
                timeout=self._busy_timeout_s if writer else None,
            )
            if self._closed:
                raise StoreError(f"{self._shown} was closed: open it again")
            if not in_turn:
                raise busy(self._shown, self._busy_timeout_s)
            self._before_lending()
            self._n_used += 1
            self._has_writer |= writer
            return self._idle.pop() if self._idle else None

    def _is_alive(self, connection: ConnectionT) -> bool:
        """Whether an idle connection can still be used, as far as that costs nothing to tell."""
        return True

    def _before_lending(self) -> None:
        """Refuse to lend where that must not be; nobody else lends meanwhile."""

    def _give_back(self, connection: ConnectionT | None, *, writer: bool) -> None:
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
