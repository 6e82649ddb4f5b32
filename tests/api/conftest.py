"""Servers and clients for the tests of the service."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from api.app import create_app
from api.operations.folders import SERVERS
from api.service import Service
from api.settings import Settings
from fpcore.own_folders import OwnFolder
from fpcore.store import open_store
from tests.api.server import Server, running, small_index_profile

PROXY = "127.0.0.3"
KEY = "a key of more than 16 characters"


def new_service(folder: Path, **settings: Any) -> Service:
    """Return a service in this process, for one job at a time; its decoders are not started."""
    given = Settings(database=folder / "index.db", max_jobs=1, decode_workers=1, **settings)
    profile = small_index_profile()
    store = open_store(given.database, profile.fingerprint, create=True)
    return Service(given, profile, store, OwnFolder(SERVERS, folder))


@contextmanager
def emptied(shared: Server) -> Iterator[Server]:
    """Give a shared server without songs, and check that it lives and keeps no upload."""
    with shared.client() as client:
        client.delete("/songs", params={"confirm": "all"}).raise_for_status()
    yield shared
    assert shared.process.poll() is None
    assert shared.uploads_left() == []


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("server"), max_upload_mb=2) as server:
        yield server


@pytest.fixture
def server(shared_server: Server) -> Iterator[Server]:
    """A server with default settings, two megabytes for uploads and no songs."""
    with emptied(shared_server) as server:
        yield server


@pytest.fixture
def client(server: Server) -> Iterator[httpx.Client]:
    with server.client() as client:
        yield client


@pytest.fixture(scope="session")
def shared_strict_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("strict")
    limits = {"max_uploads": 2, "max_duration_s": 90, "busy_timeout_s": 0.2}
    with running(folder, proxies=PROXY, **limits) as server:
        yield server


@pytest.fixture
def strict_server(shared_strict_server: Server) -> Iterator[Server]:
    """A server for two uploads at a time, of 90 s at most, that waits 0.2 s for other writers.

    It believes what `PROXY` says of its clients.
    """
    with emptied(shared_strict_server) as server:
        yield server


@pytest.fixture(scope="session")
def keyed_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that asks writers for `KEY`, has a name, and lets one other origin's pages in."""
    folder = tmp_path_factory.mktemp("keyed")
    origin, hosts = "https://player.example", "proxy.example, Music.example"
    with running(folder, api_key=KEY, cors_origins=origin, hosts=hosts) as server:
        yield server


@pytest.fixture(scope="session")
def shared_pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Path]]:
    # Sockets lie in it, whose paths may not be as long as those of pytest.
    with tempfile.TemporaryDirectory(prefix="fp-") as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", folder)
        inbox = tmp_path_factory.mktemp("pair")
        with running(inbox, host="::1", web_workers=2, max_jobs=32) as server:
            patch.undo()
            yield server, Path(folder)
        assert list(Path(folder).glob(f"{SERVERS.prefix}*")) == []


@pytest.fixture
def pair(shared_pair: tuple[Server, Path]) -> Iterator[tuple[Server, Path]]:
    """A server of two processes at ``::1`` without songs, and its folder for temporary files."""
    with emptied(shared_pair[0]):
        yield shared_pair


@pytest.fixture
def empty_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "server"
    folder.mkdir()
    return folder


def asked_in_process(service: Service, method: str, path: str, **more: Any) -> httpx.Response:
    """Return what the application of a service in this process answers to a request."""
    app = create_app(service.settings)
    app.state.service = service

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.request(method, path, **more)

    return anyio.run(ask)


@pytest.fixture
def idle_service(tmp_path: Path) -> Iterator[Service]:
    """A service in this process, for one job at a time, whose decoders were not started."""
    service = new_service(tmp_path)
    yield service
    service.stop()
