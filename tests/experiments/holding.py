"""A run that another process runs into, as the commands find it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from experiments.results.run_folder import RunFolder

HOLD = """
import sys
from experiments.results.run_folder import run_folder
with run_folder(sys.argv[1]).locked():
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def held(run: RunFolder) -> Iterator[subprocess.Popen[str]]:
    """Let another process run into a folder while inside; it is killed at the end."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(run.path)],
        env={**os.environ, "PYTHONPATH": os.getcwd()},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()
