"""The command that serves: what it prints, how it is stopped, what becomes of its processes."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest

from api.server import main
from api.settings import Settings
from tests.api.material import assert_refused, excerpt, learn, recognize, song
from tests.api.server import ROOT, TIMEOUT_S, Server, checked, running
from tests.api.wire import answer, form, started
from tests.fpcore.store.disks import make_read_only, small_disk


@pytest.fixture
def without_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["api"])


def test_help_lists_every_variable_with_its_default_and_serves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["api", "--help"])
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    told = capsys.readouterr().out
    for name, field in Settings.model_fields.items():
        assert field.description
        assert f"FPAPI_{name.upper()}=" in told
    assert "FPAPI_PORT=8000\n" in told
    assert not list(tmp_path.iterdir())


def test_a_bad_setting_is_one_sentence(
    without_arguments: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FPAPI_PORT", "x")
    assert main() == 2
    told = capsys.readouterr().err
    assert told.startswith("api: FPAPI_PORT: ")
    assert told.count("\n") == 1


def test_a_port_in_use_is_one_sentence_and_nothing_is_started(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        run = subprocess.run(
            [sys.executable, "-m", "api"],
            cwd=tmp_path,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "FPAPI_PORT": str(taken.getsockname()[1]),
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith("api: FPAPI_HOST and FPAPI_PORT: ")
    assert "Address already in use: choose another port" in run.stderr
    assert run.stderr.count("\n") == 1


def assert_serves_where_it_says(server: Server, host: str) -> None:
    address = f"http://{host}:{server.port}"
    assert server.printed == f"Serving {address} (what it answers: /docs)\n"
    with httpx.Client(base_url=address, timeout=TIMEOUT_S, trust_env=False) as client:
        assert client.get("/healthz").status_code == 200


def test_the_address_that_is_printed_is_the_one_that_is_served(
    server: Server, pair: tuple[Server, Path]
) -> None:
    assert_serves_where_it_says(server, "127.0.0.1")
    assert_serves_where_it_says(pair[0], "[::1]")


@pytest.mark.parametrize(
    ("host", "shown", "web_workers"), [("::1", "[::1]", 1), ("127.0.0.1", "127.0.0.1", 2)]
)
def test_the_address_is_served_with_any_number_of_processes(
    host: str, shown: str, web_workers: int, empty_folder: Path
) -> None:
    with running(empty_folder, host=host, web_workers=web_workers, decode_workers=1) as server:
        assert_serves_where_it_says(server, shown)


def test_a_signal_to_stop_lets_requests_in_flight_finish(empty_folder: Path) -> None:
    server = Server(empty_folder)
    try:
        body = form(song(1))
        with started(server, length=len(body)) as connection:
            connection.sendall(body[:300_000])  # as much as is written at a time
            while not server.uploads_left():
                threading.Event().wait(0.005)
            server.process.send_signal(signal.SIGTERM)
            server.wait_for("Waiting for connections to close|Shutting down")
            with pytest.raises(OSError), socket.create_connection(("127.0.0.1", server.port), 5):
                raise OSError("the listening socket was still open")
            connection.sendall(body[300_000:])
            said = answer(connection)
        assert said.startswith(b"HTTP/1.1 200 ")
        assert b'"matched":false' in said
    finally:
        code = server.stop()
    assert code in (0, -signal.SIGTERM)
    assert list(server.inbox.iterdir()) == []
    assert checked(server) == {}


def test_a_server_process_that_dies_is_replaced_and_the_log_stays_json(
    pair: tuple[Server, Path],
) -> None:
    server, _ = pair
    n_started = server.log.count("Application startup complete")
    started = re.findall(r"Started server process \[(\d+)\]", server.log)
    os.kill(int(started[-1]), signal.SIGKILL)
    server.wait_for("Application startup complete", times=n_started + 1)
    messages = [json.loads(line)["message"] for line in server.lines]
    assert any("died" in message for message in messages)


def test_a_server_of_an_index_on_a_read_only_disk_answers_what_only_reads(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", megabytes=16) as disk:
        with running(tmp_path, database=disk / "index.db") as server, server.client() as client:
            learned = learn(client, song(1), "Aria").json()
        make_read_only(disk)
        with running(tmp_path, database=disk / "index.db") as server, server.client() as client:
            for path in ("/songs", f"/songs/{learned['song_id']}", "/stats", "/profile", "/readyz"):
                assert client.get(path).status_code == 200, path
            assert client.get("/stats", params={"check": "true"}).json()["health"]["ok"]
            assert recognize(client, excerpt(1)).json()["song_name"] == "Aria"
            scanned = recognize(client, excerpt(1), scan="true").json()
            assert scanned["song_name"] == "Aria"
            assert learn(client, song(1), "x").status_code == 200  # it is known
            for refused in (
                learn(client, song(2), "x"),
                client.delete(f"/songs/{learned['song_id']}"),
                client.delete("/songs", params={"confirm": "all"}),
            ):
                message = assert_refused(refused, 403, "read_only")
                assert str(disk) not in message
        assert os.listdir(disk) == ["index.db"]


@pytest.mark.parametrize("begun", ["", "Waiting for application startup"], ids=["load", "start"])
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_the_server_starts_ends_it_without_a_traceback(
    begun: str, sent: signal.Signals, empty_folder: Path
) -> None:
    """It goes to all processes that there are, as Ctrl-C in a terminal does."""
    inbox = empty_folder / "inbox"
    inbox.mkdir()
    given = {"PORT": 0, "DATABASE": empty_folder / "index.db", "TEMP_FOLDER": inbox}
    server = subprocess.Popen(
        [sys.executable, "-m", "api"],
        cwd=ROOT,
        env={**os.environ, **{f"FPAPI_{name}": str(text) for name, text in given.items()}},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert server.stderr is not None
    said = ""
    if begun:
        while begun not in said:
            said += server.stderr.readline()
    else:
        wait_until_it_loads(server.pid)
    os.killpg(server.pid, sent)
    said += server.communicate(timeout=TIMEOUT_S)[1]
    assert server.returncode == (0 if begun else 130)
    assert "Traceback" not in said
    assert all(isinstance(json.loads(line), dict) for line in said.splitlines())
    assert list(inbox.iterdir()) == []


def wait_until_it_loads(process_id: int) -> None:
    """Wait until the program of a new process runs: Python itself takes no SIGTERM."""
    caught = 0
    while not caught >> (int(signal.SIGTERM) - 1) & 1:
        status = Path(f"/proc/{process_id}/status").read_text(encoding="utf-8")
        (mask,) = re.findall(r"SigCgt:\t(\w+)", status)
        caught = int(mask, 16)
        threading.Event().wait(0.005)
