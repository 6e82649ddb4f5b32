"""Uploads as they go over the wire: forms, and connections on which one has begun."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
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
def started(server: Server, *, length: int | None, path: str = "/recognize") -> Any:
    """Open a connection on which the head of an upload was sent."""
    size = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{size}\r\n"
            f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n".encode()
        )
        yield connection


def answer(connection: socket.socket) -> bytes:
    """Return all that a server says until it closes the connection or falls silent."""
    said = b""
    with contextlib.suppress(ConnectionError):
        while b"}" not in said and (piece := connection.recv(65536)):
            said += piece
    return said
