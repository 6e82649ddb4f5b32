"""Servers that answer what a test says: of each connection one request is read, then answered."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class Scripted:
    """A scripted server: its address, and the requests that it was sent."""

    address: str
    requests: list[bytes] = field(default_factory=list)


def answer(body: bytes, *, status: str = "200 OK", **headers: str) -> bytes:
    """Return an answer as it goes over the wire; ``_`` in names of headers stands for ``-``."""
    given = {"Content_Length": str(len(body)), "Connection": "close", **headers}
    lines = [f"{name.replace('_', '-')}: {text}" for name, text in given.items()]
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode() + body


@contextlib.contextmanager
def scripted(*answers: bytes | None) -> Iterator[Scripted]:
    """Give a server with an answer for each connection; None waits until the client leaves."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(60)
        server = Scripted(f"http://127.0.0.1:{listening.getsockname()[1]}")
        serving = threading.Thread(target=_serve, args=(listening, answers, server), daemon=True)
        serving.start()
        yield server
        with contextlib.suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)  # nobody waits for further clients
        serving.join(timeout=60)
    assert not serving.is_alive()


def _serve(listening: socket.socket, answers: tuple[bytes | None, ...], server: Scripted) -> None:
    for given in answers:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        with connection, contextlib.suppress(ConnectionError):
            connection.settimeout(60)
            server.requests.append(_request(connection))
            if given is None:
                connection.recv(1)
            else:
                connection.sendall(given)


def _request(connection: socket.socket) -> bytes:
    """Return a request, all of it if it states its length."""
    content = b""
    while b"\r\n\r\n" not in content and (piece := connection.recv(65536)):
        content += piece
    head, _, body = content.partition(b"\r\n\r\n")
    stated = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    while stated and len(body) < int(stated[1]) and (piece := connection.recv(65536)):
        body += piece
    return head + b"\r\n\r\n" + body
