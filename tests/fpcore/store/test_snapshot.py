"""The file of a snapshot: mapped as it was, and refused when it is not what was written."""

from __future__ import annotations

import numpy as np
import pytest

from fpcore.store import SqliteStore, snapshot
from fpcore.store.snapshot import HEADER_BYTES, Snapshot
from tests.fpcore.store.material import N_SONGS, rows
from tests.fpcore.store.snapshots import TOKENS, by_sqlite, refused, rewritten


def test_whoever_holds_the_old_one_goes_on_with_it(store: SqliteStore) -> None:
    path = store.make_snapshot().path
    held, every = Snapshot.open(path), np.ones(N_SONGS, np.bool_)
    before = rows(held.lookup(TOKENS, every))
    store.clear()
    store.make_snapshot()
    assert rows(held.lookup(TOKENS, every)) == before
    assert rows(store.lookup(TOKENS)) == []


@pytest.mark.parametrize("kept", [0, 1, HEADER_BYTES - 1, HEADER_BYTES, -4000, -1])
def test_one_that_is_cut_short(store: SqliteStore, kept: int) -> None:
    path = store.make_snapshot().path
    rewritten(path, lambda content: content[:kept])
    refused(store, "cut short")


def test_one_that_is_something_else(store: SqliteStore) -> None:
    path = store.make_snapshot().path
    path.write_bytes(b"RIFF....WAVE" * 10_000)
    refused(store, "is no snapshot of an index")


def test_one_of_another_version(store: SqliteStore) -> None:
    path = store.make_snapshot().path
    rewritten(path, lambda content: content.replace(b"snapshot 1 ", b"snapshot 2 ", 1))
    refused(store, "another version of fpcore")


def test_one_whose_header_has_changed(store: SqliteStore) -> None:
    path = store.make_snapshot().path
    rewritten(path, lambda content: content.replace(b'"offset":', b'"offset":1', 1))
    refused(store, "header")


def test_one_whose_postings_point_nowhere(store: SqliteStore) -> None:
    path = store.make_snapshot().path
    column = Snapshot.open(path).columns["place"]
    n_bytes = column.size * column.itemsize

    def spoil(content: bytearray) -> None:
        at = content.find(column.tobytes())
        content[at : at + n_bytes] = b"\xff" * n_bytes

    rewritten(path, spoil)
    assert store.check().ok  # nobody has looked yet
    refused(store, "is damaged")


@pytest.mark.parametrize("name", snapshot.COLUMNS)
def test_a_changed_column_is_found_by_the_full_check(store: SqliteStore, name: str) -> None:
    path = store.make_snapshot().path
    octets = Snapshot.open(path).columns[name].tobytes()

    def spoil(content: bytearray) -> None:
        content[content.find(octets) + len(octets) - 1] ^= 1

    assert store.check(full=True).ok
    rewritten(path, spoil)
    (problem,) = store.check(full=True).problems
    assert str(path) in problem
    # A song that is not the one it was makes it another index's.
    assert "is damaged" in problem or name in ("song_id", "song_key")
    assert rows(store.lookup(TOKENS)) == by_sqlite(store)


def test_keys_tell_contents_apart() -> None:
    keys = {snapshot.song_key(*names) for names in ("abc", "abd", "adc", "bbc", ("ab", "", "c"))}
    assert len(keys) == 5
    assert all(-(2**63) <= key < 2**63 for key in keys)
