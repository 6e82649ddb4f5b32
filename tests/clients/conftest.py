"""One server with a key for all tests of clients."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.conftest import KEY
from tests.api.material import learn, song
from tests.api.server import Server

SONGS = {1: "First", 2: "Second", 3: "Third"}
"""Seed -> name of the songs that are there at the begin of each test."""


class Shared:
    """A server that is started when it is needed, also after a test has killed it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server: Server | None = None

    def running(self) -> Server:
        """Return the server, with all `SONGS` and no others."""
        if self._server is None or self._server.process.poll() is not None:
            limits = {"max_upload_mb": 1, "busy_timeout_s": 0.2, "decode_workers": 1}
            self._server = Server(self._folder, api_key=KEY, **limits)
        with self._server.client(headers={"X-API-Key": KEY}) as client:
            songs = client.get("/songs").json()["songs"]
            there = {one["song_name"]: one["song_id"] for one in songs}
            for name in there.keys() - set(SONGS.values()):
                client.delete(f"/songs/{there[name]}").raise_for_status()
            for seed, name in SONGS.items():
                if name not in there:
                    learn(client, song(seed), name).raise_for_status()
        return self._server

    def stop(self) -> None:
        """Stop the server, if there is one."""
        if self._server is not None:
            self._server.stop()


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    shared = Shared(tmp_path_factory.mktemp("rest"))
    yield shared
    shared.stop()


@pytest.fixture
def server(shared: Shared) -> Server:
    """A server that wants `KEY`, takes a megabyte, and has `SONGS`."""
    return shared.running()
