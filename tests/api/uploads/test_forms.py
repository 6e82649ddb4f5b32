"""Fields beside a file: kept as they are, or refused by name."""

from __future__ import annotations

import httpx
import pytest

from api.uploads.forms import MAX_SONG_NAME
from tests.api.material import assert_refused, excerpt, learn, recognize, song


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "'; DROP TABLE songs; --",
        "%00 %0a",
        "🎵 Ænima — 日本語 عربى",
        "👩‍👩‍👧",
        "e\u0301",
        "<script>alert(1)</script>",
        "${jndi:ldap://x}",
        " spaces around ",
        "a" * MAX_SONG_NAME,
        '"quoted" \\ back',
        "null",
    ],
)
def test_song_names_are_kept_verbatim(name: str, client: httpx.Client) -> None:
    learned = learn(client, song(1), name)
    assert learned.status_code == 201, learned.text
    song_id = learned.json()["song_id"]
    assert learned.json()["song_name"] == name
    assert client.get(f"/songs/{song_id}").json()["song_name"] == name
    assert recognize(client, excerpt(1)).json()["song_name"] == name
    assert client.get("/songs", params={"name": name}).json()["total"] == 1


@pytest.mark.parametrize(
    "name",
    [
        "",
        "   ",
        "a\x00b",
        "a\nb",
        "a\r\nb",
        "tab\t",
        "\x1b[31m",
        "\x7f",
        "\x85",
        "\u2028",
        "a" * (MAX_SONG_NAME + 1),
    ],
)
def test_song_names_that_are_empty_long_or_hold_control_characters_are_refused(
    name: str, client: httpx.Client
) -> None:
    message = assert_refused(learn(client, song(1), name), 400, "invalid_field")
    assert message.startswith("song_name: ")
    assert client.get("/songs").json()["total"] == 0


def test_metadata_nested_too_deep_is_refused_before_anything_is_stored(
    client: httpx.Client,
) -> None:
    deep = '{"a":' * 33 + "1" + "}" * 33
    message = assert_refused(learn(client, song(1), "x", metadata=deep), 400, "invalid_field")
    assert message.startswith("metadata: must not be nested more than 32 levels deep")
    assert len(message) < 200
    assert client.get("/songs").json()["total"] == 0


@pytest.mark.parametrize(
    "metadata",
    [
        "",
        "[]",
        "1",
        "{",
        '{"a": NaN}',
        '{"a": 1e999}',
        '{"a": "\\ud800"}',
        '{"source": "/etc"}',
        "[" * 5000,
        '{"a": ' + "1" * 5000 + "}",
    ],
)
def test_metadata_that_could_not_be_given_back_is_refused(
    metadata: str, client: httpx.Client
) -> None:
    message = assert_refused(learn(client, song(1), "x", metadata=metadata), 400, "invalid_field")
    assert message.startswith("metadata: ")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"top": "0"}, "invalid_field"),
        ({"top": "x"}, "invalid_field"),
        ({"top": "101"}, "invalid_field"),
        ({"scan": "maybe"}, "invalid_field"),
        ({"n": "1"}, "unknown_field"),
        ({"top": "1" * 20000}, "field_too_long"),
    ],
)
def test_options_that_are_not_valid_are_refused(
    fields: dict[str, str], code: str, client: httpx.Client
) -> None:
    assert_refused(recognize(client, excerpt(1), **fields), 400, code)


def test_documentation_gives_every_field_a_default_of_its_type(client: httpx.Client) -> None:
    schema = client.get("/openapi.json").json()
    kinds = {"string": str, "integer": int, "boolean": bool}
    for path in ("/learn", "/recognize", "/explain"):
        body = schema["paths"][path]["post"]["requestBody"]["content"]["multipart/form-data"]
        for field in body["schema"]["properties"].values():
            assert isinstance(field.get("default", kinds[field["type"]]()), kinds[field["type"]])
