"""Learning a song: what is answered, and that the same content is learned once."""

from __future__ import annotations

import hashlib
import io
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import soundfile

from tests import audio_files, tagged_files
from tests.api import material
from tests.api.material import assert_refused, learn, recognize, song

OF_THE_REQUEST = {"created", "known_by", "replaced", "warning"}
"""What is told of a request to learn, and not of the song."""


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
    assert (body["complete"], body["stated_s"]) == (True, None)
    assert (body["known_by"], body["warning"]) == (None, None)
    assert datetime.fromisoformat(body["learned_at"]) <= datetime.now(UTC)
    shown = client.get(f"/songs/{body['song_id']}").json()
    assert shown == {key: value for key, value in body.items() if key not in OF_THE_REQUEST}


def test_learning_the_same_content_again_answers_the_song_that_is_there(
    client: httpx.Client,
) -> None:
    first = learn(client, song(1), "First")
    again = learn(client, song(1), "Another name", filename="other.wav")
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == {**first.json(), "created": False, "known_by": "file"}
    assert client.get("/songs").json()["total"] == 1


def test_the_same_audio_in_another_file_is_the_song_that_is_there_unless_allowed(
    client: httpx.Client,
) -> None:
    first = learn(client, song(1), "First").json()
    flac = io.BytesIO()
    soundfile.write(flac, *soundfile.read(io.BytesIO(song(1))), format="FLAC", subtype="PCM_16")
    again = learn(client, flac.getvalue(), "Again", filename="again.flac")
    assert again.status_code == 200
    said = f'already there as "First" (id {first["song_id"]}): same audio'
    assert again.json() == {**first, "created": False, "known_by": "audio", "warning": said}
    allowed = learn(
        client, flac.getvalue(), "Again", filename="again.flac", allow_duplicates="true"
    )
    assert allowed.status_code == 201
    assert allowed.json()["song_name"] == "Again"
    assert allowed.json()["song_id"] != first["song_id"]
    assert client.get("/songs").json()["total"] == 2


def test_what_there_is_of_a_recording_that_is_cut_off_is_learned_unless_strict(
    client: httpx.Client,
) -> None:
    cut = song(1)[: round(0.75 * len(song(1)))]
    refused = learn(client, cut, "Cut", strict="true")
    assert "cut off after 6.00 s of 8.00 s" in assert_refused(refused, 422, "audio_unusable")
    learned = learn(client, cut, "Cut")
    assert learned.status_code == 201
    body = learned.json()
    assert (body["complete"], body["stated_s"]) == (False, pytest.approx(8.0))
    assert body["duration_s"] == pytest.approx(6.0, abs=0.01)
    assert body["warning"] == "decoded 6.0 of 8.0 s: the recording is cut off"
    (shown,) = client.get("/songs").json()["songs"]
    assert shown == {key: value for key, value in body.items() if key not in OF_THE_REQUEST}
    again = learn(client, cut, "Cut").json()
    assert (again["complete"], again["warning"], again["known_by"]) == (False, None, "file")
    health = client.get("/stats", params={"check": True}).json()["health"]
    assert health["ok"]
    (note,) = health["notes"]
    assert note.startswith(f'song {body["song_id"]}, "Cut": decoded 6.0 of 8.0 s')
    assert recognize(client, material.excerpt(1)).json()["song_name"] == "Cut"


def test_a_whole_copy_takes_the_place_of_what_was_learned_of_it(client: httpx.Client) -> None:
    cut = song(1)[: round(0.75 * len(song(1)))]
    part = learn(client, cut, "Aria", metadata='{"album": "A"}').json()
    response = learn(client, song(1), "Another name")
    assert response.status_code == 201
    body = response.json()
    assert (body["song_id"], body["replaced"]) == (part["song_id"], [part["song_id"]])
    assert (body["song_name"], body["metadata"]) == ("Another name", {"album": "A"})
    assert (body["complete"], body["created"]) == (True, True)
    said = f'took the place of "Aria" (id {part["song_id"]}), which was incomplete'
    assert body["warning"] == said
    assert client.get("/songs").json()["total"] == 1
    again = learn(client, cut, "Aria").json()
    assert (again["song_id"], again["known_by"], again["replaced"]) == (
        part["song_id"],
        "whole",
        [],
    )


def test_a_cut_recording_without_sound_is_refused(client: httpx.Client) -> None:
    assert_refused(learn(client, song(1)[:44], "Cut"), 422, "audio_unusable")


@pytest.mark.parametrize("kind", audio_files.EVERY_KIND)
def test_every_supported_kind_of_file_is_learned_and_recognised(
    kind: str, client: httpx.Client, make_audio: object
) -> None:
    content = make_audio(kind, duration_s=4.0, n_channels=1).read_bytes()  # type: ignore[operator]
    learned = learn(client, content, kind, filename=kind)
    assert learned.status_code == 201, learned.text
    found = recognize(client, content, filename=kind).json()
    assert found["song_id"] == learned.json()["song_id"]


def test_a_song_without_a_name_is_called_as_its_tags_or_as_the_file_that_was_sent(
    client: httpx.Client,
) -> None:
    def learned(content: bytes, filename: str) -> dict[str, Any]:
        response = client.post("/learn", files={"file": (filename, content)})
        assert response.status_code == 201, response.text
        body: dict[str, Any] = response.json()
        return body

    by_tags = learned(tagged_files.tagged(song(1), "Aria", "Ada"), "01.wav")
    assert (by_tags["song_name"], by_tags["metadata"]) == ("Ada – Aria", {})
    assert learned(song(2), "Éléonore 2.wav")["song_name"] == "Éléonore 2"
    assert learned(song(3), " .wav")["song_name"] == "unnamed"
    given = learn(client, tagged_files.tagged(song(4), "Waltz"), "mine").json()
    assert given["song_name"] == "mine"


def test_a_whole_copy_without_a_name_is_called_as_its_tags_in_place_of_a_part_without(
    client: httpx.Client,
) -> None:
    whole = tagged_files.tagged(song(1), "Aria", "Ada")
    cut = whole[: round(0.75 * len(song(1)))]
    parts = [client.post("/learn", files={"file": ("01.wav", one)}) for one in (cut, whole)]
    before, after = (response.json() for response in parts)
    assert (before["song_name"], before["complete"]) == ("01", False)
    assert (after["song_name"], after["replaced"]) == ("Ada – Aria", [before["song_id"]])
