"""A forked process is taken for one that Python started: streams, variables, folder, ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests import warm

TELL = """
import json, os, sys
print(json.dumps([sys.argv, os.getcwd(), os.environ["GIVEN"], sys.stdin.read(), __name__]))
print("complaint", file=sys.stderr)
sys.exit(3)
"""
REST = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"


@pytest.mark.parametrize("kind", ["-c", "-m"])
def test_it_does_and_answers_what_python_does(kind: str, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(TELL)
    program = {"-c": TELL, "-m": "program"}[kind]
    done, expected = (
        subprocess.run(
            [python, kind, program, "1", "ä"],
            cwd=tmp_path,
            env={**os.environ, "GIVEN": "a\nb"},
            input="hello",
            capture_output=True,
            text=True,
            check=False,
        )
        for python in (warm.python(), sys.executable)
    )
    assert (done.returncode, done.stdout) == (3, expected.stdout)
    assert done.stderr == expected.stderr == "complaint\n"


def test_an_error_is_told_and_what_is_done_at_exit_is_done() -> None:
    code = "import atexit; atexit.register(print, 'end'); unknown"
    done = subprocess.run([warm.python(), "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "end\n")
    assert "NameError: name 'unknown' is not defined" in done.stderr


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, -signal.SIGINT), (signal.SIGTERM, -signal.SIGTERM)]
)
def test_a_signal_reaches_it(number: int, code: int) -> None:
    command = [warm.python(), "-c", REST]
    with subprocess.Popen(command, stdout=-1, stderr=-1, text=True) as process:
        assert process.stdout is not None
        assert int(process.stdout.readline()) != process.pid
        process.send_signal(number)
        _, complaint = process.communicate()
    assert process.returncode == code
    assert ("KeyboardInterrupt" in complaint) == (number == signal.SIGINT)


def test_it_is_killed_with_the_one_that_stands_for_it() -> None:
    with subprocess.Popen([warm.python(), "-c", REST], stdout=-1, text=True) as process:
        assert process.stdout is not None
        forked = psutil.Process(int(process.stdout.readline()))
        process.kill()
    forked.wait(timeout=30)


def test_compiled_code_and_libraries_are_loaded_already() -> None:
    code = "import sys; print({'papermill', 'scipy.stats', 'fpcore.library'} <= set(sys.modules))"
    assert subprocess.check_output([warm.python(), "-c", code], text=True) == "True\n"
