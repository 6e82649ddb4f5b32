"""Machines that share an index in PostgreSQL: each has a cache folder of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from unittest.mock import patch

from fpcore.store import open_store
from fpcore.store.postgres import CACHE_VARIABLE, PostgresStore
from tests.fpcore.store.material import PACKED


def open_on(host: Path, url: str, *, busy_timeout_s: float = 60.0) -> PostgresStore:
    """Open the index at an address as the machine with a cache folder does."""
    with patch.dict(os.environ, {CACHE_VARIABLE: str(host)}):
        store = open_store(url, PACKED, create=True, busy_timeout_s=busy_timeout_s)
    assert isinstance(store, PostgresStore)
    return store


@contextmanager
def two(folder: Path, url: str) -> Iterator[tuple[PostgresStore, PostgresStore]]:
    """Open an index on two machines."""
    with ExitStack() as opened:
        one, other = (opened.enter_context(open_on(folder / host, url)) for host in ("a", "b"))
        yield one, other


def follow(store: PostgresStore) -> None:
    """Have a machine follow now, and not only within half a second."""
    store._pool.follow()
