"""Folders of servers: what users keep in one of that name, and those of several processes."""

from __future__ import annotations

from pathlib import Path

from api.operations.folders import SERVERS
from fpcore.own_folders import WORK, OwnFolder
from tests.api.material import count
from tests.api.server import Server

STATS = 'fpapi_requests_total{method="GET",route="/stats",status="200"}'


def test_a_server_keeps_an_index_in_a_temporary_folder_of_that_name(tmp_path: Path) -> None:
    theirs = tmp_path / f"{SERVERS.prefix}mine"
    theirs.mkdir()
    for _ in range(2):
        server = Server(theirs, temp_folder=tmp_path)
        server.stop()
        assert server.database.is_file()


def test_counts_of_a_server_with_several_processes_outlive_the_start_of_another(
    pair: tuple[Server, Path],
) -> None:
    server, shared = pair
    [counts] = shared.glob(f"{SERVERS.prefix}*/{WORK}")
    OwnFolder(SERVERS, shared).close()
    assert list(counts.iterdir())
    with server.client() as client:
        before = count(client, STATS)
        assert client.get("/stats").status_code == 200
        assert count(client, STATS) == before + 1
