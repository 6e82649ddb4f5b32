"""Two servers on one PostgreSQL database, as on two machines: one is killed, then the database."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread

import httpx
import pytest

from tests import postgres
from tests.api.material import assert_refused, excerpt, learn, recognize, song, variant
from tests.api.server import Server

PATIENCE_S = 120.0


@pytest.fixture(scope="module")
def database() -> Iterator[postgres.Server]:
    with postgres.own(durable=False) as started:
        yield started


class Load:
    """A client that learns one file after another until told to stop, and asks in between."""

    def __init__(self, server: Server, first: int) -> None:
        self.learned: set[str] = set()
        self.wrong: list[str] = []
        self._stop = Event()
        self._thread = Thread(target=self._run, args=(server, first))
        self._thread.start()

    def _run(self, server: Server, first: int) -> None:
        number = first
        with server.client() as client, suppress(httpx.TransportError):
            while not self._stop.is_set():
                name = f"song {number}"
                sent = learn(client, variant(3, number), name, allow_duplicates="true")
                if sent.status_code == 201:
                    self.learned.add(name)
                answer = recognize(client, excerpt(1)).raise_for_status().json()
                if answer["song_name"] != "aria":
                    self.wrong.append(answer["song_name"])
                number += 1

    def wait_for(self, n: int) -> None:
        """Wait until it has learned so many, or has ended."""
        deadline = time.monotonic() + PATIENCE_S
        while len(self.learned) < n and self._thread.is_alive() and time.monotonic() < deadline:
            time.sleep(0.02)

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()


def until(client: httpx.Client, name: str) -> None:
    """Wait until a server lists a song."""
    deadline = time.monotonic() + PATIENCE_S
    while name not in names(client):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def names(client: httpx.Client) -> set[str]:
    listed = client.get("/songs", params={"limit": 1000}).raise_for_status().json()
    return {one["song_name"] for one in listed["songs"]}


def test_two_hosts_follow_each_other_and_nothing_is_lost_with_one_or_with_the_database(
    database: postgres.Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    servers = []
    with postgres.database(database) as url:
        for host in ("a", "b"):
            (tmp_path / host).mkdir()
            monkeypatch.setenv("FPCORE_CACHE", str(tmp_path / host / "cache"))
            servers.append(Server(tmp_path / host, database=url, decode_workers=1))
        one, other = servers
        try:
            with one.client() as client, other.client() as of_other:
                assert learn(client, song(1), "aria").status_code == 201
                until(of_other, "aria")
                assert recognize(of_other, excerpt(1)).json()["song_name"] == "aria"
            loads = [Load(one, 0), Load(other, 1000)]
            for load in loads:
                load.wait_for(2)
            os.killpg(other.pid, signal.SIGKILL)
            loads[0].wait_for(len(loads[0].learned) + 2)
            for load in loads:
                load.stop()
            assert [load.wrong for load in loads] == [[], []]
            with one.client() as client:
                acknowledged = loads[0].learned | loads[1].learned
                deadline = time.monotonic() + PATIENCE_S
                while acknowledged - names(client) and time.monotonic() < deadline:
                    time.sleep(0.02)
                assert acknowledged <= names(client)
                database.stop()
                try:
                    answer = recognize(client, excerpt(1)).json()
                    while answer["as_of"] is None and time.monotonic() < deadline:
                        answer = recognize(client, excerpt(1)).json()
                    assert (answer["song_name"], answer["as_of"] is None) == ("aria", False)
                    assert "the database cannot be reached" in answer["warning"]
                    refused = learn(client, song(2), "another")
                    assert_refused(refused, 503, "database_away")
                finally:
                    database.start()
                until_learned(client)
        finally:
            for server in servers:
                server.stop()


def until_learned(client: httpx.Client) -> None:
    """Learn a song as soon as the database is there again."""
    deadline = time.monotonic() + PATIENCE_S
    while learn(client, song(2), "another").status_code != 201:
        assert time.monotonic() < deadline
    assert recognize(client, excerpt(2)).json()["song_name"] == "another"
