"""Applications of other packages: loaded when asked for, guarded like all else, and not cut off."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from typing import Any

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp

from api.errors import RefusedError
from api.mounted import GROUP, Mounted
from tests.api.server import TIMEOUT_S, Server, running

HEAD_S = 0.3
PING = bytes([0x89, 0x80, 0, 0, 0, 0])
PONG = bytes([0x8A, 0])

made: list[ASGIApp] = []


def make() -> ASGIApp:
    """Return an application, as a package's factory would."""
    made.append(PlainTextResponse("here"))
    return made[-1]


def asked(app: Mounted, kind: str = "http") -> list[dict[str, Any]]:
    """Return what an application sends."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": f"{kind}.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(app({"type": kind, "method": "GET", "path": "/"}, receive, send))
    return sent


def test_the_first_request_loads_it_and_no_other_does() -> None:
    made.clear()
    app = Mounted(EntryPoint("x", f"{__name__}:make", GROUP))
    assert made == []
    for _ in range(2):
        assert asked(app)[-1]["body"] == b"here"
    assert len(made) == 1


def test_what_is_not_installed_is_told() -> None:
    app = Mounted(EntryPoint("x", "not_installed_here:make", GROUP))
    with pytest.raises(
        RefusedError, match=r"/x is not installed here \(No module named"
    ) as refusal:
        asked(app)
    assert refusal.value.status == 404
    assert asked(app, "websocket") == [{"type": "websocket.close", "code": 1001}]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("mounted"), header_timeout_s=HEAD_S) as started:
        yield started


def opened(server: Server, host: str) -> tuple[socket.socket, bytes]:
    """Return a connection that asks for a WebSocket, and the head of what it is answered."""
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=TIMEOUT_S)
    lines = [
        "GET /app/ws HTTP/1.1", f"Host: {host}", f"Origin: http://{host}", "Upgrade: websocket",
        "Connection: Upgrade", "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ]  # fmt: skip
    connection.sendall("\r\n".join([*lines, "", ""]).encode())
    head = b""
    while b"\r\n\r\n" not in head and (piece := connection.recv(1)):
        head += piece
    return connection, head


def test_a_window_of_the_mobile_client_waits_as_long_as_it_likes(server: Server) -> None:
    connection, head = opened(server, f"127.0.0.1:{server.port}")
    with connection:
        assert head.startswith(b"HTTP/1.1 101 ")
        with socket.create_connection(("127.0.0.1", server.port), timeout=TIMEOUT_S) as idle:
            assert idle.recv(1) == b""  # one that asks nothing is ended after HEAD_S
        connection.sendall(PING)
        assert connection.recv(len(PONG)) == PONG


def test_a_window_is_refused_under_another_hosts_name(server: Server) -> None:
    connection, head = opened(server, "evil.example")
    with connection:
        assert head.startswith(b"HTTP/1.1 403 ")
    line = server.wait_for('.*"websocket refused".*')[0]
    assert "evil.example" in json.loads(line)["reason"]


def test_its_page_has_its_own_policy_and_the_services_other_headers(server: Server) -> None:
    with server.client() as client:
        page = client.get("/app/")
        assert page.status_code == 200 and '<base href="/app/">' in page.text
        assert "wasm-unsafe-eval" in page.headers["content-security-policy"]
        assert page.headers["x-frame-options"] == "DENY"
        assert client.get("/app/nothing.js").status_code == 404
