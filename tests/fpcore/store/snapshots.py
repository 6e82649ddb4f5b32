"""Snapshots beside indexes: what tests ask of them, and how they are damaged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from fpcore.records import LongArray
from fpcore.store import SqliteStore, posting_rows
from tests.fpcore.store.material import N_SONGS, entry, rows

Rows = list[tuple[int, int, int]]

TOKENS = np.unique(np.concatenate([entry(seed)[1].token for seed in range(N_SONGS + 3)]))


def by_sqlite(store: SqliteStore, tokens: LongArray = TOKENS) -> Rows:
    """Return what the index itself answers."""
    with store._pool.reading() as connection:
        return rows(posting_rows.select(connection, tokens, store._layout.stored_form, after=-1))


def in_use(store: SqliteStore) -> bool:
    state = store.snapshot()
    return state is not None and state.refusal is None


def files_beside(store: SqliteStore) -> set[str]:
    ours = {store.path.name + suffix for suffix in ("", "-wal", "-shm")}
    return {path.name for path in store.path.parent.iterdir()} - ours


def refused(store: SqliteStore, reason: str) -> None:
    """Assert that the index answers without the snapshot, and that this is told."""
    expected = by_sqlite(store)
    assert rows(store.lookup(TOKENS)) == expected
    state = store.snapshot()
    assert state is not None
    assert state.refusal is not None
    assert "\n" not in state.refusal
    assert reason in state.refusal
    assert state.refusal.endswith("make a new one with `fpcore snapshot`")
    assert store.check().problems == (state.refusal,)
    assert store.make_snapshot().refusal is None
    assert rows(store.lookup(TOKENS)) == expected
    assert store.check(full=True).ok


def rewritten(path: Path, change: Callable[[bytearray], object]) -> None:
    content = bytearray(path.read_bytes())
    changed = change(content)
    path.write_bytes(content if changed is None else bytes(changed))  # type: ignore[call-overload]
