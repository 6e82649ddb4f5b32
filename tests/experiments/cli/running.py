"""The command ``fpbench``, in this process where that shows the same, or in one of its own.

A process of its own is needed to be interrupted, and by commands that run notebooks: papermill
leaves sockets behind.
"""

from __future__ import annotations

import io
import logging
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from experiments.cli import main
from fpcore.cli.output import speak_as
from tests import warm

PROGRAM = "import sys; sys.argv[0] = 'fpbench'; from experiments.cli import main; main()"
COLUMNS = "200"

Done = subprocess.CompletedProcess[str]


def command(*arguments: object) -> list[str]:
    """Return what starts the command as a process."""
    return [sys.executable, "-c", PROGRAM, *map(str, arguments)]


def environment(**changes: str) -> dict[str, str]:
    """Return the environment that the command is started in."""
    return {**os.environ, "PYTHONPATH": os.getcwd(), "COLUMNS": COLUMNS, **changes}


def fpbench_process(*arguments: object, cwd: Path | None = None, **changes: str) -> Done:
    """Run the command as a process of its own, it and its notebook's kernel forked."""
    return subprocess.run(
        [warm.python(), *command(*arguments)[1:]],
        cwd=cwd,
        env=environment(**warm.with_warm_kernels(), **changes),
        capture_output=True,
        text=True,
        check=False,
    )


def fpbench(*arguments: object) -> Done:
    """Run the command in this process, which saves the start of another one."""
    told, complained = _stream(), _stream()
    logger = logging.getLogger("fpcore")
    handlers = list(logger.handlers)
    with (
        pytest.MonkeyPatch.context() as patch,
        redirect_stdout(told),
        redirect_stderr(complained),
        pytest.raises(SystemExit) as stop,
    ):
        patch.setattr(sys, "argv", ["fpbench", *map(str, arguments)])
        patch.setenv("COLUMNS", COLUMNS)
        main()
    logger.handlers[:] = handlers
    speak_as("fpcore")
    assert isinstance(stop.value.code, int)
    given = command(*arguments)
    return subprocess.CompletedProcess(given, stop.value.code, _text(told), _text(complained))


def _stream() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    stream.seek(0)
    return stream.read()


def is_one_line(text: str) -> bool:
    """Whether a complaint is one sentence for the user."""
    return text.startswith("fpbench: ") and text.count("\n") == 1
