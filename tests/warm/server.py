"""Fork processes of Python from this one, which has loaded what they need.

Each client sends one line of JSON and its three streams; every byte that follows is a signal for
its process. It is answered by the status with which the process ended. A client that is gone
takes its process along.
"""

from __future__ import annotations

import array
import gc
import json
import os
import runpy
import selectors
import signal
import socket
import sys
import tempfile
import warnings
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

LOOK_EVERY_S = 1.0
MESSAGE_BYTES = 1 << 20
STREAMS = ("stdin", "stdout", "stderr")


@dataclass(frozen=True)
class Asked:
    """What a client asks for: the arguments of Python, and where and how it runs."""

    arguments: list[str]
    folder: str
    variables: dict[str, str]


def load() -> None:
    """Import what commands, kernels and the service need, and load the compiled code."""
    import sklearn.model_selection  # noqa: F401

    import api.app
    import api.server  # noqa: F401
    import experiments.cli
    import experiments.report
    import experiments.sweeps.promotion
    import experiments.sweeps.runner  # noqa: F401
    from experiments.sweeps.notebook import load_papermill
    from tests import precompile

    load_papermill()
    precompile.main()


class Server:
    """Keeps a connection to the client of each process that it forked."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._clients: dict[int, socket.socket] = {}
        self._news, told = socket.socketpair()
        for end in (self._news, told):
            end.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(told.fileno())
        self._told = told
        self._selector = selectors.DefaultSelector()
        self._selector.register(listener, selectors.EVENT_READ)
        self._selector.register(self._news, selectors.EVENT_READ)

    def serve(self, folder: Path, owner: int) -> Asked | None:
        """Fork for clients as long as the folder and the process are there that all is for.

        A forked process returns at once, with what it is asked for.
        """
        while folder.exists() and psutil.pid_exists(owner):
            for key, _ in self._selector.select(LOOK_EVERY_S):
                if key.fileobj is self._listener:
                    client, _ = self._listener.accept()
                    if (received := _received(client)) and self._forked(client, received[1]):
                        return received[0]
                elif key.fileobj is self._news:
                    self._news.recv(4096)
                else:
                    self._pass_on(key.data)
            self._reap()
        for pid in self._clients:
            os.kill(pid, signal.SIGKILL)
        return None

    def _forked(self, client: socket.socket, streams: array.array[int]) -> bool:
        """Fork a process with these streams, and return whether it is this one."""
        pid = os.fork()
        if pid == 0:
            self._leave(client)
            for number, stream in enumerate(streams):
                os.dup2(stream, number)
        for stream in streams:
            os.close(stream)
        if pid != 0:
            self._clients[pid] = client
            self._selector.register(client, selectors.EVENT_READ, pid)
        return pid == 0

    def _leave(self, client: socket.socket) -> None:
        """Keep nothing of the server in a process that was forked from it."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._selector.close()
        for one in (self._listener, self._news, self._told, client, *self._clients.values()):
            one.close()

    def _pass_on(self, pid: int) -> None:
        try:
            numbers = self._clients[pid].recv(16)
        except ConnectionError:
            numbers = b""
        for number in numbers or bytes([signal.SIGKILL]):
            os.kill(pid, number)
        if not numbers:
            self._selector.unregister(self._clients[pid])

    def _reap(self) -> None:
        for pid in list(self._clients):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                client = self._clients.pop(pid)
                with suppress(KeyError):
                    self._selector.unregister(client)
                with suppress(OSError):
                    client.sendall(str(status).encode())
                client.close()


def _received(client: socket.socket) -> tuple[Asked, array.array[int]] | None:
    """Return what a client asks for and its streams; nothing of one that is gone already."""
    streams: array.array[int] = array.array("i")
    space = socket.CMSG_SPACE(len(STREAMS) * streams.itemsize)
    message, extra, _, _ = client.recvmsg(MESSAGE_BYTES, space)
    for _, _, sent in extra:
        streams.frombytes(sent)
    while not message.endswith(b"\n"):
        more = client.recv(MESSAGE_BYTES)
        if not more:
            return None
        message += more
    return Asked(**json.loads(message)), streams


def _take_over(asked: Asked) -> None:
    """Make this process, which was just forked, the one that is asked for."""
    os.setsid()
    _open_streams()
    os.environ.clear()
    os.environ.update(asked.variables)
    os.chdir(asked.folder)
    tempfile.tempdir = None  # the variables may name another one
    if "MPLBACKEND" in os.environ:  # Matplotlib reads it when it is imported
        import matplotlib

        matplotlib.rcParams["backend"] = os.environ["MPLBACKEND"]
    for choice in filter(None, os.environ.get("PYTHONWARNINGS", "").split(",")):
        action, message, *_ = f"{choice}:".split(":")
        warnings.filterwarnings(action, message=message)  # type: ignore[arg-type]


def _open_streams() -> None:
    for number, name in enumerate(STREAMS):
        stream: Any = open(  # noqa: SIM115, it is open as long as the process lives
            number,
            "w" if number else "r",
            buffering=1 if name == "stderr" else -1,
            encoding="utf-8",
            errors="backslashreplace" if name == "stderr" else None,
            closefd=False,
        )
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _run(asked: Asked) -> None:
    """Run what Python's arguments ``-m module …`` or ``-c code …`` say."""
    kind, program, *arguments = asked.arguments
    sys.orig_argv[:] = [sys.executable, *asked.arguments]
    sys.argv[:] = [program if kind == "-m" else kind, *arguments]
    if kind == "-m":
        sys.path[0] = asked.folder
        runpy.run_module(program, run_name="__main__", alter_sys=True)
    else:
        assert kind == "-c"
        sys.path[0] = ""
        exec(compile(program, "<string>", "exec"), _main_module())


def _main_module() -> dict[str, Any]:
    """Return the names of a fresh main module."""
    names = vars(sys.modules["__main__"])
    for name in [name for name in names if not name.startswith("__")]:
        del names[name]
    names["__spec__"] = None
    names.pop("__file__", None)
    return names


def main() -> None:
    """Serve in the folder and for the process that the arguments name, in the background.

    Forked processes return here, and run what they are asked for.
    """
    folder, owner = Path(sys.argv[1]), int(sys.argv[2])
    load()
    gc.freeze()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(folder / "opening"))
    listener.listen(64)
    (folder / "opening").rename(folder / "socket")
    if os.fork() != 0:
        os._exit(0)
    asked = Server(listener).serve(folder, owner)
    if asked is not None:
        _take_over(asked)
        _run(asked)


if __name__ == "__main__":
    main()
