"""A real server for tests: ``python -m api`` in a process of its own, on a port of its own.

Most are forked from a process that has loaded the service, see `tests.warm`. With several web
workers Python starts it, and so do the tests of the command itself: `tests/api/test_server.py`,
`tests/api/test_app.py` and `tests/packaging/test_wheel.py`.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil

from fpcore.config import Decision, Profile
from fpcore.own_folders import WORK
from fpcore.profiles import load_profile, save_profile
from fpcore.store import open_store
from tests import warm

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_S = 120.0


def small_index_profile() -> Profile:
    """Return a profile whose decision suits an index of a few songs of a few seconds.

    What is served is then the same in every test, whatever is promoted.
    """
    decision = Decision(
        intercept=-8.0, weights={"log_votes": 2.0}, threshold=0.5, calibration="for tests"
    )
    return load_profile("balanced").model_copy(
        update={"name": "small-index", "decision": decision, "provenance": {"run": "none"}}
    )


def profile_file(folder: Path) -> Path:
    """Write `small_index_profile` to a file and return its path."""
    path = folder / "profile.json"
    save_profile(small_index_profile(), path)
    return path


class Server:
    """A running server; its database, uploads and log lie in ``folder``.

    ``pid`` is the process of the service itself, for which ``process`` stands.
    """

    def __init__(self, folder: Path, **settings: object) -> None:
        self.folder = folder
        self.inbox = Path(str(settings.get("temp_folder", folder / "inbox")))
        self.inbox.mkdir(exist_ok=True)
        self.database = Path(str(settings.get("database", folder / "index.db")))
        given = {
            "port": 0,
            "profile": settings.get("profile") or profile_file(folder),
            "database": self.database,
            "temp_folder": self.inbox,
            "decode_workers": 2,
            "web_workers": 1,
            **settings,
        }
        self.profile = load_profile(Path(str(given["profile"])))
        environment = {
            key: text for key, text in os.environ.items() if not key.startswith("FPAPI_")
        } | {f"FPAPI_{name.upper()}": str(setting) for name, setting in given.items()}
        self.lines: list[str] = []
        self._stdout = tempfile.TemporaryFile("w+")  # noqa: SIM115, closed when it stops
        self._news = threading.Condition()
        python = warm.python() if given["web_workers"] == 1 else sys.executable
        self.process = subprocess.Popen(
            [python, "-m", "api"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=self._stdout,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            line = self.wait_for(r"running on (http://[^ ]+:(\d+))")
            self.wait_for("Application startup complete", times=int(str(given["web_workers"])))
            self.pid = int(self.wait_for(r"Started (?:parent|server) process \[(\d+)\]")[1])
        except BaseException:
            self.stop()
            raise
        self.url, self.port = line[1], int(line[2])

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with self._news:
                self.lines.append(line)
                self._news.notify_all()
        with self._news:
            self.lines.append("(the log ends)")
            self._news.notify_all()

    def wait_for(self, pattern: str, *, times: int = 1) -> re.Match[str]:
        """Return the first match in the log, once there are as many as asked for."""

        def found() -> list[re.Match[str]]:
            return list(filter(None, (re.search(pattern, line) for line in self.lines)))

        def ended() -> bool:
            return len(found()) >= times or "(the log ends)" in self.lines

        with self._news:
            self._news.wait_for(ended, timeout=TIMEOUT_S)
            matches = found()
        assert len(matches) >= times, f"{pattern!r} is not in the log:\n{self.log}"
        return matches[0]

    @property
    def log(self) -> str:
        return "".join(self.lines)

    @property
    def printed(self) -> str:
        """What the server has written to standard output: it does so just after its log."""
        deadline = time.monotonic() + TIMEOUT_S
        while not (text := os.pread(self._stdout.fileno(), 1 << 16, 0)).endswith(b"\n"):
            assert time.monotonic() < deadline, "the server prints no line"
            time.sleep(0.01)
        return text.decode()

    def client(self, **more: Any) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=TIMEOUT_S, trust_env=False, **more)

    def n_in_flight(self) -> int:
        """Return how many requests are being answered, without the one that asks for it."""
        with self.client() as client:
            lines = client.get("/metrics").text.splitlines()
        name = "fpapi_requests_in_flight "
        (line,) = [line for line in lines if line.startswith(name)]
        return round(float(line.removeprefix(name))) - 1

    def uploads_left(self) -> list[Path]:
        """Return what lies in the folders for uploads; it may go meanwhile."""
        walks = (os.walk(work) for work in self.inbox.glob(f"*/{WORK}"))
        return [
            Path(folder, name)
            for walk in walks
            for folder, folders, files in walk
            for name in (*folders, *files)
        ]

    def stop(self, sent: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit code; nothing of the server is left after that."""
        if self.process.poll() is None:
            self.process.send_signal(sent)
        code = self.process.wait(timeout=TIMEOUT_S)
        self._reader.join(timeout=TIMEOUT_S)
        assert not self._reader.is_alive(), "a process of the server outlives it"
        assert self.process.stderr is not None
        self.process.stderr.close()
        self._stdout.close()
        return code


@contextlib.contextmanager
def running(folder: Path, **settings: object) -> Iterator[Server]:
    """Run a server with the given settings, and stop it at the end."""
    server = Server(folder, **settings)
    try:
        yield server
    finally:
        server.stop()


def checked(server: Server) -> dict[int, str]:
    """Return id -> name of every song of a server's index, which must be sound."""
    with open_store(server.database, None) as store:
        assert store.check(full=True).ok
        return {song.id: song.name for song in store.songs()}


def memory_of(server: Server) -> int:
    """Return the bytes that the server's own process has in memory."""
    return int(psutil.Process(server.pid).memory_info().rss)
