"""Damaged files of every format, by the hundred: the server and its index stay as they are."""

from __future__ import annotations

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests import audio_files
from tests.api.material import recognize
from tests.api.server import Server
from tests.fpcore.audio.audio_fuzz import damage

N_COPIES = 250
N_CLIENTS = 3

KINDS = [
    "pcm16.wav",
    "float32.wav",
    "pcm16.aiff",
    "pcm16.flac",
    "alac.m4a",
    "vorbis.ogg",
    "lame.mp3",
    "aac.m4a",
    "adts.aac",
    "opus.opus",
    "opus.webm",
]


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_files_are_answered_or_refused_by_the_same_process(
    kind: str, server: Server, client: httpx.Client, tmp_path: Path
) -> None:
    samples = audio_files.noisy_tones(0.5, 48_000, n_channels=1)
    content = audio_files.write(tmp_path / kind, samples, 48_000, kind=kind).read_bytes()
    assert recognize(client, content, filename=kind).status_code == 200
    rng = random.Random(kind)
    copies = [damage(content, rng) for _ in range(N_COPIES)]
    before = server.pid

    def ask(number: int) -> Counter[int]:
        with server.client() as own:
            return Counter(
                recognize(own, copy, filename=kind).status_code
                for copy in copies[number::N_CLIENTS]
            )

    with ThreadPoolExecutor(N_CLIENTS) as threads:
        statuses = sum(threads.map(ask, range(N_CLIENTS)), Counter[int]())
    assert statuses.total() == N_COPIES
    assert set(statuses) <= {200, 400, 415, 422}, statuses
    assert statuses[200] < N_COPIES
    assert (server.pid, server.process.poll()) == (before, None)
    assert client.get("/readyz").status_code == 200
    assert recognize(client, content, filename=kind).status_code == 200
