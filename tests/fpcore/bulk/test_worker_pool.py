"""Workers that die or are stopped in the middle of sending what they made."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from functools import partial

import pytest

from fpcore.bulk.worker_pool import WorkerDiedError, WorkerPool, done_alone

RESULT_BYTES = 300_000_000
"""So much takes a while to send."""
PATIENCE_S = 60.0


def _blank(n_bytes: int) -> bytes:
    return bytes(n_bytes)


def _within(seconds: float, work: Callable[[], object]) -> bool:
    """Whether ``work`` ends in time; its thread is left behind otherwise."""
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(seconds)
    return not thread.is_alive()


@pytest.mark.parametrize("after_s", [0.05, 0.2, 0.4])
def test_closing_ends_workers_that_are_sending_a_result(after_s: float) -> None:
    pool = WorkerPool(_blank, 1, preload=__name__)
    assert pool.submit(1).result(PATIENCE_S) == b"\0"
    pool.submit(RESULT_BYTES)
    time.sleep(after_s)
    assert _within(PATIENCE_S, pool.close)


@pytest.mark.parametrize("after_s", [0.05, 0.2, 0.4])
def test_a_worker_killed_while_sending_breaks_the_pool_and_hangs_nothing(after_s: float) -> None:
    pool = WorkerPool(_pid_or_blank, 1, preload=__name__)
    pid = pool.submit(0).result(PATIENCE_S)
    assert isinstance(pid, int)
    future = pool.submit(RESULT_BYTES)
    time.sleep(after_s)
    os.kill(pid, signal.SIGKILL)
    assert isinstance(future.exception(PATIENCE_S), BrokenProcessPool | None)
    assert _within(PATIENCE_S, pool.close)


def _pid_or_blank(n_bytes: int) -> bytes | int:
    return bytes(n_bytes) if n_bytes else os.getpid()


def test_all_results_come_through_from_workers_that_start_one_by_one() -> None:
    pool = WorkerPool(partial(pow, 2), 3, preload=__name__)
    try:
        futures = [pool.submit(n) for n in range(50)]
        assert [future.result(PATIENCE_S) for future in futures] == [2**n for n in range(50)]
    finally:
        pool.close()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGXCPU, signal.SIGABRT])
def test_a_task_that_ends_its_process_tells_how(number: signal.Signals) -> None:
    error = done_alone(signal.raise_signal, number, preload=__name__).exception()
    assert isinstance(error, WorkerDiedError)
    assert error.exit_code == -number


def test_a_task_that_is_done_alone_gives_its_result() -> None:
    assert done_alone(partial(pow, 2), 3, preload=__name__).result() == 8
