"""The service as a process of its own, as it is asked, measured and stopped."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from experiments.studies.benchmarks.server import (
    _PROGRAM,
    Server,
    ServerError,
    form_of,
    serving,
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with an empty index, started where the environment asks for another one."""
    folder = tmp_path_factory.mktemp("served")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FPAPI_MAX_JOBS", "0")
        patch.setenv("FPAPI_PORT", "1")
        with serving(folder / "server", database=folder / "index.db") as server:
            yield server


def test_memory_is_of_the_server_and_all_its_processes(server: Server) -> None:
    alone = max(one.memory_info().rss for one in psutil.Process().children(recursive=True))
    assert server.memory_bytes() > alone


def test_a_server_that_does_not_start_is_told_of(tmp_path: Path) -> None:
    before = psutil.Process().children()
    with pytest.raises(ServerError, match=r"does not start, its log ends with: .*FPAPI_MAX_JOBS"):
        Server(tmp_path, max_jobs=0)
    assert psutil.Process().children() == before


def test_it_answers_over_http_whatever_the_environment_asks_for(server: Server, clip: Path) -> None:
    with server.client() as client:
        assert client.healthz().status == 200
        answer = client.recognize(form_of(clip.read_bytes()))
        assert (answer.status, answer.body["matched"]) == (200, False)
        refused = client.recognize(form_of(b"no audio"))
        assert refused.status == 415


def test_it_is_gone_with_all_its_processes_when_it_was_stopped(tmp_path: Path) -> None:
    before = set(psutil.Process().children(recursive=True))
    with serving(tmp_path / "server", database=tmp_path / "index.db") as server:
        started = set(psutil.Process().children(recursive=True)) - before
        assert started
        assert server.port > 0
    _, alive = psutil.wait_procs(started, timeout=60)
    assert not alive
    server.stop()  # a second time does nothing


def test_it_ends_with_the_process_that_measures_it() -> None:
    orphan = [sys.executable, "-c", _PROGRAM, "0"]  # as if its parent were gone
    done = subprocess.run(orphan, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")
