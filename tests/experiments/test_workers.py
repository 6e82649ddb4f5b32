"""Workers of a run: all results come, errors pass through, a killed process is explained."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from experiments.errors import RunError
from experiments.workers import Workers
from tests.orphans import left_after_a_kill


def _halved(number: int) -> float:
    if number < 0:
        raise ValueError(f"{number} is negative")
    return number / 2


def test_every_task_has_its_result() -> None:
    with Workers(n_jobs=1).ready() as workers:
        assert sorted(workers.each([(_halved, (number,)) for number in range(5)])) == [
            0, 0.5, 1, 1.5, 2,
        ]  # fmt: skip
        assert list(workers.each([])) == []


def test_a_single_worker_works_in_this_process() -> None:
    assert set(Workers(n_jobs=1).each([(os.getpid, ())])) == {os.getpid()}


def test_an_error_of_a_task_passes_through() -> None:
    with pytest.raises(ValueError, match="-1 is negative"), Workers(n_jobs=1).ready() as workers:
        list(workers.each([(_halved, (-1,))]))


def test_a_worker_process_that_is_killed_is_explained() -> None:
    killed = pytest.raises(RunError, match=r"a worker process was killed.*fewer --jobs")
    with killed, Workers(n_jobs=2).ready() as workers:
        list(workers.each([(signal.raise_signal, (signal.SIGKILL,))]))


RESTING = """
import sys
from experiments.workers import Workers
from tests.orphans import rest

list(Workers(n_jobs=2).each([(rest, (sys.argv[1],))] * 2))
"""


def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    assert left_after_a_kill(RESTING, tmp_path, n_workers=2) == []
