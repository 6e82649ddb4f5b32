"""Rows of songs: read as they were written, and told and removed when they are damaged."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from fpcore.errors import StoreError, UnknownSongError
from fpcore.records import Cut
from fpcore.store import SqliteStore, song_rows
from fpcore.store.batch import Batch
from tests.fpcore.store.material import N_SONGS, PACKED, entry, in_sql

DAMAGES = {
    "learned_at": "the time when it was learned is no time",
    "metadata": "its metadata is no JSON object",
}


def test_a_song_is_inserted_with_all_but_its_postings(store: SqliteStore) -> None:
    batch = Batch.of([entry(20), entry(21)], PACKED)
    with store._pool.writing() as connection:
        song_id = song_rows.insert(connection, batch, 1, store.path)
        found = song_rows.get(connection, song_id, store.path)
    assert song_id == N_SONGS + 1
    assert (found.name, found.checksum, found.metadata) == ("song 21", "checksum 21", {"seed": 21})
    assert found.n_fingerprints == batch.n_fingerprints[1]
    assert found.fingerprint_checksum == batch.fingerprint_checksums[1]
    assert store.constellation(song_id).bin.tolist() == entry(21)[2].bin.tolist()
    in_table = "SELECT count(*) FROM fingerprints WHERE song_id = ?"
    assert in_sql(store.path, in_table, song_id) == [(0,)]


@pytest.mark.parametrize("cut", [None, Cut(8.0, None), Cut(8.0, 12.0)])
def test_a_row_says_how_much_there_was_of_a_recording(store: SqliteStore, cut: Cut | None) -> None:
    song, hashes, peaks = entry(20)
    given = replace(song, duration_s=8.0, cut=cut)
    with store._pool.writing() as connection:
        batch = Batch.of([(given, hashes, peaks)], PACKED)
        song_id = song_rows.insert(connection, batch, 0, store.path)
    found = store.song(song_id)
    assert found.cut == cut
    assert (found.complete, found.stated_s) == (cut is None, cut and cut.stated_s)


def test_songs_are_selected_by_a_part_of_the_name_and_counted_alike(store: SqliteStore) -> None:
    in_sql(store.path, "UPDATE songs SET name = 'É%t' || id WHERE id IN (2, 5, 6)")
    with store._pool.reading() as connection:
        for part, expected in (
            ("é%T", [2, 5, 6]),
            ("SONG", [1, 3, 4]),
            ("_", []),
            ("", range(1, 7)),
        ):
            found = song_rows.select(connection, store.path, name_contains=part)
            assert [song.id for song in found] == list(expected)
            assert song_rows.count(connection, part) == len(found)
        page = song_rows.select(connection, store.path, name_contains="é", limit=1, offset=1)
        assert [song.id for song in page] == [5]
        assert song_rows.count(connection, None) == N_SONGS


@pytest.mark.parametrize("song_id", [0, -1, N_SONGS + 1, 2**63, -(2**63)])
def test_an_id_that_no_song_has_is_named(store: SqliteStore, song_id: int) -> None:
    named = rf"there is no song {song_id} in .*index\.db: list the songs it has"
    with store._pool.reading() as connection, pytest.raises(UnknownSongError, match=named):
        song_rows.get(connection, song_id, store.path)


def test_a_damaged_row_is_a_fault_with_its_remedy(store: SqliteStore) -> None:
    for song_id, column in ((2, "learned_at"), (5, "metadata")):
        in_sql(store.path, f"UPDATE songs SET {column} = '[' WHERE id = ?", song_id)
    with store._pool.reading() as connection:
        found = list(song_rows.faults(connection))
    assert found == [
        f"song {song_id}: {DAMAGES[column]}: "
        f"take it away with `fpcore remove {song_id}` and learn it again"
        for song_id, column in ((2, "learned_at"), (5, "metadata"))
    ]


@pytest.mark.parametrize("metadata", ["[1]", "null", "", "{", "[" * 100_000])
def test_metadata_that_is_no_json_object_is_damage(store: SqliteStore, metadata: str) -> None:
    in_sql(store.path, "UPDATE songs SET metadata = ? WHERE id = 3", metadata)
    said = "is damaged at song 3, 'song 2': its metadata is no JSON object"
    with store._pool.reading() as connection, pytest.raises(StoreError, match=said):
        song_rows.find(connection, "checksum 2", store.path)


def test_what_is_left_of_a_damaged_row_is_told_when_it_is_removed(store: SqliteStore) -> None:
    before = store.song(2), store.song(5)
    in_sql(store.path, "UPDATE songs SET learned_at = 'then' WHERE id = 2")
    in_sql(store.path, "UPDATE songs SET metadata = 'none' WHERE id = 5")
    with store._pool.writing() as connection:
        one, other = (song_rows.remove(connection, song_id, store.path) for song_id in (2, 5))
    assert (one.learned_at, one.metadata) == (datetime(1970, 1, 1, tzinfo=UTC), {"seed": 1})
    assert (other.learned_at, other.metadata) == (before[1].learned_at, {})
    assert [one.name, other.name] == [song.name for song in before]
    assert store.n_songs() == N_SONGS - 2


@pytest.mark.parametrize("column", ["metadata", "learned_at"])
def test_a_song_that_cannot_be_read_is_named_and_can_be_removed(
    store: SqliteStore, column: str
) -> None:
    in_sql(store.path, f"UPDATE songs SET {column} = '{{' WHERE id = 2")
    named = r"index\.db is damaged at song 2, .*`fpcore remove 2` and learn it again"
    for read in (store.songs, lambda: store.song(2), lambda: store.add_songs([entry(1)])):
        with pytest.raises(StoreError, match=named):
            read()
    assert store.remove(2).id == 2
    assert [song.id for song in store.songs()] == [1, 3, 4, 5, 6]
    assert store.check(full=True).ok
    assert store.add_songs([entry(1)])[0].created
