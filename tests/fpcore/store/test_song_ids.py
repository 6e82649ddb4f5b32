"""Ids of songs: how far they go, and what is said of a database that has used them up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from fpcore.errors import StoreError, StoreFullError
from fpcore.store import SqliteStore, song_ids
from tests.fpcore.store.material import entry, in_sql, new_store

COUNTER = "UPDATE sqlite_sequence SET seq = ?"
SONG = "UPDATE songs SET id = ? WHERE id = 1"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    """An index of one song."""
    with new_store(tmp_path / "index.db") as opened:
        opened.add_song(*entry(1))
        yield opened


@pytest.mark.parametrize("statement", [COUNTER, SONG], ids=["counter", "song"])
@pytest.mark.parametrize("highest", [song_ids.LAST_ID, 2**63 - 2, 2**63 - 1])
def test_an_id_that_only_damage_gives_is_named_and_not_taken_for_a_full_disk(
    store: SqliteStore, highest: int, statement: str
) -> None:
    in_sql(store.path, "DELETE FROM song_tokens")
    in_sql(store.path, "DELETE FROM constellations")
    in_sql(store.path, statement, highest)
    said = (
        f"for ids ascend and the last one is {highest}, which only damage makes so high: restore a "
        "backup, or learn its songs into a new database"
    )
    with pytest.raises(
        StoreError, match=re.escape(f"index.db can learn no more songs, {said}")
    ) as e:
        store.add_song(*entry(2))
    assert not isinstance(e.value, StoreFullError)
    assert store.n_songs() == 1
    assert f"no more songs can be learned, {said}" in store.check().problems
    assert not store.add_song(*entry(1)).created


def test_the_last_id_is_given(store: SqliteStore) -> None:
    in_sql(store.path, COUNTER, song_ids.LAST_ID - 1)
    with store._pool.reading() as connection:
        assert list(song_ids.problems(connection)) == []
        song_ids.check_one_is_left(connection, store.path)
    assert store.add_song(*entry(2)).song.id == song_ids.LAST_ID == 2**53 - 1
