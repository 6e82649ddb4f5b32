"""What each endpoint answers, over real connections to a real server."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime

import httpx
import numpy as np
import pytest
from pydantic import BaseModel

from api.schemas import bodies, explanation
from api.uploads.forms import MAX_SONG_NAME
from tests import audio_files
from tests.api import material
from tests.api.material import assert_refused, excerpt, learn, recognize, song, wav
from tests.api.server import Server


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


def test_recognition_names_the_song_and_the_place_in_it(
    client: httpx.Client, server: Server
) -> None:
    ids = [learn(client, song(seed), f"Song {seed}").json()["song_id"] for seed in range(3)]
    response = recognize(client, excerpt(1, start_s=2.5))
    assert response.status_code == 200
    body = response.json()
    assert body["matched"] is True
    assert (body["song_id"], body["song_name"]) == (ids[1], "Song 1")
    assert body["offset_s"] == pytest.approx(2.5, abs=0.05)
    assert body["matches"] > 20
    assert 0.5 < body["confidence"] <= 1
    best = body["candidates"][0]
    assert {key: body[key] for key in best if key != "probability"} == {
        key: value for key, value in best.items() if key != "probability"
    }
    assert body["query_s"] == pytest.approx(4.0)
    assert body["hashes"] > 100
    assert body["appearances"] is None
    profile = server.profile
    assert body["profile"] == {"name": profile.name, "digest": profile.fingerprint.digest}
    times = body["times"]
    parts = ("decode_s", "fingerprint_s", "lookup_s", "align_s")
    assert all(times[part] > 0 for part in parts)
    assert sum(times[part] for part in parts) < times["total_s"]


def test_an_unknown_recording_is_no_match(client: httpx.Client) -> None:
    learn(client, song(1), "First")
    body = recognize(client, excerpt(99)).json()
    assert body["matched"] is False
    assert (body["song_id"], body["song_name"], body["offset_s"]) == (None, None, None)
    assert (body["matches"], body["confidence"]) == (0, 0)
    assert all(candidate["confidence"] == 0 for candidate in body["candidates"])


def test_silence_is_no_match_and_no_song(client: httpx.Client) -> None:
    silence = wav(0 * material.samples(1))
    body = recognize(client, silence).json()
    assert (body["matched"], body["candidates"], body["hashes"]) == (False, [], 0)
    message = assert_refused(learn(client, silence, "Quiet"), 422, "audio_unusable")
    assert "silent" in message


@pytest.mark.parametrize("top", [1, 2])
def test_at_most_the_asked_number_of_candidates_is_told(top: int, client: httpx.Client) -> None:
    for seed in range(3):
        both = material.samples(seed) + material.samples(9)
        learn(client, wav(both / 2), f"Song {seed}")
    body = recognize(client, excerpt(9), top=str(top)).json()
    assert len(body["candidates"]) == top


def test_a_scan_tells_every_song_with_its_time_span(client: httpx.Client) -> None:
    for seed in (1, 2):
        learn(client, song(seed), f"Song {seed}")
    long = [material.samples(1), material.samples(2)]
    body = recognize(client, wav(np.concatenate(long)), scan="true").json()
    heard = body["appearances"]
    assert [one["song_name"] for one in heard] == ["Song 1", "Song 2"]
    assert heard[0]["start_s"] == pytest.approx(0, abs=1)
    assert heard[1]["end_s"] == pytest.approx(2 * material.SONG_S, abs=1.5)
    best = max(heard, key=lambda one: one["confidence"])
    assert body["matched"] is True
    assert body["song_id"] == best["song_id"]
    assert body["times"]["total_s"] > 0


def test_songs_are_listed_by_page_and_searched_by_name(client: httpx.Client) -> None:
    names = ["Alpha", "Beta", "alphabet", "Gamma"]
    for seed, name in enumerate(names):
        learn(client, song(seed), name)
    everything = client.get("/songs").json()
    assert [one["song_name"] for one in everything["songs"]] == names
    assert (everything["total"], everything["limit"], everything["offset"]) == (4, 100, 0)
    page = client.get("/songs", params={"limit": 2, "offset": 1}).json()
    assert [one["song_name"] for one in page["songs"]] == names[1:3]
    assert page["total"] == 4
    found = client.get("/songs", params={"name": "ALPHA"}).json()
    assert [one["song_name"] for one in found["songs"]] == ["Alpha", "alphabet"]
    assert found["total"] == 2


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5])
def test_pages_of_the_newest_songs_are_those_of_all_songs_backward(
    limit: int, client: httpx.Client
) -> None:
    names = ["Alpha", "Beta", "alphabet", "Gamma"]
    for seed, name in enumerate(names):
        learn(client, song(seed), name)
    asked = {"order": "newest", "limit": limit}
    pages = [client.get("/songs", params={**asked, "offset": offset}).json() for offset in range(6)]
    told = [[one["song_name"] for one in page["songs"]] for page in pages]
    assert told == [names[::-1][offset : offset + limit] for offset in range(6)]
    assert {(page["total"], page["limit"]) for page in pages} == {(4, limit)}
    found = client.get("/songs", params={**asked, "name": "alpha"}).json()
    assert [one["song_name"] for one in found["songs"]] == ["alphabet", "Alpha"][:limit]


def test_a_removed_song_is_gone_and_its_id_is_not_used_again(client: httpx.Client) -> None:
    first = learn(client, song(1), "First").json()
    assert recognize(client, excerpt(1)).json()["matched"] is True
    removed = client.delete(f"/songs/{first['song_id']}")
    assert removed.status_code == 200
    assert removed.json()["song_name"] == "First"
    assert recognize(client, excerpt(1)).json()["matched"] is False
    for gone in (client.get(f"/songs/{first['song_id']}"), client.delete(removed.request.url)):
        assert_refused(gone, 404, "unknown_song")
    assert learn(client, song(1), "First").json()["song_id"] > first["song_id"]


@pytest.mark.parametrize("confirm", [{}, {"confirm": "yes"}, {"confirm": ""}])
def test_all_songs_are_removed_only_when_confirmed(
    confirm: dict[str, str], client: httpx.Client
) -> None:
    for seed in (1, 2):
        learn(client, song(seed), f"Song {seed}")
    assert client.delete("/songs", params=confirm).status_code == 400
    assert client.get("/songs").json()["total"] == 2
    assert client.delete("/songs", params={"confirm": "all"}).json() == {"removed": 2}
    assert client.get("/songs").json()["total"] == 0


def test_who_means_to_remove_only_some_songs_removes_none(client: httpx.Client) -> None:
    learn(client, song(1), "Song 1")
    answer = client.delete("/songs", params={"confirm": "all", "name": "Song 2"})
    assert assert_refused(answer, 400, "invalid_request") == "name: there is no such parameter"
    assert client.get("/songs").json()["total"] == 1


def test_stats_tell_size_health_and_where_the_profile_comes_from(
    client: httpx.Client, server: Server
) -> None:
    learned = learn(client, song(1), "First").json()
    body = client.get("/stats", params={"check": "true"}).json()
    assert body["songs"] == 1
    assert body["postings"] == learned["fingerprints"]
    assert body["duration_s"] == pytest.approx(material.SONG_S)
    assert body["file_bytes"] >= body["lookup_bytes"] > 0
    assert (body["health"]["ok"], body["health"]["problems"]) == (True, [])
    profile = server.profile
    assert body["profile"] == {
        "name": profile.name,
        "digest": profile.fingerprint.digest,
        "description": profile.description,
        "threshold": profile.decision.threshold,
        "calibration": profile.decision.calibration,
        "provenance": profile.provenance,
    }


def test_the_served_profile_is_the_profile_file(client: httpx.Client, server: Server) -> None:
    profile = server.profile
    body = client.get("/profile").json()
    assert body.pop("digest") == profile.fingerprint.digest
    assert body == profile.model_dump(mode="json")


def test_explain_draws_a_picture_whatever_the_outcome(client: httpx.Client) -> None:
    learn(client, song(1), "First $x_1$ <b>")
    pictures = set()
    for content in (excerpt(1), excerpt(99), wav(0 * material.samples(1))):
        response = client.post("/explain", files={"file": ("part.wav", content)})
        assert response.status_code == 200, response.text
        assert response.headers["content-type"] == "image/png"
        assert response.content.startswith(b"\x89PNG\r\n")
        pictures.add(response.content)
    assert len(pictures) == 3


def test_health_and_readiness(client: httpx.Client) -> None:
    for path in ("/healthz", "/readyz"):
        response = client.get(path)
        assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_metrics_count_requests_and_the_size_of_the_index(client: httpx.Client) -> None:
    def count(series: str) -> float:
        lines = client.get("/metrics").text.splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith(series))

    learned = 'fpapi_requests_total{method="POST",route="/learn",status="201"}'
    before = count(learned), count('fpapi_stage_seconds_count{stage="lookup"}')
    fingerprints = learn(client, song(1), "First").json()["fingerprints"]
    recognize(client, excerpt(1))
    assert count(learned) == before[0] + 1
    assert count('fpapi_stage_seconds_count{stage="lookup"}') == before[1] + 1
    assert count("fpapi_songs ") == 1
    assert count("fpapi_postings ") == fingerprints
    client.get("/of/a/client's/making")
    assert "making" not in client.get("/metrics").text


def test_documentation_loads_nothing_from_elsewhere(client: httpx.Client) -> None:
    page = client.get("/docs")
    assert page.status_code == 200
    assert "://" not in page.text
    for asset in ("swagger-ui-bundle.js", "swagger-ui.css"):
        assert f"/docs/assets/{asset}" in page.text
        assert len(client.get(f"/docs/assets/{asset}").content) > 10_000


def test_documentation_covers_every_endpoint(client: httpx.Client) -> None:
    schema = client.get("/openapi.json").json()
    expected = {
        "/learn": {"post"},
        "/recognize": {"post"},
        "/explain": {"post"},
        "/songs": {"get", "delete"},
        "/songs/{song_id}": {"get", "delete"},
        "/stats": {"get"},
        "/profile": {"get"},
        "/healthz": {"get"},
        "/readyz": {"get"},
        "/metrics": {"get"},
    }
    assert {path: set(methods) for path, methods in schema["paths"].items()} == expected
    form = schema["paths"]["/learn"]["post"]["requestBody"]["content"]["multipart/form-data"]
    assert set(form["schema"]["required"]) == {"file", "song_name"}
    assert form["schema"]["properties"]["song_name"]["maxLength"] == MAX_SONG_NAME


def test_documentation_gives_every_field_a_default_of_its_type(client: httpx.Client) -> None:
    schema = client.get("/openapi.json").json()
    kinds = {"string": str, "integer": int, "boolean": bool}
    for path in ("/learn", "/recognize", "/explain"):
        body = schema["paths"][path]["post"]["requestBody"]["content"]["multipart/form-data"]
        for field in body["schema"]["properties"].values():
            assert isinstance(field.get("default", kinds[field["type"]]()), kinds[field["type"]])


def test_documentation_tells_what_an_index_of_another_kind_and_a_busy_server_answer(
    client: httpx.Client,
) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    for path, operations in paths.items():
        for operation in operations.values():
            if path != "/healthz":
                assert "409" in operation["responses"]
                assert "Retry-After" in operation["responses"]["503"]["headers"]


@pytest.mark.parametrize(
    "model",
    [
        bodies.ErrorBody,
        bodies.SongBody,
        bodies.LearnedBody,
        bodies.SongsBody,
        bodies.RemovedBody,
        bodies.RecognitionBody,
        bodies.StatsBody,
        bodies.StatusBody,
        bodies.ProfileBody,
        explanation.ExplanationBody,
    ],
)
def test_documentation_has_an_example_that_is_what_it_exemplifies(
    model: type[BaseModel], client: httpx.Client
) -> None:
    example = model.model_config["json_schema_extra"]["example"]  # type: ignore[index, call-overload]
    assert example.keys() == model.model_fields.keys()
    model.model_validate(example)
    schema = client.get("/openapi.json").json()["components"]["schemas"][model.__name__]
    # FastAPI leaves out what is null.
    assert schema["example"].keys() == {name for name in example if example[name] is not None}


def test_paths_and_methods_that_do_not_exist_are_refused_in_the_one_shape(
    client: httpx.Client,
) -> None:
    assert_refused(client.get("/nothing"), 404, "not_found")
    assert_refused(client.put("/songs"), 405, "method_not_allowed")
    assert_refused(client.get("/songs/x"), 400, "invalid_request")
    assert_refused(client.get("/songs", params={"limit": 0}), 400, "invalid_request")


@pytest.mark.parametrize("path", ["/songs", "/stats"])
def test_a_misspelt_parameter_is_refused_and_not_passed_over(
    client: httpx.Client, path: str
) -> None:
    answer = client.get(path, params={"chekc": "true"})
    assert assert_refused(answer, 400, "invalid_request") == "chekc: there is no such parameter"


@pytest.mark.parametrize("path", ["/recognize", "/learn", "/explain"])
def test_a_field_in_the_address_is_refused_where_it_would_not_be_read(
    client: httpx.Client, path: str
) -> None:
    sent = {"file": ("clip.wav", excerpt(1))}
    answer = client.post(path, params={"scan": "true"}, files=sent)
    assert "'scan'" in assert_refused(answer, 400, "unknown_field")


def test_the_log_is_json_lines_that_name_the_request(server: Server, client: httpx.Client) -> None:
    given = client.get("/healthz", headers={"X-Request-ID": "a-client.s_id"})
    assert given.headers["x-request-id"] == "a-client.s_id"
    line = server.wait_for('.*"a-client.s_id".*')[0]
    record = json.loads(line)
    assert (record["path"], record["status"]) == ("/healthz", 200)
    made_up = client.get("/healthz", headers={"X-Request-ID": 'x" injected'})
    assert "injected" not in made_up.headers["x-request-id"]


def test_what_libraries_say_of_a_request_is_a_json_line(
    server: Server, client: httpx.Client
) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=x", "X-Request-ID": "not-a-form"}
    answer = client.post("/recognize", content=excerpt(1), headers=headers)
    assert_refused(answer, 400, "malformed_form")
    server.wait_for('.*"message": "request".*"not-a-form".*')
    records = [json.loads(line) for line in server.lines]
    assert "python_multipart.multipart" in {record["logger"] for record in records}


def test_settings_are_logged_at_the_start(server: Server) -> None:
    record = json.loads(server.wait_for('.*"message": "settings".*')[0])
    assert record["settings"]["database"] == str(server.database)
    assert record["settings"]["max_upload_mb"] == 2
