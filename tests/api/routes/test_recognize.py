"""Recognition: the song, the place in it, or that there is none."""

from __future__ import annotations

import httpx
import numpy as np
import pytest

from tests.api import material
from tests.api.material import assert_refused, excerpt, learn, recognize, song, wav
from tests.api.server import Server


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
    assert (body["start_s"], body["end_s"]) == (0, pytest.approx(4.0, abs=0.1))
    assert body["song_offset_s"] == body["offset_s"]
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


@pytest.mark.parametrize("scan", ["false", "true"])
def test_of_a_cut_recording_what_there_is_is_used_and_the_answer_says_so(
    scan: str, client: httpx.Client
) -> None:
    learn(client, song(1), "First")
    assert recognize(client, song(1), scan=scan).json()["warning"] is None
    cut = song(1)[: round(0.6 * len(song(1)))]
    body = recognize(client, cut, scan=scan).json()
    assert body["song_name"] == "First"
    there = f"{0.6 * material.SONG_S:.1f} of {material.SONG_S:.1f} s"
    assert body["warning"] == f"decoded {there}: the recording is cut off"
    assert_refused(learn(client, cut, "A part", strict="true"), 422, "audio_unusable")


@pytest.mark.parametrize("top", [1, 2])
def test_at_most_the_asked_number_of_candidates_is_told(top: int, client: httpx.Client) -> None:
    for seed in range(3):
        both = material.samples(seed) + material.samples(9)
        learn(client, wav(both / np.float32(2)), f"Song {seed}")
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
