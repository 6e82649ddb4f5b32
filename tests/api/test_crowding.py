"""Clients that stall, trickle, idle or vanish, at a server with short deadlines.

None of them keeps another from its answer, not even one at the same address. Deadlines are of
seconds, so that a busy machine does not make an honest client miss them.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import httpx
import psutil
import pytest

from tests.api.material import excerpt, recognize
from tests.api.server import TIMEOUT_S, Server, running
from tests.api.wire import BOUNDARY, answer, form

ATTACKER = "127.0.0.1"
OTHER = "127.0.0.2"
"""Another client: on Linux all of 127.0.0.0/8 are addresses of this machine."""

MAX_UPLOADS = 8
MAX_CONNECTIONS = 40
DEADLINE_S = 3.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(
        tmp_path_factory.mktemp("crowded"),
        decode_workers=1,
        max_uploads=MAX_UPLOADS,
        max_connections=MAX_CONNECTIONS,
        upload_window_s=DEADLINE_S,
        header_timeout_s=DEADLINE_S,
        keep_alive_s=1.0,
        answer_timeout_s=1.0,
    ) as server:
        yield server


def connected(server: Server, address: str = ATTACKER) -> socket.socket:
    """Return a connection to a server from an address of this machine."""
    return socket.create_connection(
        ("127.0.0.1", server.port), timeout=TIMEOUT_S, source_address=(address, 0)
    )


def client_from(address: str, server: Server) -> httpx.Client:
    return server.client(transport=httpx.HTTPTransport(local_address=address))


def head(length: int | None, **more: str) -> bytes:
    """Return the head of an upload to ``/recognize``."""
    size = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    lines = [f"{name}: {text}\r\n" for name, text in more.items()]
    return (
        f"POST /recognize HTTP/1.1\r\nHost: localhost\r\n{size}\r\n{''.join(lines)}"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n"
    ).encode()


def all_that_is_said(connection: socket.socket) -> bytes:
    """Return what a server says until it ends the connection."""
    said = b""
    with contextlib.suppress(ConnectionError):
        while piece := connection.recv(65536):
            said += piece
    return said


def wait_until_idle(server: Server) -> None:
    """Wait until a server answers nobody, and check that it keeps nothing of any upload."""
    deadline = time.monotonic() + TIMEOUT_S
    while server.n_in_flight():
        assert time.monotonic() < deadline
        threading.Event().wait(0.05)
    assert server.uploads_left() == []


@pytest.mark.parametrize("address", [OTHER, ATTACKER], ids=["another", "the same"])
def test_seventy_stalled_uploads_keep_no_client_out(address: str, server: Server) -> None:
    body = form(excerpt(1))
    with contextlib.ExitStack() as stack, client_from(address, server) as client:
        for number in range(70):
            stalled = stack.enter_context(connected(server))
            stalled.sendall(head(len(body) if number % 2 else None) + body[:100] * (number % 2))
        for _ in range(3):
            while (told := recognize(client, excerpt(1))).status_code == 503:
                # Only the same client may have to come again, until the uploads count as stalled.
                assert address == ATTACKER
                assert told.headers["retry-after"] == "1"
                threading.Event().wait(1.0)
            assert told.status_code == 200
        assert server.n_in_flight() <= MAX_UPLOADS
    wait_until_idle(server)


def test_idle_connections_keep_no_client_out(server: Server) -> None:
    with contextlib.ExitStack() as stack:
        for number in range(2 * MAX_CONNECTIONS):
            idle = stack.enter_context(connected(server))
            idle.sendall(b"GET /healthz HTTP/1.1\r\n" * (number % 2))
        for address in (OTHER, ATTACKER):
            with client_from(address, server) as client:
                assert recognize(client, excerpt(1)).status_code == 200


def test_a_slow_phone_gets_its_answer(server: Server) -> None:
    body = form(excerpt(1))
    step = len(body) // 40
    with connected(server) as phone:
        phone.sendall(head(len(body)))
        started = time.monotonic()
        for position in range(0, len(body), step):
            phone.sendall(body[position : position + step])
            threading.Event().wait(0.1)
        assert time.monotonic() - started > DEADLINE_S
        assert answer(phone).startswith(b"HTTP/1.1 200 ")


def test_a_body_that_trickles_is_given_up_and_its_connection_ends(server: Server) -> None:
    body = form(excerpt(1))
    with connected(server) as trickling, contextlib.suppress(ConnectionError):
        trickling.sendall(head(None))
        trickling.settimeout(0.2)
        said = b""
        for byte in body:
            trickling.sendall(b"1\r\n%c\r\n" % byte)
            with contextlib.suppress(TimeoutError):
                said += (piece := trickling.recv(65536))
                if not piece:
                    break
    assert said.startswith(b"HTTP/1.1 408 ")
    assert b'"too_slow"' in said
    wait_until_idle(server)


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET /healthz HTTP/1.1\r\nHost: lo",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET /heal",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n",
    ],
    ids=["nothing", "half a head", "a request", "a request and a half", "a body that is missing"],
)
def test_a_connection_on_which_nothing_more_comes_is_ended(sent: bytes, server: Server) -> None:
    with connected(server) as connection:
        connection.sendall(sent)
        said = all_that_is_said(connection)
    assert said.count(b"HTTP/1.1 200 ") == sent.count(b"localhost")


@pytest.mark.parametrize(
    ("start", "status"),
    [
        (b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", b""),
        (head(10**12), b"HTTP/1.1 413 "),
    ],
    ids=["head", "rest of a refused body"],
)
def test_a_connection_on_which_bytes_trickle_is_ended(
    start: bytes, status: bytes, server: Server
) -> None:
    with connected(server) as connection, contextlib.suppress(ConnectionError):
        connection.sendall(start)
        connection.settimeout(0.2)
        said = b""
        while True:
            connection.sendall(b"x")
            with contextlib.suppress(TimeoutError):
                said += (piece := connection.recv(65536))
                if not piece:
                    break
    assert said.startswith(status)


def test_a_client_that_takes_nothing_of_its_answers_is_let_go(server: Server) -> None:
    with connected(server) as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        ask = b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
        with contextlib.suppress(TimeoutError, ConnectionError):
            deaf.settimeout(DEADLINE_S)
            deaf.sendall(ask * 2000)
        port = deaf.getsockname()[1]
        deadline = time.monotonic() + TIMEOUT_S
        while port in {
            one.raddr.port for one in psutil.Process(server.pid).net_connections("tcp") if one.raddr
        }:
            assert time.monotonic() < deadline
            threading.Event().wait(0.1)


def test_a_client_that_asks_before_it_sends_is_told_to_go_on(server: Server) -> None:
    body = form(excerpt(1))
    with connected(server) as connection:
        connection.sendall(head(len(body), Expect="100-continue"))
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert answer(connection).startswith(b"HTTP/1.1 200 ")


def test_a_client_that_asks_before_it_sends_too_much_is_refused_and_sends_nothing(
    server: Server,
) -> None:
    with connected(server) as connection:
        connection.sendall(head(10**12, Expect="100-continue"))
        assert all_that_is_said(connection).startswith(b"HTTP/1.1 413 ")


def test_requests_that_come_before_the_answers_are_answered_in_order(server: Server) -> None:
    ask = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    upload = head(len(form(excerpt(1)))) + form(excerpt(1))
    with connected(server) as connection:
        connection.sendall(ask + upload + ask + ask)
        said = all_that_is_said(connection)
    assert said.count(b"HTTP/1.1 200 ") == 4
    assert said.index(b'"status":"ok"') < said.index(b'"matched"') < said.rindex(b'"status":"ok"')
