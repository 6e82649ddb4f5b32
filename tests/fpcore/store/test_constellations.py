"""Constellations that are remembered: never those of a song that is gone or changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from fpcore.errors import StoreError, UnknownSongError
from fpcore.store import constellations
from fpcore.store.codec import encode_constellation
from fpcore.store.constellations import Constellations
from fpcore.store.sqlite import SqliteStore
from tests.fpcore.store.material import entry, in_sql, new_store

N_SONGS = 6


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with new_store(tmp_path / "index.db") as made:
        made.add_songs(entry(seed) for seed in range(1, N_SONGS + 1))
        yield made


def test_what_was_read_is_not_unpacked_again(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = store.constellations([1, 2])

    def never(blob: bytes) -> None:
        raise AssertionError(f"{len(blob)} bytes were unpacked again")

    monkeypatch.setattr(constellations, "decode_constellation", never)
    again = store.constellations([2, 1])
    assert all(again[song_id] is before[song_id] for song_id in (1, 2))
    with pytest.raises(AssertionError, match="unpacked again"):
        store.constellations([1, 3])


def test_a_song_that_another_program_removed_is_gone_though_remembered(store: SqliteStore) -> None:
    store.constellations([1, 2])
    with new_store(store.path) as other:
        other.remove(2)
    with pytest.raises(UnknownSongError, match="no song 2"):
        store.constellations([1, 2])
    assert store.constellations([1]).keys() == {1}


def test_another_song_of_the_same_id_has_its_own_constellation(store: SqliteStore) -> None:
    store.constellations([1])
    peaks = entry(77)[2]
    in_sql(store.path, "UPDATE songs SET checksum = 'another' WHERE id = 1")
    blob = encode_constellation(peaks)
    in_sql(store.path, "UPDATE constellations SET peaks = ? WHERE song_id = 1", blob)
    np.testing.assert_array_equal(store.constellation(1).frame, peaks.frame)


def test_no_more_are_remembered_than_there_is_room_for(store: SqliteStore) -> None:
    sizes = {song_id: len(store.constellation(song_id)) for song_id in range(1, N_SONGS + 1)}
    few = Constellations(most_peaks=sizes[5] + sizes[6])
    ids = list(sizes)
    with closing(sqlite3.connect(store.path)) as connection:
        first = few.read(connection, ids, store.path)
        assert {song_id: len(peaks) for song_id, peaks in first.items()} == sizes
        again = few.read(connection, [5, 6, 1], store.path)
        assert [again[song_id] is first[song_id] for song_id in (5, 6, 1)] == [True, True, False]
        # To remember song 1, the one that was read longest ago has gone, and no more than needed.
        last = few.read(connection, [6, 1], store.path)
        assert all(last[song_id] is again[song_id] for song_id in (6, 1))


def test_threads_share_what_is_remembered(store: SqliteStore) -> None:
    shared = Constellations(most_peaks=2 * len(store.constellation(1)))

    def read(turn: int) -> bool:
        song_ids = [1 + turn % N_SONGS, 1 + (turn + 1) % N_SONGS]
        with closing(sqlite3.connect(store.path)) as connection:
            found = shared.read(connection, song_ids, store.path)
        return all(np.array_equal(found[one].frame, entry(one)[2].frame) for one in song_ids)

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(read, range(400)))
    sizes = [len(peaks) for peaks in shared._remembered.values()]
    assert shared._n_peaks == sum(sizes) <= 2 * len(store.constellation(1))
    assert sizes


def test_a_damaged_one_is_named_with_its_song(store: SqliteStore) -> None:
    in_sql(store.path, "UPDATE constellations SET peaks = x'02ff' WHERE song_id = 3")
    said = r"index\.db, song 3: a stored constellation is damaged.*learn it again"
    with pytest.raises(StoreError, match=said):
        store.constellations([1, 3])


def test_a_lost_constellation_is_named(store: SqliteStore) -> None:
    in_sql(store.path, "DELETE FROM constellations WHERE song_id = 2")
    with pytest.raises(StoreError, match="has lost the constellation of song 2"):
        store.constellation(2)
