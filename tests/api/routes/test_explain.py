"""How a recording was recognised: as a picture, and in numbers that agree with the answer."""

from __future__ import annotations

import httpx
import pytest

from tests.api import material
from tests.api.material import excerpt, learn, samples, song, wav


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


def test_explanation_in_numbers_agrees_with_the_answer(client: httpx.Client) -> None:
    learn(client, song(1), "First").raise_for_status()
    files = {"file": ("part.wav", excerpt(1))}
    answer = client.post("/recognize", files=files).json()
    response = client.post("/explain", files=files, data={"format": "json"})
    assert response.headers["content-type"] == "application/json"
    told = response.json()
    assert told["matched"] is answer["matched"] is True
    assert told["candidates"] == answer["candidates"]
    (place,) = told["places"]
    assert place["candidate"] == answer["candidates"][0]
    assert place["evidence"]["votes"] == answer["matches"] == max(place["histogram"]["votes"])
    at = [s - q for s, q in zip(*(place["aligned"][k] for k in ("song_s", "query_s")), strict=True)]
    tolerance_s = 2 * place["histogram"]["tolerance_s"] + 0.001
    assert at == pytest.approx([answer["offset_s"]] * len(at), abs=tolerance_s)


@pytest.mark.parametrize("seed", [None, 99], ids=["silence", "unknown"])
def test_explanation_in_numbers_tells_why_there_is_no_match(
    seed: int | None, client: httpx.Client
) -> None:
    content = excerpt(99) if seed else wav(0 * samples(1))
    files = {"file": ("part.wav", content)}
    told = client.post("/explain", files=files, data={"format": "json"}).json()
    assert (told["matched"], told["places"], told["candidates"]) == (False, [], [])
    assert told["reason"] == (
        "the index holds no songs."
        if seed
        else "the recording is silent, or shorter than one window: it has no peaks."
    )


def test_explanation_in_another_form_is_refused(client: httpx.Client) -> None:
    files = {"file": ("part.wav", excerpt(1))}
    response = client.post("/explain", files=files, data={"format": "pdf"})
    assert response.status_code == 400
    assert "'png' or 'json'" in response.json()["message"]
