"""Interrupts: Ctrl-C held back while it would leave something half-made."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker


@contextmanager
def held_back() -> Iterator[None]:
    """Let Ctrl-C come through only at the end, and never to a process that is started inside."""
    resource_tracker.ensure_running()  # its start would let the signal through again
    with _only_noted():
        # A new process inherits the mask of this thread. Other threads still take the signal,
        # and then Python tells the main thread of it.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)


@contextmanager
def _only_noted() -> Iterator[None]:
    """Note in the main thread that the signal came, and raise it again at the end."""
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or before is None:
        yield
        return
    came: list[int] = []
    signal.signal(signal.SIGINT, lambda number, frame: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if came:
            signal.raise_signal(signal.SIGINT)
