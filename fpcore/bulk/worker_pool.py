"""Worker processes that can be stopped in the middle of a file."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.connection import wait as wait_for_any
from multiprocessing.process import BaseProcess
from typing import Any, Generic, TypeVar

from fpcore import limits
from fpcore.bulk.interrupts import held_back
from fpcore.bulk.losses import NO_GUARD, check_can_start
from fpcore.bulk.parent import end_after

TaskT = TypeVar("TaskT")
ResultT = TypeVar("ResultT")


class WorkerDiedError(Exception):
    """A worker process ended; ``exit_code`` is negative for a signal, None for SIGTERM."""

    def __init__(self, exit_code: int | None) -> None:
        super().__init__(f"exit code {exit_code}")
        self.exit_code = exit_code


class WorkerPool(Generic[TaskT, ResultT]):
    """Processes that do the same work on one task after another.

    They end with this process, however that ends, and leave Ctrl-C to it.

    Parameters
    ----------
    work : callable
        What is done with each task. It is sent to each process once, so it must be a function of
        a module, or hold one.
    n_workers : int
        Number of processes, >= 1.
    preload : str
        The module that is imported before processes are forked, on systems that fork.
    """

    def __init__(self, work: Callable[[TaskT], ResultT], n_workers: int, *, preload: str) -> None:
        with held_back():
            self._open(work, n_workers, preload)

    def _open(self, work: Callable[[TaskT], ResultT], n_workers: int, preload: str) -> None:
        if getattr(multiprocessing.current_process(), "_inheriting", False):
            os._exit(NO_GUARD)  # the program that starts the pool is imported by a worker of it
        check_can_start()
        limits.check_memory()
        methods = multiprocessing.get_all_start_methods()
        context = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
        if context.get_start_method() == "forkserver":
            context.set_forkserver_preload([preload])
        # Nothing is ever sent: the workers end when the writing side closes.
        self._stop_reader, self._stop_writer = context.Pipe(duplex=False)
        self._n_workers = n_workers
        self._executor = ProcessPoolExecutor(
            n_workers,
            mp_context=context,
            initializer=_start_worker,
            initargs=(work, self._stop_reader),
        )
        self._processes: dict[int, BaseProcess] = {}

    def submit(self, task: TaskT) -> Future[ResultT]:
        """Return the result to come; `BrokenProcessPool` in it when a worker has died.

        Raises
        ------
        MemoryError
            When there is no memory for the thread that collects results.
        """
        try:
            with held_back():  # it starts a process when none is free
                future = self._executor.submit(_do, task)
                self._processes.update(self._executor._processes or {})
                if len(self._executor._processes or ()) == self._n_workers:
                    self._leave_results_to_workers()
                return future
        except BrokenProcessPool as error:
            broken: Future[ResultT] = Future()
            broken.set_exception(error)
            return broken
        except RuntimeError as error:
            if "start new thread" in str(error):
                raise MemoryError(str(error)) from error
            raise

    def close(self) -> None:
        """End the workers, without waiting for the files that they are at."""
        with held_back():
            self._stop_writer.close()
            self._leave_results_to_workers()
            with suppress(RuntimeError):  # it waits for a thread that could not be started
                self._executor.shutdown(cancel_futures=True)
            self._stop_reader.close()

    def exit_codes(self) -> set[int]:
        """Return how the workers that have ended did so: negative for the signal that ended one.

        Those that the pool itself ended, because another was lost, are not among them.
        """
        codes = {process.exitcode for process in self._processes.values()} - {None}
        return {code for code in codes if code is not None} - {-signal.SIGTERM}

    def _leave_results_to_workers(self) -> None:
        """Close this process's own writing end of the pipe of results, once no worker needs it.

        Of a worker that dies in the middle of a result the rest never comes. The executor reads
        on until the pipe's last writing end is closed, which must not be that of the reader.
        """
        results = getattr(self._executor, "_result_queue", None)  # None once it is shut down
        if results is not None:
            results._writer.close()


def done_alone(work: Callable[[TaskT], ResultT], task: TaskT, *, preload: str) -> Future[ResultT]:
    """Return the result of a task that was done in a process of its own.

    So it can be told which of several tasks took a process down with it.

    Parameters
    ----------
    work : callable
        What is done with the task; as for `WorkerPool`.
    task : object
        What ``work`` is called with; must be picklable.
    preload : str
        As for `WorkerPool`.

    Returns
    -------
    Future
        It is done, and holds the result or the exception, `WorkerDiedError` if the process died.
    """
    pool = WorkerPool(work, 1, preload=preload)
    try:
        future = pool.submit(task)
        wait([future])
    finally:
        pool.close()
    if not isinstance(future.exception(), BrokenProcessPool):
        return future
    died: Future[ResultT] = Future()
    died.set_exception(WorkerDiedError(next(iter(pool.exit_codes()), None)))
    return died


_work: Callable[[Any], Any] | None = None  # of this worker process


def _start_worker(work: Callable[[Any], Any], stop: Connection) -> None:
    """Make this process end with its parent or when ``stop`` closes."""
    global _work  # noqa: PLW0603 - a worker process is told its work once, at its start
    _work = work
    parent = multiprocessing.parent_process()
    end_after(lambda: wait_for_any([stop] if parent is None else [stop, parent.sentinel]))


def _do(task: Any) -> Any:
    if _work is None:
        raise RuntimeError("the worker was not initialised")
    return _work(task)
