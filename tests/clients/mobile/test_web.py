"""Who may open a window of the page, how many there may be, and that each place is freed."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import flet as ft
import pytest

from clients.mobile import web
from clients.mobile.session import PhoneSession
from clients.mobile.web import MAX_WINDOWS_EACH, Web
from clients.mobile.web import _address_of as address_of

HERE = "127.0.0.1:8550"


def scope(*, host: str = HERE, origin: str = f"http://{HERE}", path: str = "/ws") -> dict[str, Any]:
    headers = [(b"host", host.encode()), (b"origin", origin.encode())]
    return {
        "type": "websocket", "path": path, "raw_path": path.encode(), "root_path": "",
        "query_string": b"", "headers": headers, "client": ("10.0.0.1", 5), "scheme": "ws",
        "server": ("127.0.0.1", 8550), "subprotocols": [],
    }  # fmt: skip


class Window:
    """A window that connects, and leaves when it is told to."""

    def __init__(self, app: Web, **more: Any) -> None:
        self.sent: list[dict[str, Any]] = []
        self.leaves = asyncio.Event()
        self._came = False
        self.answered = asyncio.Event()
        self.task = asyncio.create_task(app(scope(**more), self._receive, self._send))

    async def _receive(self) -> dict[str, Any]:
        if not self._came:
            self._came = True
            return {"type": "websocket.connect"}
        await self.leaves.wait()
        return {"type": "websocket.disconnect", "code": 1001}

    async def _send(self, message: Any) -> None:
        self.sent.append(message)
        self.answered.set()

    async def outcome(self) -> str:
        """Return what it was answered first."""
        await self.answered.wait()
        return str(self.sent[0]["type"])

    async def leave(self) -> None:
        self.leaves.set()
        await self.task


def app_of(folder: Path, **more: Any) -> Web:
    async def session_of(page: ft.Page) -> PhoneSession:
        return PhoneSession(folder)

    return Web(session_of, **more)


@pytest.mark.parametrize(
    ("asked", "outcome"),
    [
        ({}, "accept"),
        ({"origin": "http://evil.example"}, "close"),
        ({"origin": ""}, "close"),
        ({"host": "evil.example", "origin": "http://evil.example"}, "close"),
        ({"path": "/other"}, "close"),
        ({"host": "localhost:1", "origin": "http://localhost:1"}, "accept"),
    ],
)
def test_pages_of_others_get_no_window(asked: dict[str, str], outcome: str, tmp_path: Path) -> None:
    async def run() -> None:
        app = app_of(tmp_path, hosts=frozenset({"127.0.0.1", "localhost"}))
        window = Window(app, **asked)
        assert await window.outcome() == f"websocket.{outcome}"
        await window.leave()

    asyncio.run(run())


def test_windows_of_one_client_do_not_take_all_places_and_free_theirs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "_LEAVE_S", 0.01)  # Flet waits without end for who says nothing

    async def run() -> None:
        app = app_of(tmp_path)
        windows = [Window(app) for _ in range(MAX_WINDOWS_EACH)]
        assert {await window.outcome() for window in windows} == {"websocket.accept"}
        further = Window(app)
        assert await further.outcome() == "websocket.close"
        await further.leave()
        for window in windows:
            await window.leave()
        again = Window(app)
        assert await again.outcome() == "websocket.accept"
        await again.leave()
        assert not app._windows

    asyncio.run(run())


def test_a_service_is_asked_where_it_was_reached_whatever_the_client_calls_it() -> None:
    assert address_of(scope(host="evil.example")) == "http://127.0.0.1:8550"
    assert address_of({**scope(), "server": ("::1", 80)}) == "http://[::1]:80"
