"""Postings looked up in the table: those that a scan finds, of all songs or of the newer ones."""

from __future__ import annotations

import numpy as np
import pytest

from fpcore.records import Hashes, LongArray, Postings
from fpcore.store import NewSong, SqliteStore, posting_rows
from tests.fpcore.store.material import N_SONGS, entry, in_sql, no_peaks, rows, scan

SONGS = {seed + 1: entry(seed)[1] for seed in range(N_SONGS)}
TOKENS = np.unique(np.concatenate([hashes.token for hashes in SONGS.values()]))


def _selected(store: SqliteStore, tokens: LongArray, after: int) -> Postings:
    with store._pool.reading() as connection:
        return posting_rows.select(connection, tokens, store._layout.stored_form, after=after)


@pytest.mark.parametrize("after", [posting_rows.ALL_SONGS, 0, 3, N_SONGS])
def test_postings_are_those_of_songs_with_higher_ids(store: SqliteStore, after: int) -> None:
    tokens = np.random.default_rng(0).permutation(TOKENS)
    found = _selected(store, tokens, after)
    newer = {song_id: hashes for song_id, hashes in SONGS.items() if song_id > after}
    assert rows(found) == scan(newer, tokens)
    dtypes = [column.dtype for column in (found.query_row, found.song_id, found.frame)]
    assert dtypes == [np.int64, np.int64, np.int32]


def test_tokens_that_are_not_there_have_no_postings(store: SqliteStore) -> None:
    for tokens in (np.empty(0, np.int64), np.array([-1, TOKENS[-1] + 1])):
        assert len(_selected(store, tokens, posting_rows.ALL_SONGS)) == 0


def test_more_tokens_than_one_statement_holds_are_looked_up_in_several(store: SqliteStore) -> None:
    n_tokens = 2 * posting_rows._STATEMENT_TOKENS + 1
    tokens = np.arange(n_tokens, dtype=np.int64)[::-1].copy()
    last = store.add_song(
        NewSong("n", "c", 1.0), Hashes(tokens, tokens.astype(np.int32)), no_peaks()
    )
    found = _selected(store, tokens, N_SONGS)
    assert rows(found) == [(row, last.song.id, n_tokens - 1 - row) for row in range(n_tokens)]


def test_postings_of_songs_with_large_ids_are_found_as_well(store: SqliteStore) -> None:
    """Up to 2**19 an id fits into one number with the rest of a posting, then it does not."""
    songs = {seed + 1: entry(seed)[1] for seed in range(N_SONGS)}
    for seq, seed in ((2**19 - 2, 10), (2**19 - 1, 11), (2**40, 12)):
        in_sql(store.path, "UPDATE sqlite_sequence SET seq = ? WHERE name = 'songs'", seq)
        song = store.add_song(*entry(seed)).song
        assert song.id == seq + 1
        songs[song.id] = entry(seed)[1]
    tokens = np.unique(np.concatenate([hashes.token for hashes in songs.values()]))
    assert rows(store.lookup(tokens)) == scan(songs, tokens)


def test_joined_are_the_postings_of_both(store: SqliteStore) -> None:
    one, other = _selected(store, TOKENS[:50], 2), _selected(store, TOKENS[:50], 4)
    both = posting_rows.joined(one, other)
    assert rows(both) == sorted(rows(one) + rows(other))
    assert both.frame[: len(one)].tolist() == one.frame.tolist()
