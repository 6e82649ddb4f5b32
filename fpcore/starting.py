"""Start of a command: who interrupts it while it loads its modules wants no traceback.

A program first lets `end_quietly` act, then imports its commands. `as_ctrl_c` takes over when
these run.
"""

from __future__ import annotations

import os
import signal
from types import FrameType
from typing import NoReturn

EXIT_INTERRUPTED = 130


def end_quietly() -> None:
    """Let Ctrl-C and SIGTERM end this process at once: nothing has been begun yet."""
    _take(signal.SIGINT, _end, instead_of=signal.default_int_handler)
    _take(signal.SIGTERM, _end, instead_of=signal.SIG_DFL)


def as_ctrl_c() -> None:
    """Let what `end_quietly` took raise `KeyboardInterrupt`, so that work is ended in order."""
    _take(signal.SIGINT, signal.default_int_handler, instead_of=_end)
    _take(signal.SIGTERM, signal.default_int_handler, instead_of=_end)


def _end(number: int, frame: FrameType | None) -> NoReturn:
    os._exit(EXIT_INTERRUPTED)


def _take(number: signal.Signals, action: object, *, instead_of: object) -> None:
    """Take a signal, unless it is ignored (`nohup`) or taken by whoever started us."""
    if signal.getsignal(number) == instead_of:
        signal.signal(number, action)  # type: ignore[arg-type]
