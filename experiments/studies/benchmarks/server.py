"""The service as a process of its own, asked over HTTP as any other client asks it.

It listens on this machine alone, on a free port. Times are in seconds, memory is in bytes.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import psutil

from fpcore.closing import Closing
from fpcore.errors import FpError

START_S = 120.0
"""Seconds that a server may take until it answers."""

STOP_S = 60.0

_BOUNDARY = "a-boundary-that-no-audio-holds-2f6c1f"
_FORM_HEADERS = {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"}
_PORT = re.compile(r"running on http://[^ ]+:(\d+)")
_STARTED = "Application startup complete"


class ServerError(FpError):
    """The service does not start, or does not answer as it should."""


@dataclass(frozen=True, slots=True)
class ServiceAnswer:
    """Answer of the service: the HTTP status, and the body, which is JSON."""

    status: int
    body: Any


class Client(Closing):
    """One connection to a server, for one thread."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=STOP_S)

    def recognize(self, form: bytes) -> ServiceAnswer:
        """Ask which song a recording comes from; ``form`` is what `form_of` made of it."""
        return self._ask("POST", "/recognize", form)

    def healthz(self) -> ServiceAnswer:
        """Ask whether the server is alive."""
        return self._ask("GET", "/healthz")

    def _ask(self, method: str, path: str, form: bytes | None = None) -> ServiceAnswer:
        self._connection.request(method, path, form, {} if form is None else _FORM_HEADERS)
        response = self._connection.getresponse()
        return ServiceAnswer(response.status, json.loads(response.read()))

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def form_of(recording: bytes) -> bytes:
    """Return the body of a request that sends a WAV file."""
    head = (
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="clip.wav"\r\n'
        "Content-Type: audio/wav\r\n\r\n"
    )
    return head.encode() + recording + f"\r\n--{_BOUNDARY}--\r\n".encode()


_PROGRAM = """
import runpy, sys
from fpcore.bulk.parent import end_with
end_with(int(sys.argv.pop()))
runpy.run_module("api", run_name="__main__")
"""
"""Serves as ``python -m api`` does, but no longer than the process that measures it."""


class Server:
    """``python -m api`` on a free port of this machine; its log and uploads lie in ``folder``.

    Settings are those of the environment variables ``FPAPI_*``, by their names in lower case;
    all others have their defaults. The log is kept, as it is in service.

    Raises
    ------
    ServerError
        When it does not start.
    """

    def __init__(self, folder: Path, **settings: object) -> None:
        folder.mkdir(exist_ok=True)
        given = {"port": 0, "temp_folder": folder, **settings}
        environment = {
            name: text for name, text in os.environ.items() if not name.startswith("FPAPI_")
        } | {f"FPAPI_{name.upper()}": str(setting) for name, setting in given.items()}
        self._log = folder / "server.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _PROGRAM, str(os.getpid())],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
        try:
            self.port = self._wait()
        except BaseException:
            self.stop()
            raise

    def _wait(self) -> int:
        deadline = monotonic() + START_S
        while monotonic() < deadline and self._process.poll() is None:
            log = self._log.read_text(encoding="utf-8", errors="replace")
            port = _PORT.search(log)
            if port and _STARTED in log:
                return int(port[1])
            sleep(0.02)
        last = (self._log.read_text(encoding="utf-8", errors="replace").splitlines() or [""])[-1]
        raise ServerError(f"the service does not start, its log ends with: {last}")

    def client(self) -> Client:
        """Return a connection of its own."""
        return Client(self.port)

    def memory_bytes(self) -> int:
        """Return the resident memory of all the server's processes; each counts what they share."""
        server = psutil.Process(self._process.pid)
        return sum(one.memory_info().rss for one in (server, *server.children(recursive=True)))

    def stop(self) -> None:
        """Let the server finish the requests it is working on, and end it."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@contextlib.contextmanager
def serving(folder: Path, **settings: object) -> Iterator[Server]:
    """Run a server, and stop it at the end."""
    server = Server(folder, **settings)
    try:
        yield server
    finally:
        server.stop()
