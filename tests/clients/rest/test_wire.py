"""What goes wrong on the way: no server, one that dies, dawdles, sends on, or talks nonsense."""

from __future__ import annotations

import io
import signal
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from clients import rest
from clients.rest import wire
from clients.rest.patience import Patience
from tests.api.material import excerpt
from tests.api.server import Server
from tests.clients.rest.asking import BOTH, Opened
from tests.clients.rest.scripted import answer, scripted

ALIVE = answer(b'{"status": "ok"}')
BUSY = answer(b"{}", status="503 Service Unavailable", Retry_After="0")
HASTY = Patience(answer_s=0.2, n_retries=0)


def test_no_server_is_told_with_its_address(opened: Opened) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    told = rf"^no server answers at http://127.0.0.1:{port} \(.+\): start it, or check"
    with opened(f"http://127.0.0.1:{port}") as client:
        with pytest.raises(rest.NoServerError, match=told) as raised:
            client.alive()
        assert type(raised.value) is rest.NoServerError


def test_a_name_that_nobody_has_is_no_server(opened: Opened) -> None:
    with (
        opened("http://nobody.invalid") as client,
        pytest.raises(rest.NoServerError, match=r"^no server answers at http://nobody"),
    ):
        client.alive()


def test_a_server_without_tls_is_told(server: Server, opened: Opened) -> None:
    with (
        opened(server.url.replace("http:", "https:")) as client,
        pytest.raises(rest.NoServerError, match="begins with http or https"),
    ):
        client.alive()


def test_a_server_that_leaves_without_an_answer_or_within_it_is_told(opened: Opened) -> None:
    cut = answer(b'{"status": "ok"}', Content_Length="100")
    with scripted(b"", cut) as server, opened(server.address) as client:
        for _ in range(2):
            with pytest.raises(rest.ConnectionLostError, match="was lost"):
                client.alive()


def test_an_answer_that_does_not_come_in_time_is_told(opened: Opened) -> None:
    with (
        scripted(None) as server,
        opened(server.address, patience=HASTY) as client,
        pytest.raises(rest.TimedOutError, match=r"did not answer within 0\.2 s: try again"),
    ):
        client.recognize(b"x")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (answer(b"not JSON"), r"\(it is not JSON\)"),
        (answer(b'{"status": "o'), r"\(it is not JSON\)"),
        (answer(b'{"state": "ok"}'), r"\(status is missing\)"),
        (answer(b"<html>", Content_Encoding="gzip"), "cannot be unpacked"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "speaks no HTTP"),
    ],
    ids=["text", "cut", "other", "packed", "no HTTP"],
)
def test_garbage_is_told(given: bytes, told: str, opened: Opened) -> None:
    with (
        scripted(given) as server,
        opened(server.address) as client,
        pytest.raises(rest.GarbageAnswerError, match=told),
    ):
        client.alive()


def test_no_request_and_no_key_goes_where_an_answer_points(opened: Opened) -> None:
    with scripted(ALIVE) as other:
        moved = answer(b"", status="307 Temporary Redirect", Location=f"{other.address}/healthz")
        with (
            scripted(moved) as server,
            opened(server.address, key="secret") as client,
            pytest.raises(rest.RedirectedError, match=f"sends on to {other.address}/healthz"),
        ):
            client.alive()
        assert b"x-api-key: secret" in server.requests[0].lower()
    assert other.requests == []


def test_a_busy_server_is_asked_again_with_the_same_recording(opened: Opened) -> None:
    empty = answer(b'{"code": "x", "message": "m", "request_id": ""}', status="400 Bad Request")
    with (
        scripted(BUSY, BUSY, empty) as server,
        opened(server.address) as client,
        pytest.raises(rest.RefusedError, match=r"\(m\): correct it$"),
    ):
        client.recognize(io.BytesIO(b"the recording"))
    assert len(server.requests) == 3
    assert all(b"the recording" in one for one in server.requests)


def test_a_busy_server_is_not_asked_for_ever(opened: Opened) -> None:
    patience = Patience(n_retries=1)
    with (
        scripted(BUSY, BUSY) as server,
        opened(server.address, patience=patience) as client,
        pytest.raises(rest.BusyError),
    ):
        client.alive()
    assert len(server.requests) == 2


def test_the_environments_proxy_does_not_lead_to_this_machine(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    with scripted(ALIVE) as server, opened(server.address) as client:
        assert client.alive() == "ok"
    assert wire.Server.at("http://music.example", None, HASTY).options["trust_env"]
    assert not wire.Server.at("http://localhost:1", None, HASTY).options["trust_env"]


@pytest.mark.parametrize(
    "address",
    [
        "",
        "localhost:8000",
        "127.0.0.1",
        "ftp://x",
        "http://",
        "http://x?y",
        "http://x#y",
        "http://me:secret@x",
        "http://x:port",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    told = r"^the server's address must be one like http://127\.0\.0\.1:8000$"
    with pytest.raises(rest.SettingError, match=told):
        rest.Client(address)


@pytest.mark.parametrize(
    ("given", "used"),
    [
        (" http://127.0.0.1:8000/\n", "http://127.0.0.1:8000"),
        ("https://music.example/fp/", "https://music.example/fp"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_an_address_is_used_as_it_is_meant(given: str, used: str) -> None:
    assert wire.Server.at(given, None, HASTY).address == used


@pytest.mark.parametrize("key", ["a\nb", "clé", "\0"])
def test_a_key_that_no_header_holds_is_refused_and_not_told(key: str) -> None:
    with pytest.raises(rest.SettingError, match=r"^the API key must be") as raised:
        rest.AsyncClient("http://x", key=key)
    assert key not in str(raised.value)


def test_an_answer_that_trickles_or_has_no_end_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now_s = 0.0
    response = httpx.Response(200, request=httpx.Request("GET", "http://x/songs?name=a"))
    server = wire.Server.at("http://x", None, Patience(answer_s=5.0))
    incoming = wire.Incoming(server, response, clock=lambda: now_s)
    now_s = 5.0
    incoming.take(b"a")
    assert incoming.whole().body == b"a"
    assert incoming.whole().place == "http://x/songs"
    now_s = 5.1
    with pytest.raises(rest.TimedOutError, match="within 5 s"):
        incoming.take(b"b")
    monkeypatch.setattr(wire, "MAX_ANSWER_BYTES", 3)
    with pytest.raises(rest.GarbageAnswerError, match="has no end"):
        wire.Incoming(server, response, clock=lambda: now_s).take(b"four")


def test_a_server_that_is_killed_in_the_middle_of_a_request_is_told(server: Server) -> None:
    # Both clients have sent a part of their recordings when it is killed.
    kill = threading.Barrier(2, action=lambda: server.stop(signal.SIGKILL))

    class Recording(io.BytesIO):
        n_read = 0

        def read(self, size: int | None = -1, /) -> bytes:
            self.n_read += 1
            if self.n_read == 2:
                kill.wait(timeout=60)
            return super().read(size)

    def ask(kind: str) -> None:
        with BOTH[kind](server.url) as client:
            client.recognize(Recording(excerpt(1, duration_s=6.0)))

    told = rf"^the connection to {server.url} was lost \(.*\): look whether the server runs"
    with ThreadPoolExecutor(2) as threads:
        for asked in [threads.submit(ask, kind) for kind in BOTH]:
            with pytest.raises(rest.ConnectionLostError, match=told):
                asked.result(timeout=60)
