"""Pools of connections: how many stay open. Those of SQLite and forks: `test_connections`."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from fpcore.store import SqliteStore, pooling


def test_few_connections_stay_open(store: SqliteStore) -> None:
    n_threads = 4 * pooling.N_IDLE
    inside = threading.Barrier(n_threads)

    def read(_: int) -> None:
        with store._pool.reading() as connection:
            connection.execute("SELECT count(*) FROM songs").fetchone()
            inside.wait(timeout=60)

    with ThreadPoolExecutor(n_threads) as threads:
        list(threads.map(read, range(n_threads)))
    assert len(store._pool._idle) == pooling.N_IDLE
