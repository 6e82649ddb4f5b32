"""Web: the app as an ASGI application, below any path of a server.

Its page talks with it over a WebSocket. Pages of other origins may not, and no client takes all
places: `MAX_WINDOWS` in all, `MAX_WINDOWS_EACH` of one address.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from urllib.parse import urlsplit

import flet as ft
from flet_web.fastapi import FletApp, app_manager
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from clients.mobile.app import TITLE, App
from clients.mobile.files import SOCKET, Files
from clients.mobile.session import PhoneSession
from clients.mobile.visitors import Visitors
from clients.storage import data_folder

MAX_WINDOWS = 64
MAX_WINDOWS_EACH = 8

KEPT_S = 60
"""How long a window whose connection was lost can go on where it was."""

_LEAVE_S = 5.0

SessionOf = Callable[[ft.Page], Awaitable[PhoneSession]]

_server: ContextVar[str] = ContextVar("server")


def hosted() -> Web:
    """Return the app for a service that has it below a path: it asks that service alone.

    Who visits is known by what the browser keeps.
    """
    visitors = Visitors(data_folder("fpmobile") / "visitors")

    async def session_of(page: ft.Page) -> PhoneSession:
        return await visitors.session(page, _server.get())

    return Web(session_of)


class Web:
    """The application.

    Parameters
    ----------
    session_of : coroutine function
        Makes the session of a new page.
    hosts : set of str, optional
        Names, without ports, by which a browser may call this server; any by default.
    """

    def __init__(self, session_of: SessionOf, hosts: frozenset[str] = frozenset()) -> None:
        self._session_of = session_of
        self._hosts = hosts
        self._files = Files(TITLE)
        self._windows: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or talk with a page."""
        if scope["type"] == "websocket":
            await self._talk(scope, receive, send)
        elif scope["type"] == "http":
            await self._files(scope, receive, send)

    async def _talk(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = str((scope.get("client") or ("",))[0])
        is_full = self._windows.total() >= MAX_WINDOWS
        if is_full or self._windows[client] >= MAX_WINDOWS_EACH or not self._is_own(scope):
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        self._windows[client] += 1
        try:
            await self._run(scope, receive, send)
        finally:
            self._windows[client] -= 1
            self._windows += Counter()  # forget who has none

    def _is_own(self, scope: Scope) -> bool:
        """Whether it is the app's own page that asks, under a name that this server has."""
        headers = {name: text.decode("latin-1") for name, text in scope["headers"]}
        host = headers.get(b"host", "")
        if urlsplit(headers.get(b"origin", "")).netloc != host:
            return False
        is_named = not self._hosts or urlsplit(f"//{host}").hostname in self._hosts
        return is_named and scope["path"].rstrip("/").endswith(f"/{SOCKET}")

    async def _run(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let Flet talk with a page until that has gone: it waits for some without end."""
        gone = asyncio.Event()

        async def watched() -> Message:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                gone.set()
            return message

        await app_manager.start()
        _server.set(_address_of(scope))
        flet_app = FletApp(
            loop=asyncio.get_running_loop(),
            executor=app_manager.executor,
            main=self._main,
            before_main=None,
            session_timeout_seconds=KEPT_S,
        )
        talking = asyncio.create_task(flet_app.handle(WebSocket(scope, watched, send)))
        leaving = asyncio.create_task(gone.wait())
        try:
            await asyncio.wait({talking, leaving}, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait({talking}, timeout=_LEAVE_S)
        finally:
            for task in (talking, leaving):
                task.cancel()
            with contextlib.suppress(Exception, asyncio.CancelledError):
                await talking

    async def _main(self, page: ft.Page) -> None:
        await App(page, await self._session_of(page)).start()


def _address_of(scope: Scope) -> str:
    """Return the address at which this server has been reached, whatever the client calls it."""
    host, port = scope.get("server") or ("127.0.0.1", 80)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
