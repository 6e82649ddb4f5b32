"""Both clients behind one way to ask, so that one test is of both."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from anyio.from_thread import BlockingPortal, start_blocking_portal

from clients.rest import AsyncClient, Client

Asking = Any
"""A `Client`, or what is used like one."""

Opened = Callable[..., Any]
"""Takes the parameters of a client and gives one as a context."""


class Waiting:
    """An `AsyncClient` whose methods are waited for, as those of a `Client`."""

    def __init__(self, client: AsyncClient, portal: BlockingPortal) -> None:
        self._client = client
        self._portal = portal

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._client, name)
        if name == "songs":
            return lambda **options: iter(self._portal.call(partial(_listed, method(**options))))
        return lambda *given, **options: self._portal.call(partial(method, *given, **options))


async def _listed(found: AsyncIterator[Any]) -> list[Any]:
    return [one async for one in found]


@contextmanager
def in_threads(address: str, **options: Any) -> Iterator[Client]:
    """Give a `Client`."""
    with Client(address, **options) as client:
        yield client


@contextmanager
def in_a_loop(address: str, **options: Any) -> Iterator[Waiting]:
    """Give an `AsyncClient` in an event loop of its own."""
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(AsyncClient(address, **options)) as client,
    ):
        yield Waiting(client, portal)


BOTH: dict[str, Opened] = {"threads": in_threads, "loop": in_a_loop}
