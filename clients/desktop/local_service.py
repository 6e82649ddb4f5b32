"""Local service: ``python -m api`` on this computer, which ends with the window."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import re
import subprocess
import sys
import threading
from collections import deque
from pathlib import Path

DATABASE = "music_recognition.db"
STOP_S = 8.0

_SERVING = re.compile(r"^Serving (http://\S+)")


class NotServedError(Exception):
    """A local service that does not start; the text is one sentence with a remedy."""


class LocalService:
    """A service of this window; its database lies in ``folder`` and stays there.

    Parameters
    ----------
    folder : Path
        It is made when the service starts.
    module : str
        What serves, as ``python -m`` would run it; by default the service of this installation.
    """

    def __init__(self, folder: Path, module: str = "api") -> None:
        self.database = folder / DATABASE
        self._module = module
        self._process: subprocess.Popen[str] | None = None
        self._reading: threading.Thread | None = None
        self._said: deque[str] = deque(maxlen=20)
        self._ready = threading.Event()
        self._launching = threading.Lock()
        self._address = ""

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    async def started(self) -> str:
        """Return its address, once it answers there; it is started unless it runs already.

        Raises
        ------
        NotServedError
            When it does not start.
        """
        return await asyncio.to_thread(self._start)

    def _start(self) -> str:
        with self._launching:
            if not self.is_running:
                self._launch()
        self._ready.wait()
        if not self._address:
            raise NotServedError(self._reason())
        return self._address

    def _launch(self) -> None:
        if importlib.util.find_spec(self._module) is None:
            raise NotServedError(
                'The service is not installed here: pip install "fpworkbench[service]".'
            )
        self._ready.clear()
        self._said.clear()
        self._address = ""
        environment = {
            **{name: text for name, text in os.environ.items() if not name.startswith("FPAPI_")},
            "FPAPI_HOST": "127.0.0.1",
            "FPAPI_PORT": "0",
            "FPAPI_DATABASE": str(self.database),
            "PYTHONUNBUFFERED": "1",
        }
        try:
            self.database.parent.mkdir(parents=True, exist_ok=True)
            self._process = subprocess.Popen(
                [sys.executable, "-m", "clients.desktop.guard", self._module],
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
                errors="replace",
            )
        except OSError as error:
            raise NotServedError(f"The service cannot start ({error}): see to that.") from error
        self._reading = threading.Thread(target=self._read, args=(self._process,), daemon=True)
        self._reading.start()

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None and process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                self._said.append(line.strip())
                if found := _SERVING.match(line):
                    self._address = found[1]
                    self._ready.set()
        process.wait()
        with contextlib.suppress(OSError):
            process.stdin.close()
        self._ready.set()

    def _reason(self) -> str:
        said = next((line for line in reversed(self._said) if line.startswith("api: ")), "")
        cause = said.removeprefix("api: ") or next(reversed(self._said), "it said nothing")
        return f"The service on this computer does not start ({cause[:300]}): see to that."

    def stop(self) -> None:
        """End it and wait for that; its database stays."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        with contextlib.suppress(OSError):
            process.stdin.close()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
        assert self._reading is not None
        self._reading.join(STOP_S)
