"""Jobs: results come by the thread that takes them over, and not after a cancel."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator

import pytest

from clients.desktop.jobs import Job, Jobs


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    made = Jobs()
    yield made
    made.close()


def until(jobs: Jobs, condition: Callable[[], object]) -> None:
    """Take over what comes until something is so."""
    waiting = threading.Event()
    for _ in range(6000):
        jobs.hand_over()
        if condition():
            return
        waiting.wait(0.01)
    raise AssertionError("it did not come to that")


async def result_of(value: int) -> int:
    return 6 // value


def test_a_result_or_an_error_comes_in_the_thread_that_takes_over(jobs: Jobs) -> None:
    came: list[tuple[object, str]] = []

    def take(what: object) -> None:
        came.append((what, threading.current_thread().name))

    for value in (2, 0):
        job = jobs.start(result_of(value), done=take, failed=take)
        until(jobs, lambda one=job: one.is_over)
    (six, first), (error, second) = came
    assert six == 3 and isinstance(error, ZeroDivisionError)
    assert first == second == threading.current_thread().name


def test_nothing_comes_of_what_was_cancelled(jobs: Jobs) -> None:
    begun, ended = threading.Event(), threading.Event()

    async def long() -> None:
        begun.set()
        try:
            await asyncio.sleep(600)
        finally:
            ended.set()

    came: list[object] = []
    job = jobs.start(long(), done=came.append, failed=came.append)
    assert begun.wait(60)
    job.cancel()
    assert ended.wait(60)
    late = Job()
    jobs.progress(late, came.append, 1)
    jobs.tell(late, came.append, 2)
    jobs.progress(late, came.append, 3)
    until(jobs, lambda: late.is_over)
    assert came == [1, 2]


def test_the_end_ends_what_is_at_work_and_does_a_last_thing() -> None:
    jobs = Jobs()
    begun, order = threading.Event(), []

    async def long() -> None:
        begun.set()
        try:
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            order.append("cancelled")
            raise

    async def last() -> None:
        order.append("last")

    jobs.start(long(), done=order.append, failed=order.append)
    assert begun.wait(60)
    jobs.close(last(), within_s=60)
    jobs.hand_over()
    assert order == ["cancelled", "last"]
