"""Programs whose workers rest, and what becomes of these when the program is killed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil

PATIENCE_S = 60.0


def rest(folder: str) -> None:
    """Leave the id of this process in a folder, and do nothing for long."""
    Path(folder, str(os.getpid())).touch()
    time.sleep(600)


def left_after_a_kill(program: str, folder: Path, *, n_workers: int) -> list[int]:
    """Return which workers still live a minute after their parent was killed.

    Parameters
    ----------
    program : str
        Python that has each of its workers `rest` in the folder that its argument names.
    folder : Path
        An empty folder.
    n_workers : int
        How many workers there are.
    """
    command = [sys.executable, "-c", program, str(folder)]
    parent = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": os.getcwd()})
    while len(list(folder.iterdir())) < n_workers and parent.poll() is None:
        time.sleep(0.05)
    workers = [int(path.name) for path in folder.iterdir()]
    assert len(workers) == n_workers
    assert all(map(_is_alive, workers))
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + PATIENCE_S
    while any(map(_is_alive, workers)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return [worker for worker in workers if _is_alive(worker)]


def _is_alive(process_id: int) -> bool:
    try:
        # One that has ended and that nobody has waited for is still listed.
        return psutil.Process(process_id).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
