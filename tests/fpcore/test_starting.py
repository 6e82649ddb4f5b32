"""A command that is interrupted while it loads its modules says nothing of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

STARTS = """
import signal, sys, time
from fpcore import starting
if "deaf" in sys.argv:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
starting.end_quietly()
print("loading", flush=True)
try:
    if "runs" in sys.argv:
        starting.as_ctrl_c()
        print("running", flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    print("ended in order", flush=True)
"""


def interrupted(number: signal.Signals, *states: str) -> tuple[int, str]:
    """Return the exit code and what was printed by a program that got a signal."""
    process = subprocess.Popen(
        [sys.executable, "-c", STARTS, *states],
        env={**os.environ, "PYTHONPATH": os.getcwd()},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    said = "".join(process.stdout.readline() for _ in range(2 if "runs" in states else 1))
    process.send_signal(number)
    if "deaf" in states:
        process.kill()
    said += process.stdout.read()
    process.stdout.close()
    return process.wait(), said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_program_that_loads_ends_at_once_and_one_that_runs_in_order(
    number: signal.Signals,
) -> None:
    assert interrupted(number, "loads") == (130, "loading\n")
    assert interrupted(number, "runs") == (0, "loading\nrunning\nended in order\n")


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    ended = interrupted(signal.SIGINT, "runs", "deaf")
    assert ended == (-signal.SIGKILL, "loading\nrunning\n")
