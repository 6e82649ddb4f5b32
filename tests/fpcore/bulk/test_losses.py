"""A lost worker is blamed on the file only where the decoder crashed on it."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fpcore.bulk.losses import NO_GUARD, WorkerError, lost

SCRIPT = """
from pathlib import Path
from fpcore.bulk.worker_pool import WorkerPool, done_alone
from fpcore.bulk.losses import WorkerError, lost

try:
    future = done_alone(len, "abc", preload="fpcore.bulk.losses")
    error = future.exception()
    print(future.result() if error is None else lost("song.wav", error.exit_code))
except WorkerError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (signal.SIGSEGV, r"^song\.wav: the decoder crashed on it: the file is damaged$"),
        (signal.SIGABRT, "the file is damaged"),
        (
            signal.SIGXCPU,
            r"^song\.wav: its worker was ended, .* processor time .*: raise",
        ),
        (signal.SIGTERM, r"^song\.wav: its worker was killed from outside, .* fewer --jobs$"),
    ],
)
def test_the_signal_tells_who_is_to_blame(number: signal.Signals, sentence: str) -> None:
    assert re.search(sentence, str(lost("song.wav", -number)))


def test_a_worker_that_was_killed_under_a_limit_of_processor_time_names_the_limit() -> None:
    assert "killed from outside" in str(lost("song.wav", -signal.SIGKILL))
    before = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (100_000, before[1]))
    try:
        assert "the limit of 100000 s of processor time" in str(lost("song.wav", -signal.SIGKILL))
    finally:
        resource.setrlimit(resource.RLIMIT_CPU, before)


def test_a_worker_that_crashed_under_a_limit_of_memory_does_not_blame_the_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("fpcore.bulk.losses.memory_limit_bytes", lambda: 600_000_000)
    said = str(lost("song.wav", -signal.SIGABRT))
    assert said.startswith("song.wav: its worker crashed, most likely for want of memory within")
    assert "the limit of 600 MB (ulimit -v): raise it" in said


def test_workers_that_end_by_themselves_end_the_work() -> None:
    with pytest.raises(WorkerError, match="ended by itself with exit code 1 before"):
        lost("song.wav", 1)
    with pytest.raises(WorkerError, match="__main__"):
        lost("song.wav", NO_GUARD)


def run(*command: str, stdin: str = "") -> str:
    """Return what a program printed, its errors too."""
    return subprocess.run(
        [sys.executable, *command],
        env={**os.environ, "PYTHONPATH": os.getcwd()},
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
    ).stdout


def test_a_script_without_a_main_guard_and_one_on_standard_input_are_told_what_to_change(
    tmp_path: Path,
) -> None:
    file = tmp_path / "script.py"
    file.write_text(SCRIPT)
    assert run(str(file)) == (
        "worker processes import the script that starts them, which would start others: put its "
        'work under `if __name__ == "__main__":`\n'
    )
    said = run(stdin=SCRIPT)
    assert said.startswith("worker processes cannot import the program <stdin>: save it as a file")
    assert said.count("\n") == 1
    work = "\n".join(f"    {line}" for line in SCRIPT.splitlines())
    file.write_text(f'if __name__ == "__main__":\n{work}\n')
    assert run(str(file)) == run("-c", SCRIPT) == "3\n"
