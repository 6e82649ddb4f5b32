"""Guard of the local service: ``python -m clients.desktop.guard COMMAND...``.

It runs a command until its own standard input ends, which happens however the window ends: closed,
killed, or with the machine's session. The command is then told to stop, and killed if it does not.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading

STOP_S = 5.0
"""Seconds in which the command has to stop by itself."""


def main(command: list[str]) -> int:
    """Run a command until standard input ends, or it ends itself; return its exit code."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the window, which closes the input
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    watching = threading.Thread(target=_stop_at_end_of_input, args=(child,), daemon=True)
    watching.start()
    return child.wait()


def _stop_at_end_of_input(child: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    child.terminate()
    try:
        child.wait(STOP_S)
    except subprocess.TimeoutExpired:
        child.kill()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
