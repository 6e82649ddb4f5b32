"""Applications of other packages below a path of the service: the mobile client at ``/app``.

A package names an ASGI application's factory as an entry point of `GROUP`; the entry point's name
is the path. It is loaded when it is asked for, and where its extra is not installed, that is said.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points

from anyio import to_thread
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import RefusedError

GROUP = "fpworkbench.mounted"


def install(app: FastAPI) -> None:
    """Add all applications that the installed packages name."""
    for named in entry_points(group=GROUP):
        app.mount(f"/{named.name}", Mounted(named))


class Mounted:
    """An application that is loaded by the first request to it.

    Parameters
    ----------
    named : EntryPoint
        Of its factory.
    """

    def __init__(self, named: EntryPoint) -> None:
        self._named = named
        self._loading = asyncio.Lock()
        self._app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request over.

        Raises
        ------
        RefusedError
            Status 404 when a package that it needs is not installed.
        """
        async with self._loading:
            if self._app is None:
                try:
                    factory: Callable[[], ASGIApp] = await to_thread.run_sync(self._named.load)
                except ImportError as error:
                    if scope["type"] == "websocket":
                        await send({"type": "websocket.close", "code": 1001})
                        return
                    raise RefusedError(
                        404,
                        "not_installed",
                        f"/{self._named.name} is not installed here ({error})",
                    ) from None
                self._app = factory()
        await self._app(scope, receive, send)
