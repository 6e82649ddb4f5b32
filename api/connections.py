"""Connections: how long each may wait for its client, and how many there are.

uvicorn speaks HTTP on them and waits for clients without end. Here every wait has one: for the
head of a request, for the rest of a body whose answer was sent already, for a client that takes
nothing of its answer. How fast a body has to come until then is the matter of
`api.uploads.pace`.

When there are too many, a new connection takes the place of one that waits for its client. It is
one of the client with the most connections, rather between two requests than within one, and
the one that has waited the longest. So one client can fill all places, but keep no other out.
Behind a proxy all connections are the proxy's.
"""

from __future__ import annotations

import asyncio
import resource
from collections import Counter
from dataclasses import dataclass
from typing import Any, Self

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from api.addresses import client_at
from api.settings import Settings

RESERVED_FILES = 128
"""Files that a server process has open beside connections and uploads."""


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Most connections of a process, and the longest waits for a client in seconds."""

    n_connections: int
    head_s: float
    rest_s: float
    answer_s: float

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the limits that the settings give, with as many connections as can be open.

        Raises the number of files that this process may open if it has to and may.
        """
        n_others = RESERVED_FILES + settings.max_uploads
        n_files = _allow_files(settings.max_connections + n_others)
        return cls(
            n_connections=max(1, min(settings.max_connections, n_files - n_others)),
            head_s=settings.header_timeout_s,
            rest_s=settings.upload_window_s,
            answer_s=settings.answer_timeout_s,
        )


def _allow_files(n_files: int) -> int:
    """Return how many files this process may open: as many as asked for where that is allowed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < n_files:
        soft = n_files if hard == resource.RLIM_INFINITY else min(n_files, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return n_files if soft == resource.RLIM_INFINITY else soft


class Connection(H11Protocol):
    """One connection of a server process; uvicorn makes it when a client connects.

    Parameters
    ----------
    limits : ConnectionLimits
        Most connections, and the longest waits.
    **given : Any
        What uvicorn gives to its own class.
    """

    def __init__(self, *, limits: ConnectionLimits, **given: Any) -> None:
        super().__init__(**given)
        self._limits = limits
        self._peer = ""
        self._moved_at = 0.0
        self._head_timer: asyncio.TimerHandle | None = None
        self._rest_timer: asyncio.TimerHandle | None = None
        self._answer_timer: asyncio.TimerHandle | None = None
        self._n_unsent = 0
        self._is_upgraded = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._peer = client_at(self.client)
        self._moved_at = self.loop.time()
        if len(self.connections) > self._limits.n_connections:
            self._make_room()
        self._await_head()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Leave the connection to another protocol: a WebSocket waits as long as it likes."""
        self._stop_waiting()
        super().handle_websocket_upgrade(event)
        self._is_upgraded = True

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        super().connection_lost(exc)
        self._unset_keepalive_if_required()
        self._stop_waiting()

    def data_received(self, data: bytes) -> None:
        """Take what a client sends."""
        self._moved_at = self.loop.time()
        super().data_received(data)
        if not self._is_upgraded:
            self._await_head()

    def on_response_complete(self) -> None:
        """Wait for what the client does after an answer: take it, and end its own request."""
        super().on_response_complete()
        self._watch_answer()
        if self.conn.their_state is h11.SEND_BODY and not self._is_answering:
            self._rest_timer = self.loop.call_later(
                self._limits.rest_s, self._give_up_rest, self.cycle
            )

    def pause_writing(self) -> None:
        """Wait for a client that takes its answer more slowly than it comes."""
        super().pause_writing()
        self._watch_answer()

    @property
    def _is_answering(self) -> bool:
        """Whether a request has begun that is not answered."""
        return self.cycle is not None and not self.cycle.response_complete

    @property
    def _waits_for_client(self) -> bool:
        """Whether the server has nothing to do before the client has sent more."""
        return not self._is_answering or self.cycle.more_body

    def _stop_waiting(self) -> None:
        for timer in (self._head_timer, self._rest_timer, self._answer_timer):
            if timer is not None:
                timer.cancel()

    def _await_head(self) -> None:
        """Wait for the head of a request, unless one has come or is waited for already."""
        is_awaited = not self._is_answering and self.conn.their_state is not h11.SEND_BODY
        if not is_awaited and self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
        elif is_awaited and self._head_timer is None:
            self._head_timer = self.loop.call_later(self._limits.head_s, self.transport.abort)

    def _give_up_rest(self, answered: object) -> None:
        """End the connection if it still brings the body of a request that was answered."""
        if self.cycle is answered and self.conn.their_state is h11.SEND_BODY:
            self.transport.abort()

    def _watch_answer(self) -> None:
        """Look again later whether the client has taken something of what is to be sent."""
        if self._answer_timer is None and self.transport.get_write_buffer_size():
            self._n_unsent = self.transport.get_write_buffer_size()
            self._answer_timer = self.loop.call_later(self._limits.answer_s, self._end_if_stuck)

    def _end_if_stuck(self) -> None:
        self._answer_timer = None
        if self._n_unsent == self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            self._watch_answer()

    def _make_room(self) -> None:
        """End a connection that waits for its client, or this one when none does."""
        waiting = [
            one
            for one in self.connections
            if isinstance(one, Connection) and one is not self and one._waits_for_client
        ]
        held = Counter(one._peer for one in self.connections if isinstance(one, Connection))
        most = max((held[one._peer] for one in waiting), default=0)
        leaving = min(
            (one for one in waiting if held[one._peer] == most),
            key=lambda one: (one._is_answering, one._moved_at),
            default=self,
        )
        self.connections.discard(leaving)  # now: it is lost a moment later
        leaving.transport.abort()
