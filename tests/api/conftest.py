"""Servers and clients for the tests of the service."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.api.server import Server, running

KEY = "a key of more than 16 characters"


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("server"), max_upload_mb=2) as server:
        yield server


@pytest.fixture
def server(shared_server: Server) -> Iterator[Server]:
    """A server with default settings, two megabytes for uploads and no songs."""
    with shared_server.client() as client:
        client.delete("/songs", params={"confirm": "all"}).raise_for_status()
    yield shared_server
    assert shared_server.process.poll() is None
    assert shared_server.uploads_left() == []


@pytest.fixture
def client(server: Server) -> Iterator[httpx.Client]:
    with server.client() as client:
        yield client


@pytest.fixture(scope="session")
def keyed_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that asks writers for `KEY` and lets one other origin's pages in."""
    folder = tmp_path_factory.mktemp("keyed")
    with running(folder, api_key=KEY, cors_origins="https://player.example") as server:
        yield server


@pytest.fixture
def empty_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "server"
    folder.mkdir()
    return folder
