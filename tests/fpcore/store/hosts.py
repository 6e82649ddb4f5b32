"""Machines that share an index in PostgreSQL: each has a cache folder of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from unittest.mock import patch

import numpy as np

from fpcore.profiles import MadeWith
from fpcore.store import open_store
from fpcore.store.postgres import CACHE_VARIABLE, PostgresStore
from tests import postgres
from tests.fpcore.store.material import PACKED, entry, rows


def open_on(
    host: Path, url: str, *, made_with: MadeWith | None = None, busy_timeout_s: float = 60.0
) -> PostgresStore:
    """Open the index at an address as the machine with a cache folder does."""
    with patch.dict(os.environ, {CACHE_VARIABLE: str(host)}):
        store = open_store(
            url, PACKED, create=True, made_with=made_with, busy_timeout_s=busy_timeout_s
        )
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


def in_truth(url: str, statement: str) -> list[tuple[object, ...]]:
    """Run a statement as any other program would."""
    with postgres.shared().connected(url.rpartition("/")[2]) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def are_equal(one: PostgresStore, other: PostgresStore) -> bool:
    """Whether two machines give the same songs, copies, postings and constellations."""
    songs = one.songs()
    ids = [song.id for song in songs]
    tokens = np.unique(np.concatenate([entry(seed)[1].token for seed in range(9)]))
    some, others = one.constellations(ids), other.constellations(ids)
    return (
        songs == other.songs()
        and one.copies() == other.copies()
        and rows(one.lookup(tokens)) == rows(other.lookup(tokens))
        and all(np.array_equal(some[i].frame, others[i].frame) for i in ids)
    )
