"""Songs and recordings as the bytes of files, and the requests that send them."""

from __future__ import annotations

import functools
import io
from typing import Any

import httpx
import numpy as np
import soundfile

from tests.fpcore import synthetic

RATE_HZ = 22_050
SONG_S = 8.0


@functools.cache
def samples(seed: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    return synthetic.music(SONG_S, RATE_HZ, seed)


def wav(content: np.ndarray[Any, np.dtype[np.float32]], rate_hz: int = RATE_HZ) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, content, rate_hz, format="WAV", subtype="PCM_16")
    return file.getvalue()


@functools.cache
def song(seed: int) -> bytes:
    """Return a song as a WAV file; seeds give songs that have nothing in common."""
    return wav(samples(seed))


def variant(seed: int, number: int) -> bytes:
    """Return a file that sounds like a song; each ``number`` makes it another file."""
    content = samples(seed).copy()
    content[-1] = number / 2**15
    return wav(content)


@functools.cache
def excerpt(seed: int, start_s: float = 2.0, duration_s: float = 4.0) -> bytes:
    """Return a part of a song as a WAV file."""
    start = round(start_s * RATE_HZ)
    return wav(samples(seed)[start : start + round(duration_s * RATE_HZ)])


def learn(
    client: httpx.Client, content: bytes, name: str, *, filename: str = "song.wav", **fields: str
) -> httpx.Response:
    files = {"file": (filename, content)}
    return client.post("/learn", files=files, data={"song_name": name, **fields})


def recognize(
    client: httpx.Client, content: bytes, *, filename: str = "part.wav", **fields: str
) -> httpx.Response:
    return client.post("/recognize", files={"file": (filename, content)}, data=fields)


def count(client: httpx.Client, series: str) -> float:
    """Return what a scrape tells of a series, or of all whose names begin so."""
    lines = client.get("/metrics").text.splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith(series))


def assert_refused(response: httpx.Response, status: int, code: str) -> str:
    """Check that a refusal has the one shape of errors, and return its message."""
    assert response.status_code == status, response.text
    body = response.json()
    assert set(body) == {"code", "message", "request_id"}
    assert body["code"] == code
    assert body["request_id"] == response.headers["x-request-id"]
    assert "Traceback" not in response.text
    message: str = body["message"]
    assert message
    return message
