"""Workers end with the process that they work for."""

from __future__ import annotations

from pathlib import Path

import pytest

from fpcore.bulk.parent import end_with_parent
from tests.orphans import left_after_a_kill

POOL = """
import sys
from fpcore.bulk.worker_pool import WorkerPool
from tests.orphans import rest

if __name__ == "__main__":
    pool = WorkerPool(rest, 2, preload="tests.orphans")
    futures = [pool.submit(sys.argv[1]) for _ in range(2)]
    [future.result() for future in futures]
"""

SPAWNED = """
import multiprocessing, sys
from concurrent.futures import ProcessPoolExecutor
from fpcore.bulk.parent import end_with_parent
from tests.orphans import rest

if __name__ == "__main__":
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, spawn, end_with_parent) as pool:
        list(pool.map(rest, [sys.argv[1]] * 2))
"""


@pytest.mark.parametrize("program", [POOL, SPAWNED], ids=["pool", "spawned"])
def test_workers_end_when_their_parent_is_killed(program: str, tmp_path: Path) -> None:
    assert left_after_a_kill(program, tmp_path, n_workers=2) == []


def test_a_process_that_is_nobodys_worker_has_no_parent_to_end_with() -> None:
    with pytest.raises(RuntimeError, match="multiprocessing did not start this process"):
        end_with_parent()
