"""A screen without a screen, and windows on it."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from clients.desktop import sources
from clients.desktop.local_service import LocalService
from clients.desktop.session import Session
from clients.desktop.sources import FileInput
from clients.rest import Patience
from tests.api.conftest import KEY
from tests.api.material import excerpt

TIMEOUT_S = 120.0


@pytest.fixture(scope="session")
def screen() -> Iterator[None]:
    """An X server of this process; without Xvfb the tests are left out, but not with CI=true."""
    if shutil.which("Xvfb") is None and not os.environ.get("CI"):
        pytest.skip("there is no Xvfb")
    ours, theirs = os.pipe()
    with (
        subprocess.Popen(
            ["Xvfb", "-displayfd", str(theirs), "-screen", "0", "1280x900x24", "-nolisten", "tcp"],
            pass_fds=[theirs],
            stderr=subprocess.DEVNULL,
        ) as server,
        pytest.MonkeyPatch.context() as patch,
    ):
        os.close(theirs)
        with os.fdopen(ours) as told:
            patch.setenv("DISPLAY", f":{told.readline().strip()}")
        yield
        server.terminate()


class Desk:
    """A window that is used by events, and what it works with."""

    def __init__(self, folder: Path, patience: Patience, **chosen: Any) -> None:
        from clients.desktop.window import Window

        self.folder = folder
        self.session = Session(folder / "data", patience)
        self.session.change(**chosen)
        self.window = Window(self.session)
        self.recognise = self.window.views["RecogniseView"]
        self.history = self.window.views["HistoryView"]
        self.library = self.window.views["LibraryView"]
        self.profile = self.window.views["ProfileView"]
        self.settings = self.window.views["SettingsView"]

    def until(self, condition: Callable[[], object]) -> None:
        """Let the window work until something is so."""
        deadline = time.monotonic() + TIMEOUT_S
        while not condition():
            assert time.monotonic() < deadline, "it did not come to that"
            self.window.tk.dooneevent(0)

    def hear(self, content: bytes) -> None:
        """Put a WAV file in the place of the microphone."""
        path = self.folder / "heard.wav"
        path.write_bytes(content)
        self.recognise.source_of = lambda chosen: FileInput(path)

    def listen(self, content: bytes | None = None) -> None:
        """Record what is heard, and wait for what comes of it."""
        self.hear(excerpt(1) if content is None else content)
        self.recognise.main.invoke()
        self.until(lambda: not self.recognise.is_busy)

    def close(self) -> None:
        """Close the window, once it knows of its server: no connecting is broken off."""
        self.until(lambda: self.window.state_text.cget("text"))
        self.window.close()

    @property
    def problem(self) -> str:
        """What the first view says is wrong."""
        found = self.recognise.problem_bar.problem
        return "" if found is None else str(found.sentence)


@pytest.fixture
def desk(
    screen: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Desk]]:
    """What opens a window on a server's address, on a computer with one microphone."""
    # What is really there is listed in `test_sources`: here it would outlast some tests.
    monkeypatch.setattr(sources, "inputs", lambda: [sources.MICROPHONE])
    with contextlib.ExitStack() as opened:

        def open_window(address: str, *, patience: Patience | None = None, **chosen: Any) -> Desk:
            chosen = {"address": address, "key": KEY, **chosen}
            made = Desk(tmp_path, patience or Patience(n_retries=0), **chosen)
            opened.callback(made.close)
            return made

        yield open_window


@pytest.fixture
def serving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], LocalService]:
    """What gives a service that runs some code."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)

    def service(code: str) -> LocalService:
        (tmp_path / "code_that_serves.py").write_text(code)
        return LocalService(tmp_path / "data", "code_that_serves")

    return service
