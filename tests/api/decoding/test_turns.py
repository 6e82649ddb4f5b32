"""Whose job is next when several clients wait."""

from __future__ import annotations

import anyio
from anyio.abc import TaskStatus

from api.decoding.turns import Turns


def order_of(jobs: list[str], *, n_turns: int = 1) -> list[str]:
    """Return in which order jobs of clients begin that all wait for the first to end."""
    begun: list[str] = []

    async def run() -> None:
        turns = Turns(n_turns)
        first_ends = anyio.Event()

        async def work(client: str, *, task_status: TaskStatus[None]) -> None:
            task_status.started()
            async with turns.turn(client):
                begun.append(client)
                await first_ends.wait()
                await anyio.lowlevel.checkpoint()

        async with anyio.create_task_group() as tasks:
            for client in jobs:
                await tasks.start(work, client)
            first_ends.set()

    anyio.run(run)
    return begun


def test_the_jobs_of_one_client_keep_their_order_and_fill_all_turns() -> None:
    assert order_of(["a", "a", "a"], n_turns=2) == ["a", "a", "a"]


def test_a_client_with_one_job_waits_for_none_of_the_many_that_wait_already() -> None:
    assert order_of(["a", "a", "a", "a", "b"]) == ["a", "b", "a", "a", "a"]


def test_clients_take_turns() -> None:
    assert order_of(["a", "a", "a", "b", "b", "c"]) == ["a", "b", "c", "a", "b", "a"]


def test_who_gives_up_waiting_takes_no_turn_away() -> None:
    async def run() -> None:
        turns = Turns(1)
        async with anyio.create_task_group() as tasks, turns.turn("a"):
            for _ in range(3):
                tasks.start_soon(wait_a_moment, turns)
            await anyio.sleep(0.1)
        with anyio.fail_after(10):
            async with turns.turn("a"):
                pass

    async def wait_a_moment(turns: Turns) -> None:
        with anyio.move_on_after(0.01):
            async with turns.turn("b"):
                raise AssertionError("a turn was given twice")

    anyio.run(run)
