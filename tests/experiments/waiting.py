"""Waiting for what a process does, without taking the processor from it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from contextlib import suppress

LOOK_EVERY_S = 0.02


def wait_until(happened: Callable[[], object], process: subprocess.Popen[str]) -> None:
    """Return as soon as something has happened, or the process has ended."""
    while process.poll() is None and not happened():
        with suppress(subprocess.TimeoutExpired):
            process.wait(LOOK_EVERY_S)
