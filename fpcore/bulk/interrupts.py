"""Interrupts: Ctrl-C, and SIGTERM taken for it, held back while they would leave a thing half-made.

`fpcore.starting` lets commands take SIGTERM for Ctrl-C.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
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
    """Note in the main thread which signals came, and raise them again at the end."""
    taken = dict(_taken())
    came: list[int] = []
    for number in taken:
        signal.signal(number, lambda number, frame: came.append(number))
    try:
        yield
    finally:
        for number, action in taken.items():
            signal.signal(number, action)
        for one in dict.fromkeys(came):
            signal.raise_signal(one)


def _taken() -> Iterator[tuple[signal.Signals, Callable[..., object]]]:
    """Yield the signals that this thread takes by a function, and that."""
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            action = signal.getsignal(number)
            if callable(action):
                yield number, action
