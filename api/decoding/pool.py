"""Pool of warm processes for the jobs of `api.decoding.jobs`, each replaced when it is lost.

A process is lost when it crashes, is killed, or takes longer than the wall limit and is killed
for it. The request that it worked for is told so; no other request notices.
"""

from __future__ import annotations

import logging
import multiprocessing
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from queue import SimpleQueue
from typing import TypeVar

from anyio import CapacityLimiter, to_thread

from api.decoding import jobs
from api.decoding.turns import Turns
from api.errors import RefusedError, busy
from fpcore.errors import AudioError, FpError

logger = logging.getLogger(__name__)

AnswerT = TypeVar("AnswerT")

_STOP_S = 5.0
"""How long an idle process may take to notice that its connection was closed."""

_process_lock = threading.Lock()
"""Held while a process is started or its end is looked up: multiprocessing shares one table."""


class DecodePool:
    """A number of processes, and a queue of jobs for them.

    Parameters
    ----------
    n_workers : int
        Processes, at least 1.
    task : Task
        What all jobs share.
    on_loss : callable
        Called without arguments for each process that is lost, in the thread that finds it so.
    """

    def __init__(
        self, n_workers: int, task: jobs.Task, *, on_loss: Callable[[], None] = lambda: None
    ) -> None:
        self._limiter = CapacityLimiter(n_workers)
        self._turns = Turns(n_workers)
        self._workers = [Worker(number, task, on_loss) for number in range(n_workers)]
        self._idle: SimpleQueue[Worker] = SimpleQueue()

    def process_ids(self) -> list[int]:
        """Return the ids of the processes that are alive."""
        return [pid for worker in self._workers if (pid := worker.process_id) is not None]

    def start(self) -> None:
        """Start all processes; returns before they are warm."""
        for worker in self._workers:
            worker.start()
            self._idle.put(worker)

    async def run(
        self, job: jobs.Job[AnswerT], client: str = "", on_turn: Callable[[], None] = lambda: None
    ) -> AnswerT:
        """Return the answer of a job, when it is its turn.

        Parameters
        ----------
        job : Job
            What is to be done.
        client : str
            Who asked for it: see `api.decoding.turns`.
        on_turn : callable
            Called without arguments when the job begins; it ends by itself from then on.

        Raises
        ------
        AudioError
            When the file is at fault, also when decoding it exceeds a limit or crashes.
        RefusedError
            When the process was killed from outside, or none can be started: status 503.
        FpError
            When the process fails for a reason that is not in the file: status 500.
        """
        async with self._turns.turn(client):
            on_turn()
            return await to_thread.run_sync(self._run, job, limiter=self._limiter)

    def _run(self, job: jobs.Job[AnswerT]) -> AnswerT:
        worker = self._idle.get()
        try:
            return worker.run(job)
        finally:
            self._idle.put(worker)

    def close(self) -> None:
        """End all processes; call it when no job is left."""
        for worker in self._workers:
            worker.stop()


class Worker:
    """One process at a time, used by one thread at a time.

    Parameters
    ----------
    number : int
        Tells the processes apart by their names, from 0.
    task : Task
        What all jobs share.
    on_loss : callable
        Called without arguments for each process that is lost.
    """

    def __init__(self, number: int, task: jobs.Task, on_loss: Callable[[], None]) -> None:
        self._on_loss = on_loss
        self._number = number
        self._task = task
        self._process: BaseProcess | None = None
        self._connection: Connection | None = None

    @property
    def process_id(self) -> int | None:
        """Id of the process, or None when it is not alive."""
        process = self._process
        if process is None or wait([process.sentinel], timeout=0):
            return None
        return process.pid

    def start(self) -> tuple[BaseProcess, Connection]:
        """Return the live process and the connection to it; starts one if there is none."""
        if self._process is not None and self._connection is not None:
            if self.process_id is not None:
                return self._process, self._connection
            self._lost(self._process)
        ours, theirs = multiprocessing.Pipe()
        name = f"decode-{self._number}"
        try:
            with _process_lock, _signals_blocked():
                process = _context().Process(
                    target=jobs.serve, args=(theirs, self._task), name=name, daemon=True
                )
                process.start()
        except (OSError, EOFError) as error:
            ours.close()
            logger.exception("a decoding process cannot be started")
            raise busy("no_decoder", "no decoder can be started: try again") from error
        finally:
            theirs.close()
        self._process, self._connection = process, ours
        return process, ours

    def run(self, job: jobs.Job[AnswerT]) -> AnswerT:
        """Return the answer of one job, or raise what it raised; see `DecodePool.run`."""
        process, connection = self.start()
        bounds = self._task.bounds
        try:
            connection.send(job)
            ready = wait([connection, process.sentinel], timeout=bounds.wall_s)
            if not ready:
                raise self._overdue(job, process)
            outcome: jobs.Done[AnswerT] | jobs.Failed = connection.recv()
        except (EOFError, OSError):
            raise self._loss(job, process) from None
        if isinstance(outcome, jobs.Done):
            return outcome.answer
        if outcome.trace is not None:
            logger.error("a job failed", extra={"fields": {"traceback": outcome.trace}})
        raise outcome.error

    def _overdue(self, job: jobs.Job[object], process: BaseProcess) -> AudioError:
        process.kill()
        self._replace(process)
        return AudioError(
            f"{job.name}: takes longer than {self._task.bounds.wall_s:g} s to work on: shorten it"
        )

    def _loss(self, job: jobs.Job[object], process: BaseProcess) -> FpError:
        """Replace a process that ended by itself, and return what its end says of the job."""
        exit_code = self._replace(process)
        if exit_code == -signal.SIGXCPU:
            return AudioError(
                f"{job.name}: takes more than {self._task.bounds.cpu_s} s of processor time: "
                "shorten it"
            )
        if exit_code == -signal.SIGKILL:
            return busy("decoder_killed", "the decoder was killed from outside: try again")
        if exit_code is None or exit_code >= 0:  # no signal: the file did not do that
            return FpError(f"a decoding process ended by itself with exit code {exit_code}")
        return AudioError(f"{job.name}: brings the decoder down: it is damaged, use a good copy")

    def _replace(self, process: BaseProcess) -> int | None:
        """Count a lost process, start another, and return how the lost one ended."""
        exit_code = self._lost(process)
        with suppress(RefusedError):  # the next job tries again, and is told when that fails too
            self.start()
        return exit_code

    def _lost(self, process: BaseProcess) -> int | None:
        with _process_lock:
            process.join(_STOP_S)
            exit_code = process.exitcode
        self._on_loss()
        fields = {"exit_code": exit_code, "process": process.pid}
        logger.warning("a decoding process was lost", extra={"fields": fields})
        self._forget()
        return exit_code

    def stop(self) -> None:
        """End the process, by force when it does not end by itself."""
        process = self._process
        if process is None:
            return
        if self._connection is not None:
            self._connection.close()
        with _process_lock:
            process.join(_STOP_S)
            if process.exitcode is None:
                process.kill()
                process.join(_STOP_S)
        self._forget()

    def _forget(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._process = self._connection = None


@contextmanager
def _signals_blocked() -> Iterator[None]:
    """Let processes that are started meanwhile never see a signal to the whole group.

    The server alone ends them. Ctrl-C would break off what they are forked from as it loads.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _context() -> ForkServerContext:
    """Return the way processes are started: forked from one that `preload` was imported into."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["api.decoding.preload"])
    return context
