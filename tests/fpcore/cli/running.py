"""The command as a user runs it: to its end in this process, or as a process of its own.

To start Python and the core takes longer than most commands do. So `fpcore` and `answer` run the
command here, with its arguments, variables and streams. `fpcore_process` is for what only a
process has: closed streams, pipes, lost rights, another user of the database, what libraries
write to standard error.
"""

from __future__ import annotations

import ctypes
import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from fpcore.cli import main
from tests import warm

ROOT = Path(__file__).resolve().parents[3]
TIMEOUT_S = 180.0
"""Nothing takes this long; a hanging command shall fail its test rather than the run."""

_PR_CAPBSET_DROP = 24
_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH = 1, 2


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the variables of this process without those that steer the command."""
    inherited = {key: text for key, text in os.environ.items() if not key.startswith("FPCORE_")}
    return {**inherited, "PYTHONPATH": str(ROOT), "COLUMNS": "80", **(extra or {})}


def called(
    command: Callable[[], object],
    *arguments: object,
    cwd: Path,
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a command line to its end in this process, as if it were one of its own.

    An exception that it does not tell of itself is raised.
    """
    streams = [io.TextIOWrapper(io.BytesIO(content), "utf-8") for content in (stdin, b"", b"")]
    argv = ["fpcore", *map(str, arguments)]
    with pytest.MonkeyPatch.context() as patch:
        for name in set(os.environ) - set(environment()):
            patch.delenv(name)
        for name, text in environment(env).items():
            patch.setenv(name, text)
        for name, value in zip(("stdin", "stdout", "stderr"), streams, strict=True):
            patch.setattr(sys, name, value)
        patch.setattr(sys, "argv", argv)
        patch.setattr(sys, "excepthook", sys.excepthook)
        patch.setattr(logging.getLogger("fpcore"), "handlers", [])
        patch.chdir(cwd)
        with pytest.raises(SystemExit) as stop:
            command()
    code = stop.value.code or 0
    assert isinstance(code, int)
    return subprocess.CompletedProcess(argv, code, *map(_written, streams[1:]))


def _written(stream: io.TextIOWrapper[io.BytesIO]) -> str:
    stream.flush()
    return stream.buffer.getvalue().decode()


def fpcore(*arguments: object, cwd: Path, **more: Any) -> subprocess.CompletedProcess[str]:
    """Run the command to its end in this process; ``more`` as for `called`."""
    return called(main, *arguments, cwd=cwd, **more)


def fpcore_process(
    *arguments: object,
    cwd: Path,
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
    prepare: Callable[[], None] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run the command to its end as a process.

    ``prepare`` is called in it before it starts. Without it the process is forked, see `warm`.
    """
    python = warm.python() if prepare is None else sys.executable
    done = subprocess.run(
        [python, "-m", "fpcore", *map(str, arguments)],
        input=stdin,
        capture_output=True,
        cwd=cwd,
        env=environment(env),
        timeout=TIMEOUT_S,
        preexec_fn=prepare,
        check=False,
    )
    out, err = done.stdout.decode(), done.stderr.decode()
    return subprocess.CompletedProcess(done.args, done.returncode, out, err)


def start(*arguments: object, cwd: Path) -> subprocess.Popen[str]:
    """Start the command in a process group of its own, its answers on pipes."""
    return subprocess.Popen(
        [sys.executable, "-m", "fpcore", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd,
        env=environment(),
        start_new_session=True,
    )


def answer(*arguments: object, cwd: Path, code: int = 0, **more: Any) -> Any:
    """Return the JSON document that the command answers, having ended with ``code``."""
    done = fpcore(*arguments, "--json", cwd=cwd, **more)
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


def lines_of_json(text: str) -> list[Any]:
    """Return the documents of JSON Lines."""
    return [json.loads(line) for line in text.splitlines()]


def complaints(done: subprocess.CompletedProcess[str]) -> list[str]:
    """Return the lines on standard error, each of which must be a sentence for the user."""
    lines = done.stderr.splitlines()
    assert all(line.startswith("fpcore: ") for line in lines), done.stderr
    return lines


def complaint(done: subprocess.CompletedProcess[str], *parts: str, code: int = 1) -> str:
    """Return the only complaint, which must name all of ``parts``, of a command that failed."""
    assert done.returncode == code, (done.stdout, done.stderr)
    (line,) = complaints(done)
    for part in parts:
        assert part in line
    return line


def without_privileges() -> None:
    """Let file modes count for root too: run as ``prepare`` of a child that is about to start."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        for capability in (_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH):
            if libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0):
                raise OSError(ctypes.get_errno(), "the capability cannot be given up")


def assert_whole(folder: Path, n_songs: int, *database: object) -> None:
    """Assert that the database is whole and holds as many songs as before."""
    assert answer("check", "--full", *database, cwd=folder)["ok"]
    assert answer("songs", *database, cwd=folder)["total"] == n_songs
