"""Looking at the processes of a command from outside, and waiting for what they do."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tests.fpcore.cli.running import TIMEOUT_S


def processes_of_group(group: int) -> list[int]:
    """Return the ids of the running processes of a process group."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                state, _, process_group = (
                    (entry / "stat").read_text().rpartition(")")[2].split()[:3]
                )
                if int(process_group) == group and state != "Z":
                    found.append(int(entry.name))
    return found


def holders(process: int, path: Path) -> list[int]:
    """Return which of a process and its descendants have a file open."""
    holders = []
    family = [process]
    for one in family:
        with suppress(OSError):
            for task in Path(f"/proc/{one}/task").iterdir():
                family += map(int, (task / "children").read_text().split())
            for descriptor in Path(f"/proc/{one}/fd").iterdir():
                with suppress(OSError):
                    if os.readlink(descriptor) == str(path):
                        holders.append(one)
    return holders


def until(
    process: subprocess.Popen[str], condition: Callable[[], bool], *, look_every_s: float = 0.001
) -> bool:
    """Wait until ``condition`` holds; False when the process ended before.

    What takes long to look at is looked at more seldom, or it would take the processor from the
    process that is waited for.
    """
    while not condition():
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=look_every_s)
            return False
    return True


def wait_for_lines(process: subprocess.Popen[str], n_lines: int) -> list[str]:
    """Return the first ``n_lines`` of the answer, fewer when it ends before."""
    assert process.stdout is not None
    lines: list[str] = []
    while len(lines) < n_lines and (line := process.stdout.readline()):
        lines.append(line)
    return lines


def wait_for_end(process: int) -> None:
    """Wait until any process has ended, a child or not."""
    with suppress(ProcessLookupError):
        watched = os.pidfd_open(process)
        select.select([watched], [], [])
        os.close(watched)


def kill(process: subprocess.Popen[str], *, with_workers: bool) -> None:
    """Kill a command, alone or with its workers; it may have ended by itself just before."""
    if with_workers:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()  # it looks itself whether there is a process left


def finish(process: subprocess.Popen[str], lines: list[str]) -> tuple[list[str], str]:
    """Return all lines of the answer, after those read already, and the complaints.

    The answer ends when no process holds the pipe any more, and then none of them may be left:
    workers that outlive the command would keep this waiting until they are killed.
    """
    assert process.stdout is not None and process.stderr is not None
    late = threading.Event()

    def give_up() -> None:
        late.set()
        kill(process, with_workers=True)

    timer = threading.Timer(TIMEOUT_S, give_up)
    timer.start()
    try:
        with process:
            everything = [*lines, *process.stdout]
            errors = process.stderr.read()
        for one in processes_of_group(process.pid):  # it closes files a little before its end
            wait_for_end(one)
    finally:
        timer.cancel()
    assert not late.is_set()
    assert processes_of_group(process.pid) == []
    return everything, errors
