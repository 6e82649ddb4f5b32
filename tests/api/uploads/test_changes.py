"""Changes of songs: what a body may be, and what of it is refused by name."""

from __future__ import annotations

import json

import httpx
import pytest

from api.uploads.changes import MAX_BYTES
from api.uploads.forms import MAX_SONG_NAME
from tests.api.material import assert_refused, learn, song


@pytest.fixture
def address(client: httpx.Client) -> str:
    """The address of a song."""
    return f"/songs/{learn(client, song(1), 'First').json()['song_id']}"


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (b"", "malformed_body", "send the change as a JSON object"),
        (b"{", "malformed_body", "send the change as a JSON object"),
        (b'"name"', "malformed_body", "send the change as a JSON object"),
        (b"[" * 9000, "malformed_body", "send the change as a JSON object"),
        (b'"\xff"', "malformed_body", "send the change as a JSON object"),
        (b"{}", "invalid_field", "song_name: "),
        (b'{"song_name": 7}', "invalid_field", "song_name: "),
        (b'{"song_name": null}', "invalid_field", "song_name: "),
        (b'{"song_name": " "}', "invalid_field", "song_name: "),
        (b'{"song_name": "a\\n"}', "invalid_field", "song_name: "),
        (b'{"song_name": "\\ud800"}', "invalid_field", "song_name: "),
        (b'{"song_name": "x", "song_id": 9}', "invalid_field", "song_id: "),
        (json.dumps({"song_name": "a" * (MAX_SONG_NAME + 1)}).encode(), "invalid_field", "song_n"),
    ],
)
def test_what_is_no_change_is_refused_with_its_fault(
    body: bytes, code: str, message: str, client: httpx.Client, address: str
) -> None:
    refused = client.patch(address, content=body)
    assert assert_refused(refused, 400, code).startswith(message)
    assert client.get(address).json()["song_name"] == "First"


def test_the_longest_name_fits_however_it_is_written(client: httpx.Client, address: str) -> None:
    name = "🎸" * MAX_SONG_NAME
    for body in (json.dumps({"song_name": name}), json.dumps({"song_name": name[:-1]})):
        changed = client.patch(address, content=body.encode())
        assert changed.json()["song_name"] == json.loads(body)["song_name"]


def test_a_body_without_end_is_refused_before_it_is_whole(
    client: httpx.Client, address: str
) -> None:
    refused = client.patch(address, content=b" " * (MAX_BYTES + 1))
    assert str(MAX_BYTES) in assert_refused(refused, 413, "too_large")


def test_a_field_in_the_address_is_refused(client: httpx.Client, address: str) -> None:
    refused = client.patch(address, params={"song_name": "x"}, json={"song_name": "y"})
    assert "address" in assert_refused(refused, 400, "unknown_field")
    assert client.get(address).json()["song_name"] == "First"
