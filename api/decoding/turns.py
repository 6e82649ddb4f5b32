"""Turns at what only few may use at a time: whose job is next when several clients wait.

A client whose jobs are at work waits behind those that have none there, so that one with many
long recordings delays another's job by no more than the one that has begun. Among equals it is
the turn of the client that was served longest ago, and a client's own jobs keep their order.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    client: str
    called: asyncio.Future[None]


class Turns:
    """A number of turns at the same time; for use in one event loop only."""

    def __init__(self, n_turns: int) -> None:
        self._n_free = n_turns
        self._running: Counter[str] = Counter()
        self._waiting: list[_Waiting] = []
        self._served: dict[str, int] = {}
        self._n_served = 0

    @asynccontextmanager
    async def turn(self, client: str) -> AsyncIterator[None]:
        """Wait for a turn, and hold it."""
        await self._wait(client)
        try:
            yield
        finally:
            self._end(client)

    async def _wait(self, client: str) -> None:
        waiting = _Waiting(client, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._call()
        try:
            await waiting.called
        except BaseException:
            if waiting in self._waiting:
                self._waiting.remove(waiting)
            elif not waiting.called.cancelled():  # called at the same moment
                self._end(client)
            raise

    def _call(self) -> None:
        """Begin the next turns, as many as are free."""
        while self._n_free and self._waiting:
            waiting = min(self._waiting, key=self._rank)  # the first of equals
            self._waiting.remove(waiting)
            if waiting.called.cancelled():
                continue
            self._n_free -= 1
            self._running[waiting.client] += 1
            self._n_served += 1
            self._served[waiting.client] = self._n_served
            waiting.called.set_result(None)

    def _rank(self, waiting: _Waiting) -> tuple[int, int]:
        return self._running[waiting.client], self._served.get(waiting.client, 0)

    def _end(self, client: str) -> None:
        self._n_free += 1
        self._running[client] -= 1
        self._call()
        self._forget_the_absent()

    def _forget_the_absent(self) -> None:
        self._running = +self._running
        present = self._running.keys() | {waiting.client for waiting in self._waiting}
        self._served = {client: n for client, n in self._served.items() if client in present}
