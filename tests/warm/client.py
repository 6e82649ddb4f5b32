"""Stand in for a process of Python: its arguments, folder, variables and streams go to a server.

Signals are passed on, the end of the process is the end of this one, and it is killed with this
one. It runs without the packages of the environment.
"""

from __future__ import annotations

import array
import json
import os
import signal
import socket
import sys
from pathlib import Path
from types import FrameType

PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)


def main() -> None:
    """Ask for a process and wait for its end."""
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(str(Path(__file__).with_name("socket")))
        asked = {"arguments": sys.argv[1:], "folder": os.getcwd(), "variables": dict(os.environ)}
        streams = array.array("i", (0, 1, 2))
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, streams)]
        message = json.dumps(asked).encode() + b"\n"
        server.sendall(message[server.sendmsg([message], rights) :])

        def pass_on(number: int, _frame: FrameType | None) -> None:
            server.sendall(bytes([number]))

        for number in PASSED_ON:
            signal.signal(number, pass_on)
        ended = server.recv(16)
    _end(os.waitstatus_to_exitcode(int(ended)) if ended else 1)


def _end(code: int) -> None:
    if code < 0:
        if -code != signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


if __name__ == "__main__":
    main()
