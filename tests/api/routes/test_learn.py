"""Learning a song: what is answered, and that the same content is learned once."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import httpx
import pytest

from tests import audio_files
from tests.api import material
from tests.api.material import learn, recognize, song


def test_learning_answers_what_was_learned(client: httpx.Client) -> None:
    response = learn(client, song(1), "First", metadata='{"album": "Æther", "year": 2020}')
    assert response.status_code == 201
    body = response.json()
    assert body["song_name"] == "First"
    assert body["duration_s"] == pytest.approx(material.SONG_S)
    assert body["fingerprints"] > 100
    assert body["checksum"] == hashlib.sha256(song(1)).hexdigest()
    assert body["metadata"] == {"album": "Æther", "year": 2020}
    assert body["created"] is True
    assert body["audio_kept"] is False
    assert datetime.fromisoformat(body["learned_at"]) <= datetime.now(UTC)
    shown = client.get(f"/songs/{body['song_id']}").json()
    assert shown == {key: value for key, value in body.items() if key != "created"}


def test_learning_the_same_content_again_answers_the_song_that_is_there(
    client: httpx.Client,
) -> None:
    first = learn(client, song(1), "First")
    again = learn(client, song(1), "Another name", filename="other.wav")
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == {**first.json(), "created": False}
    assert client.get("/songs").json()["total"] == 1


@pytest.mark.parametrize("kind", audio_files.EVERY_KIND)
def test_every_supported_kind_of_file_is_learned_and_recognised(
    kind: str, client: httpx.Client, make_audio: object
) -> None:
    content = make_audio(kind, duration_s=4.0, n_channels=1).read_bytes()  # type: ignore[operator]
    learned = learn(client, content, kind, filename=kind)
    assert learned.status_code == 201, learned.text
    found = recognize(client, content, filename=kind).json()
    assert found["song_id"] == learned.json()["song_id"]
