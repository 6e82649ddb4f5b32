"""Who may write, and what browsers are told."""

from __future__ import annotations

import httpx
import pytest
from starlette.requests import Request

from api.security import is_local
from tests.api.conftest import KEY
from tests.api.material import assert_refused, learn, song
from tests.api.server import Server

WRITES = [
    ("POST", "/learn"),
    ("PATCH", "/songs/1"),
    ("DELETE", "/songs?confirm=all"),
    ("DELETE", "/songs/1"),
]
READS = ["/songs", "/stats", "/profile", "/healthz", "/readyz", "/metrics", "/docs"]


@pytest.mark.parametrize(("method", "path"), WRITES)
@pytest.mark.parametrize("key", [None, "", KEY[:-1], KEY + "x", KEY.upper(), "é" * 20])
def test_writing_needs_the_key(
    method: str, path: str, key: str | None, keyed_server: Server
) -> None:
    headers = {} if key is None else {"X-API-Key": key.encode()}
    with keyed_server.client() as client:
        refused = client.request(method, path, headers=headers)
    message = assert_refused(refused, 401, "api_key_needed")
    assert "X-API-Key" in message
    assert refused.headers["www-authenticate"] == "X-API-Key"
    assert KEY not in refused.text


def test_reading_needs_no_key_and_the_right_key_may_write(keyed_server: Server) -> None:
    with keyed_server.client() as client:
        for path in READS:
            assert client.get(path).status_code == 200, path
    with keyed_server.client(headers={"X-API-Key": KEY}) as client:
        learned = learn(client, song(1), "First")
        assert learned.status_code == 201
        assert client.delete(f"/songs/{learned.json()['song_id']}").status_code == 200
        assert client.delete("/songs?confirm=all").status_code == 200


def test_the_key_is_never_logged(keyed_server: Server) -> None:
    with keyed_server.client(headers={"X-API-Key": KEY}) as client:
        client.delete("/songs?confirm=all").raise_for_status()
    assert '"api_key": "**********"' in keyed_server.log
    assert KEY not in keyed_server.log


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "203.0.113.7"},
        {"Forwarded": "for=203.0.113.7"},
        {"X-Real-IP": "203.0.113.7"},
        {"Host": "music.example"},
        {"Host": "[::1"},
        {"Host": ""},
    ],
)
@pytest.mark.parametrize(("method", "path"), WRITES)
def test_without_a_key_only_this_machine_may_write(
    method: str, path: str, headers: dict[str, str], client: httpx.Client
) -> None:
    refused = client.request(method, path, headers=headers)
    assert refused.status_code in (400, 403)
    if refused.status_code == 403:
        foreign = headers.get("Host") == "music.example"
        assert_refused(refused, 403, "foreign_host" if foreign else "writing_is_local")


@pytest.mark.parametrize("path", [*READS, "/", "/songs/1", "/openapi.json", "/nothing"])
@pytest.mark.parametrize("host", ["evil.example", "EVIL.example:8000", "8.8.8.8", "localhost.evil"])
def test_a_page_whose_name_was_pointed_at_this_machine_reads_nothing(
    path: str, host: str, client: httpx.Client
) -> None:
    learned = learn(client, song(1), "A secret").json()
    path = path.replace("/songs/1", f"/songs/{learned['song_id']}")
    refused = client.get(path, headers={"Host": host})
    assert "FPAPI_HOSTS" in assert_refused(refused, 403, "foreign_host")
    assert "secret" not in refused.text


def test_a_page_whose_name_was_pointed_at_this_machine_recognises_nothing(
    client: httpx.Client,
) -> None:
    headers = {"Host": "evil.example"}
    for path in ("/recognize", "/explain"):
        refused = client.post(path, files={"file": song(1)}, headers=headers)
        assert_refused(refused, 403, "foreign_host")


@pytest.mark.parametrize("host", ["localhost", "LocalHost:80", "127.0.0.1:9", "127.9.9.9", "[::1]"])
def test_this_machine_may_be_called_by_any_of_its_names(host: str, client: httpx.Client) -> None:
    assert client.get("/songs", headers={"Host": host}).status_code == 200


def test_a_name_in_the_settings_may_be_used_to_read(keyed_server: Server) -> None:
    with keyed_server.client() as client:
        assert client.get("/songs", headers={"Host": "music.example"}).status_code == 200
        refused = client.get("/songs", headers={"Host": "evil.example"})
    assert_refused(refused, 403, "foreign_host")


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost:1", "http://["]
)
@pytest.mark.parametrize(("method", "path"), WRITES)
def test_pages_of_other_origins_may_not_write(
    method: str, path: str, origin: str, client: httpx.Client
) -> None:
    assert_refused(client.request(method, path, headers={"Origin": origin}), 403, "foreign_origin")


def test_a_page_of_the_services_own_may_write(server: Server, client: httpx.Client) -> None:
    response = client.delete("/songs?confirm=all", headers={"Origin": server.url})
    assert response.status_code == 200


@pytest.mark.parametrize(
    ("server_address", "client_address", "local"),
    [
        ("127.0.0.1", "127.0.0.1", True),
        ("::1", "::1", True),
        ("::ffff:127.0.0.1", "::ffff:127.0.0.1", True),
        ("192.0.2.1", "192.0.2.1", False),
        ("192.0.2.1", "192.0.2.9", False),
        ("127.0.0.1", "203.0.113.7", False),
        ("/run/service.sock", "", False),
    ],
)
def test_a_connection_is_local_when_both_its_ends_are(
    server_address: str, client_address: str, local: bool
) -> None:
    scope = {
        "type": "http",
        "headers": [(b"host", b"localhost:8000")],
        "server": (server_address, 8000),
        "client": (client_address, 50_000),
    }
    assert is_local(Request(scope)) is local


def test_cross_origin_requests_are_not_allowed_unless_configured(
    client: httpx.Client, keyed_server: Server
) -> None:
    asked = {
        "Origin": "https://player.example",
        "Access-Control-Request-Method": "DELETE",
        "Access-Control-Request-Headers": "x-api-key",
    }
    refused = client.options("/songs/1", headers=asked)
    assert "access-control-allow-origin" not in refused.headers
    assert "access-control-allow-origin" not in client.get("/songs", headers=asked).headers
    with keyed_server.client() as keyed:
        allowed = keyed.options("/songs/1", headers=asked)
        assert allowed.status_code == 200
        assert allowed.headers["access-control-allow-origin"] == "https://player.example"
        assert "access-control-allow-credentials" not in allowed.headers
        other = keyed.options("/songs/1", headers=asked | {"Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in other.headers


@pytest.mark.parametrize("path", ["/songs", "/docs", "/nothing", "/songs/x", "/openapi.json"])
def test_every_answer_tells_browsers_to_be_careful(path: str, client: httpx.Client) -> None:
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert ("unsafe-inline" in headers["content-security-policy"]) == (path == "/docs")
    assert "server" not in headers
