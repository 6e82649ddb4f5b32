"""Guard: a program ends when its standard input does, and no process is left of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
WAITING = "import signal; print('here', flush=True); signal.pause()"
DEAF = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {WAITING}"
IMPATIENT = (
    "import sys; from clients.desktop import guard; guard.STOP_S = 0.1; guard.main('program')"
)


def guarded(folder: Path, code: str, *how: str) -> subprocess.Popen[str]:
    (folder / "program.py").write_text(code)
    return subprocess.Popen(
        [sys.executable, *(how or ("-m", "clients.desktop.guard", "program"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)])},
    )


def test_a_program_ends_with_its_input(tmp_path: Path) -> None:
    with guarded(tmp_path, WAITING) as process:
        assert process.stdout is not None and process.stdin is not None
        assert process.stdout.readline() == "here\n"
        process.stdin.close()
        assert process.stdout.read() == ""
        assert process.wait(60) != 0


def test_a_program_that_does_not_stop_is_killed(tmp_path: Path) -> None:
    with guarded(tmp_path, DEAF, "-c", IMPATIENT) as process:
        assert process.stdout is not None and process.stdin is not None
        assert process.stdout.readline() == "here\n"
        process.stdin.close()
        assert process.stdout.read() == ""
        assert process.wait(60) != 0


def test_nothing_is_left_when_the_guard_is_killed(tmp_path: Path) -> None:
    with guarded(tmp_path, WAITING) as process:
        assert process.stdout is not None and process.stdin is not None
        assert process.stdout.readline() == "here\n"
        process.kill()
        assert process.stdout.read() == ""  # a process that was left would have it open


def test_a_program_is_the_main_one_and_its_exit_code_is_told(tmp_path: Path) -> None:
    code = "import sys; sys.exit(7 if __name__ == '__main__' and sys.argv == [__file__] else 1)"
    with guarded(tmp_path, code) as process:
        assert process.wait(60) == 7
