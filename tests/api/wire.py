"""Uploads as they go over the wire: forms, and connections on which one has begun."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterable, Iterator
from typing import Any

import anyio
import httpx
from starlette.requests import Request

from tests.api.server import Server

BOUNDARY = "boundary-of-the-form"


def form(content: bytes, *, filename: str = "a.wav", end: bool = True) -> bytes:
    """Return a form with a file as it goes over the wire."""
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{filename}"'
        "\r\nContent-Type: audio/wav\r\n\r\n"
    )
    return head.encode() + content + (f"\r\n--{BOUNDARY}--\r\n".encode() if end else b"")


def post(
    client: httpx.Client, path: str, body: bytes | Iterator[bytes], **headers: str
) -> httpx.Response:
    kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    return client.post(path, content=body, headers=kind | headers)


def request(body: bytes) -> Request:
    """Return a request with a form, as the application is given it, that has arrived.

    Its client waits for the answer.
    """
    kind = f"multipart/form-data; boundary={BOUNDARY}".encode()
    scope = {
        "type": "http",
        "method": "POST",
        "query_string": b"",
        "headers": [(b"content-type", kind)],
    }

    arrived = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive() -> dict[str, Any]:
        if (message := next(arrived, None)) is None:
            await anyio.sleep_forever()
        return message

    return Request(scope, receive)


@contextlib.contextmanager
def started(
    server: Server,
    *,
    length: int | None,
    path: str = "/recognize",
    source: str = "127.0.0.1",
    **headers: str,
) -> Any:
    """Open a connection from an address of this machine, and send the head of an upload."""
    size = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    more = "".join(f"{name}: {text}\r\n" for name, text in headers.items())
    with socket.create_connection(
        ("127.0.0.1", server.port), timeout=60, source_address=(source, 0)
    ) as connection:
        connection.sendall(
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{size}\r\n{more}"
            f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n".encode()
        )
        yield connection


@contextlib.contextmanager
def moving(connections: Iterable[socket.socket], body: bytes) -> Iterator[None]:
    """Send an upload on each of some connections byte by byte, and the rest of it at the end."""
    ended = threading.Event()

    def send(piece: bytes) -> None:
        for connection in connections:
            connection.sendall(piece)

    def move() -> None:
        n_sent = 0
        while n_sent < len(body) - 1 and not ended.wait(0.05):
            send(body[n_sent : n_sent + 1])
            n_sent += 1
        send(body[n_sent:])

    mover = threading.Thread(target=move)
    mover.start()
    try:
        yield
    finally:
        ended.set()
        mover.join()


def answer(connection: socket.socket) -> bytes:
    """Return all that a server says until it closes the connection or falls silent."""
    said = b""
    with contextlib.suppress(ConnectionError):
        while b"}" not in said and (piece := connection.recv(65536)):
            said += piece
    return said
