"""Guard: a command ends when the input of its guard does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
WAITING = "import signal, sys; print('here', flush=True); signal.pause()"


def guarded(code: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "clients.desktop.guard", sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def test_a_command_ends_with_the_input_of_its_guard() -> None:
    with guarded(WAITING) as process:
        assert process.stdout is not None and process.stdin is not None
        assert process.stdout.readline() == "here\n"
        process.stdin.close()
        assert process.stdout.read() == ""  # the command had it open, too
        assert process.wait(60) != 0


def test_the_exit_code_of_a_command_is_that_of_its_guard() -> None:
    with guarded("import sys; sys.exit(7)") as process:
        assert process.wait(60) == 7
