"""Guard of the local service: ``python -m clients.desktop.guard MODULE``.

It runs a module as a program, until its own standard input ends, which happens however the window
ends: closed, killed, or with the machine's session. The program is then told to stop, and killed if
it does not. Both are one process, so that none can be killed without the other.
"""

from __future__ import annotations

import contextlib
import os
import runpy
import signal
import sys
import threading

STOP_S = 5.0
"""Seconds in which the program has to stop by itself."""


def main(module: str) -> None:
    """Run a module until standard input ends, or it ends itself."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the window, which closes the input
    ended = threading.Event()
    threading.Thread(target=_stop_at_end_of_input, args=(ended,), daemon=True).start()
    sys.argv = [module]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        ended.set()


def _stop_at_end_of_input(ended: threading.Event) -> None:
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    os.kill(os.getpid(), signal.SIGTERM)
    if not ended.wait(STOP_S):
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(sys.argv[1])
