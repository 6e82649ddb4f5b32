"""The classic layout: rows that plain SQL can ask, and what they say of each song."""

from __future__ import annotations

import numpy as np
import pytest

from fpcore.store import SqliteStore
from tests.fpcore.store.material import N_SONGS, entry, in_sql, postings_of


def test_postings_of_a_song_are_those_that_it_was_learned_with(store: SqliteStore) -> None:
    with store._pool.reading() as connection:
        for seed in range(N_SONGS):
            token, frame = store._layout.postings(connection, seed + 1)
            pairs = list(zip(token.tolist(), frame.tolist(), strict=True))
            assert pairs == sorted(postings_of(entry(seed)[1]))


def test_postings_are_counted_in_the_table(store: SqliteStore) -> None:
    in_sql(store.path, "DELETE FROM fingerprints WHERE song_id = 2")
    with store._pool.reading() as connection:
        found = store._layout.counts(connection)
    expected = {seed + 1: len(postings_of(entry(seed)[1])) for seed in range(N_SONGS) if seed != 1}
    assert found == expected


def test_a_list_of_tokens_that_cannot_be_read_is_damage(store: SqliteStore) -> None:
    in_sql(store.path, "UPDATE song_tokens SET tokens = '[1,' WHERE song_id = 2")
    with store._pool.reading() as connection, pytest.raises(ValueError, match="Expecting value"):
        store._layout.postings(connection, 2)


def test_nothing_is_left_after_clearing(store: SqliteStore) -> None:
    with store._pool.writing() as connection:
        store._layout.clear(connection)
    assert in_sql(store.path, "SELECT count(*) FROM fingerprints") == [(0,)]
    assert len(store.lookup(np.unique(entry(0)[1].token))) == 0
