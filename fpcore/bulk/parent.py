"""End of a worker process with the process that it works for, however that ends.

A process that is killed tells its workers nothing: those would wait for it, some for minutes. So
each worker watches it. (Linux can also send a signal at that moment, but to a worker that is
started by a thread it comes when that thread ends.)
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable
from time import sleep

LOOK_EVERY_S = 0.5
"""How often a worker looks whether its parent is there: whole seconds would be noticed."""


def end_with(parent_id: int) -> None:
    """Let this process end, at once, when its parent has ended; called at the worker's start.

    Parameters
    ----------
    parent_id : int
        Id of the process that started this one, which may have ended by now.
    """
    end_after(lambda: _wait_for_end(parent_id))


def end_with_parent() -> None:
    """Let this process, which `multiprocessing` started, end at once when its parent has ended."""
    parent = multiprocessing.parent_process()
    if parent is None:
        raise RuntimeError("multiprocessing did not start this process")
    end_after(parent.join)


def end_after(wait: Callable[[], object]) -> None:
    """Let this process end, at once, when ``wait`` returns; it is called in a thread."""
    threading.Thread(target=_end, args=(wait,), daemon=True).start()


def _end(wait: Callable[[], object]) -> None:
    wait()
    os._exit(1)


def _wait_for_end(parent_id: int) -> None:
    # A process whose parent has ended is given another one.
    while os.getppid() == parent_id:
        sleep(LOOK_EVERY_S)
