"""Processes that each run one system: one request at a time, started anew after a death.

Times are of the process alone: seconds on the clock, and seconds of processor time, which
other work on the machine does not prolong.
"""

from __future__ import annotations

import resource
import signal
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from time import perf_counter, process_time
from types import TracebackType
from typing import Self, TypeVar

from experiments.errors import RunError
from experiments.studies.peers.contract import Answer, Spec, System
from experiments.workers import own_process
from fpcore.bulk.parent import end_with_parent

ResultT = TypeVar("ResultT")

PATIENCE_S = 900.0
"""Seconds; a request that takes longer counts as the death of the system."""


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds that something took, on the clock and of the processor."""

    wall_s: float
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Learn:
    """A request to decode a file and add it to the index under a name."""

    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class Learned:
    """The reply to `Learn`: a song was added."""

    decode: Spent
    learn: Spent


@dataclass(frozen=True, slots=True)
class Save:
    """A request to put everything learned on the disk."""


@dataclass(frozen=True, slots=True)
class Saved:
    """The reply to `Save`: the index is on the disk."""

    n_postings: int
    save: Spent


@dataclass(frozen=True, slots=True)
class Ask:
    """A request to recognise the recording in a file."""

    path: Path


@dataclass(frozen=True, slots=True)
class Asked:
    """The reply to `Ask`; ``memory_bytes`` is the most that the process has held so far."""

    answer: Answer
    ask: Spent
    memory_bytes: int


@dataclass(frozen=True, slots=True)
class Died:
    """The reply in place of a system that died, with the reason as far as it is known."""

    reason: str


@dataclass(frozen=True, slots=True)
class _Ready:
    songs: frozenset[str]


Request = Learn | Save | Ask
Reply = Learned | Saved | Asked | Died


class SystemProcess:
    """A system that answers requests; after a death the next request finds it restarted.

    Use it as a context manager. ``songs`` are the names of the songs that it knows.

    Parameters
    ----------
    spec : Spec
        The system; it must be possible to pickle it.
    folder : Path
        Where the system keeps its files.
    patience_s : float, above 0, optional
        Seconds that a request may take; opening the index may take `PATIENCE_S`.

    Raises
    ------
    RunError
        On entering, when the system cannot be started.
    """

    def __init__(self, spec: Spec, folder: Path, *, patience_s: float = PATIENCE_S) -> None:
        self.spec = spec
        self.folder = folder
        self.songs: frozenset[str] = frozenset()
        self._patience_s = patience_s
        self._running: _Running | None = None

    def __enter__(self) -> Self:
        self._restart()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._running is not None:
            self._running.end(kill=error is not None)
            self._running = None

    def request(self, request: Request) -> Reply:
        """Return what the system replies, or that it died.

        Raises
        ------
        RunError
            When a system that died cannot be started again.
        """
        if self._running is None:
            raise RuntimeError("the process was not started: use it as a context manager")
        reply = self._running.exchange(request, self._patience_s)
        if isinstance(reply, _Ready):
            raise RuntimeError("the process said twice that it is ready")
        if isinstance(reply, Died):
            self._running.end(kill=True)
            self._restart()
        elif isinstance(request, Learn):
            self.songs |= {request.name}
        return reply

    def _restart(self) -> None:
        self._running = None
        running = _Running(self.spec, self.folder)
        ready = running.exchange(None, PATIENCE_S)
        if not isinstance(ready, _Ready):
            running.end(kill=True)
            reason = ready.reason if isinstance(ready, Died) else "it does not say that it is ready"
            raise RunError(f"{self.spec.name} cannot be started: {reason}")
        self._running, self.songs = running, ready.songs


class _Running:
    """One life of the process."""

    def __init__(self, spec: Spec, folder: Path) -> None:
        context = own_process()
        self._connection, theirs = context.Pipe()
        self._process: BaseProcess = context.Process(  # type: ignore[attr-defined]
            target=_serve, args=(theirs, spec, folder), daemon=True
        )
        # Ctrl-C is for this side to act upon; a process inherits what is ignored.
        acting = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            self._process.start()
        finally:
            signal.signal(signal.SIGINT, acting)
        theirs.close()  # so that its death closes the pipe

    def exchange(self, request: Request | None, patience_s: float) -> Reply | _Ready:
        """Send a request, if there is one, and return the next reply."""
        try:
            if request is not None:
                self._connection.send(request)
            if not self._connection.poll(patience_s):
                return Died(f"no reply within {patience_s:g} s")
            reply: Reply | _Ready = self._connection.recv()
        except (EOFError, OSError):
            self._process.join()
            return Died(_cause(self._process.exitcode))
        return reply

    def end(self, *, kill: bool) -> None:
        """End the process: kill it, or let it close its index first."""
        if kill:
            self._process.kill()
        self._connection.close()
        self._process.join()


def _cause(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        return f"killed by {signal.Signals(-exit_code).name}"
    return f"its process ended with exit code {exit_code}"


def _serve(connection: Connection, spec: Spec, folder: Path) -> None:
    """Answer requests until the other side closes; what goes wrong ends the process."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    end_with_parent()
    with threadpool_limits(limits=1):
        try:
            with closing(spec.open(folder)) as system:
                system.warm_up()
                connection.send(_Ready(system.songs()))
                while True:
                    connection.send(_reply(system, connection.recv()))
        except (EOFError, BrokenPipeError):
            return  # nobody listens any more
        except Exception as error:
            connection.send(Died(f"{type(error).__name__}: {error}"))


def _reply(system: System, request: Request) -> Reply:
    match request:
        case Learn(name, path):
            samples, decode = _timed(lambda: system.decode(path))
            _, learn = _timed(lambda: system.learn(name, samples))
            return Learned(decode, learn)
        case Save():
            n_postings, save = _timed(system.save)
            return Saved(n_postings, save)
        case Ask(path):
            answer, ask = _timed(lambda: system.ask(path))
            return Asked(answer, ask, _peak_memory_bytes())


def _timed(action: Callable[[], ResultT]) -> tuple[ResultT, Spent]:
    started, started_cpu = perf_counter(), process_time()
    result = action()
    return result, Spent(perf_counter() - started, process_time() - started_cpu)


def _peak_memory_bytes() -> int:
    """Return the most memory that this process has held.

    On Linux, what getrusage says includes the process that started this one.
    """
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return 1024 * int(line.split()[1])
    except OSError:
        pass
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak
