"""Figures about an index, against counts by hand."""

from __future__ import annotations

import pytest

from fpcore.stages.hashing import to_text
from fpcore.store import NewSong, SqliteStore, statistics
from fpcore.store.base import HotToken, StoreStats, TokenStats
from tests.fpcore.store.material import N_SONGS, PACKED, entry, hashes, no_peaks, postings_of


def _spread(store: SqliteStore, n_hottest: int) -> TokenStats:
    with store._pool.reading() as connection:
        return statistics.token_spread(connection, store.config, n_hottest=n_hottest)


def _sizes(store: SqliteStore) -> StoreStats:
    with store._pool.reading() as connection:
        return statistics.sizes(connection, statistics.lookup_bytes(connection))


def test_sizes_are_those_of_the_songs_and_of_the_file(store: SqliteStore) -> None:
    found = _sizes(store)
    assert found.n_songs == N_SONGS
    assert found.n_postings == sum(len(postings_of(entry(seed)[1])) for seed in range(N_SONGS))
    assert found.duration_s == pytest.approx(N_SONGS * entry(0)[0].duration_s)
    assert found.file_bytes == store.path.stat().st_size
    assert found.unused_bytes == 0
    assert found.lookup_bytes is not None
    assert 0 < found.lookup_bytes < found.file_bytes


def test_what_removed_songs_leave_behind_is_unused(store: SqliteStore) -> None:
    before = _sizes(store)
    store.clear()
    after = _sizes(store)
    assert (after.n_songs, after.n_postings, after.duration_s) == (0, 0, 0.0)
    assert after.file_bytes == before.file_bytes
    assert 0 < after.unused_bytes < after.file_bytes


def test_tokens_are_counted_by_their_number_of_postings(store: SqliteStore) -> None:
    store.clear()
    one, other = NewSong("one", "1", 1.0), NewSong("other", "2", 1.0)
    store.add_song(one, hashes((9, 0), (9, 1), (5, 0), (7, 3)), no_peaks())
    store.add_song(other, hashes((9, 0), (5, 8), (3, 0)), no_peaks())
    found = _spread(store, 2)
    assert found.n_postings.tolist() == [1, 2, 3]
    assert found.n_tokens.tolist() == [2, 1, 1]
    texts = to_text([9, 5], PACKED)  # type: ignore[arg-type]
    assert found.hottest == (HotToken(9, texts[0], 3), HotToken(5, texts[1], 2))


def test_no_token_is_hot_when_none_is_asked_for_or_there(store: SqliteStore) -> None:
    assert _spread(store, 0).hottest == ()
    assert _spread(store, 0).n_distinct_tokens > 0
    store.clear()
    empty = _spread(store, 5)
    assert (empty.hottest, empty.n_distinct_tokens) == ((), 0)


def test_stats_do_without_dbstat(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    assert store.stats().lookup_bytes is not None
    monkeypatch.setattr(statistics, "_LOOKUP_BYTES", "SELECT sum(pgsize) FROM no_dbstat_here")
    assert store.stats().lookup_bytes is None
