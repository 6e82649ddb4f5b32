"""Losses of worker processes, and who is to blame: the file, a limit, or the program.

An exit code is that of `multiprocessing`: negative for the signal that ended the process.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from pathlib import Path

from fpcore.audio.sources import name_of
from fpcore.errors import AudioError, FpError
from fpcore.limits import memory_limit_bytes

NO_GUARD = 71
"""Exit code of a worker that would start workers of its own while it imports the script."""

_CRASHES = {signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGFPE, signal.SIGILL}


class WorkerError(FpError):
    """Worker processes cannot start."""


def check_can_start() -> None:
    """Refuse a program that workers cannot import, such as one on standard input.

    Raises
    ------
    WorkerError
        Then every worker would end with a traceback.
    """
    main = sys.modules["__main__"]
    file = getattr(main, "__file__", None)
    if file is not None and getattr(main, "__spec__", None) is None and not os.path.isfile(file):
        raise WorkerError(
            f"worker processes cannot import the program {file}: save it as a file, with its work "
            'under `if __name__ == "__main__":`, and run that'
        )


def lost(path: str | Path, exit_code: int | None) -> AudioError:
    """Return what to say of a file whose worker ended, alone with it, by that exit code.

    Raises
    ------
    WorkerError
        When the worker ended by itself: it could not start, and no other will.
    """
    if exit_code is not None and exit_code >= 0:
        raise cannot_start(exit_code)
    number = None if exit_code is None else -exit_code
    n_bytes = memory_limit_bytes()
    if number in _CRASHES and n_bytes is not None:
        return AudioError(
            f"{name_of(path)}: its worker crashed, most likely for want of memory within the limit "
            f"of {n_bytes // 10**6:,} MB (ulimit -v): raise it and give the same command again"
        )
    if number in _CRASHES:
        return AudioError(f"{name_of(path)}: the decoder crashed on it: the file is damaged")
    limit_s, _ = resource.getrlimit(resource.RLIMIT_CPU)
    if number == signal.SIGXCPU or (number == signal.SIGKILL and limit_s != resource.RLIM_INFINITY):
        return AudioError(
            f"{name_of(path)}: its worker was ended, most likely at the limit of {limit_s} s of "
            "processor time (ulimit -t): raise the limit and give the same command again"
        )
    return AudioError(
        f"{name_of(path)}: its worker was killed from outside, most often for want of memory: "
        "give the same command again, with fewer --jobs"
    )


def cannot_start(exit_code: int) -> WorkerError:
    """Return the error for workers that ended by themselves with that exit code."""
    if exit_code == NO_GUARD:
        return WorkerError(
            "worker processes import the script that starts them, which would start others: put "
            'its work under `if __name__ == "__main__":`'
        )
    return WorkerError(
        f"a worker process ended by itself with exit code {exit_code} before it did anything: "
        "what it printed says why"
    )
