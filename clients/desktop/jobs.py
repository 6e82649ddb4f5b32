"""Jobs: what takes time, in an event loop of another thread, and how its results come back.

`Jobs.hand_over` is called by the window's thread, time and again; callbacks run there only.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import queue
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

ResultT = TypeVar("ResultT")


class Job:
    """Something that was begun; after `cancel` none of its callbacks is called."""

    def __init__(self) -> None:
        self.is_over = False
        self._stop: Callable[[], Any] = lambda: None

    def cancel(self) -> None:
        """Stop it, and forget what comes of it; called by the window's thread."""
        self.is_over = True
        self._stop()

    def ends_by(self, stop: Callable[[], Any]) -> None:
        """Have `cancel` call this, from the window's thread."""
        self._stop = stop


class Jobs:
    """Jobs, each as a coroutine in one event loop; `close` ends all of them."""

    def __init__(self) -> None:
        self._news: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="fpdesk jobs", daemon=True)
        self._thread.start()

    def start(
        self,
        work: Coroutine[Any, Any, ResultT],
        *,
        done: Callable[[ResultT], None],
        failed: Callable[[Exception], None],
    ) -> Job:
        """Begin a job.

        Parameters
        ----------
        work : coroutine
            What is to be done; it is cancelled with the job.
        done : callable
            Told the result, by the window's thread.
        failed : callable
            Told what was raised instead, likewise.

        Returns
        -------
        Job
            To cancel it by.
        """
        job = Job()
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        job.ends_by(future.cancel)

        def finished(future: concurrent.futures.Future[ResultT]) -> None:
            if future.cancelled():
                return
            error = future.exception()
            if error is None:
                self.tell(job, done, future.result())
            elif isinstance(error, Exception):
                self.tell(job, failed, error)

        future.add_done_callback(finished)
        return job

    def progress(self, job: Job, told: Callable[..., None], *what: object) -> None:
        """Have the window's thread call something, unless the job is over; for any thread.

        Parameters
        ----------
        job : Job
            What it comes of.
        told : callable
            What is called.
        *what : object
            What it is called with.
        """

        def call() -> None:
            if not job.is_over:
                told(*what)

        self._news.put(call)

    def tell(self, job: Job, told: Callable[..., None], *what: object) -> None:
        """Do the same once; the job is over then.

        Parameters
        ----------
        job : Job
            What it comes of.
        told : callable
            What is called.
        *what : object
            What it is called with.
        """

        def call() -> None:
            job.is_over = True
            told(*what)

        self.progress(job, call)

    def hand_over(self) -> int:
        """Make the calls that have come since, and return how many: the window's thread only."""
        n_calls = 0
        with contextlib.suppress(queue.Empty):
            while True:
                call = self._news.get_nowait()
                n_calls += 1
                call()
        return n_calls

    def close(self, last: Coroutine[Any, Any, Any] | None = None, *, within_s: float = 2.0) -> None:
        """End all jobs, and do one last thing.

        Parameters
        ----------
        last : coroutine, optional
            What is done when the others have ended.
        within_s : float
            How many seconds are waited for them.
        """
        ending = asyncio.run_coroutine_threadsafe(_ended(last), self._loop)
        with contextlib.suppress(concurrent.futures.TimeoutError, Exception):
            ending.result(within_s)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(within_s)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()


async def _ended(last: Coroutine[Any, Any, Any] | None) -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    if last is not None:
        await last
