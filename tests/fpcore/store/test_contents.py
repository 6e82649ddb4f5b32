"""Contents of songs, compared with their checksums, or with themselves where there is none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fpcore.store import SqliteStore, contents, open_store
from fpcore.store.batch import Batch
from tests.fpcore.store.material import CONFIGS, derived_entry, in_sql, new_store
from tests.fpcore.store.old_index import make_old

N_SONGS = 3

LATER = (
    "UPDATE fingerprints SET absolute_time = absolute_time + 1 WHERE song_id = 2 AND "
    "absolute_time = (SELECT max(absolute_time) FROM fingerprints WHERE song_id = 2)"
)
FAR = LATER.replace("+ 1 ", "+ 4294967296 ")
ANOTHERS = (
    "UPDATE constellations SET peaks = (SELECT peaks FROM constellations WHERE song_id = 3) "
    "WHERE song_id = 2"
)
EXCHANGED = "UPDATE fingerprints SET song_id = 5 - song_id WHERE song_id IN (2, 3)"
REMEDY = "take it away with `fpcore remove 2` and learn it again, or restore a backup"


@pytest.fixture(params=sorted(CONFIGS))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqliteStore]:
    """An index of songs whose hashes are those of their constellations."""
    with new_store(tmp_path / "index.db", request.param) as opened:
        opened.add_songs(derived_entry(seed) for seed in range(N_SONGS))
        yield opened


@pytest.fixture
def old(store: SqliteStore) -> Iterator[SqliteStore]:
    """The same of a time before there were checksums."""
    store.close()
    make_old(store.path, store.config)
    with open_store(store.path, store.config) as opened:
        yield opened


def faults(store: SqliteStore) -> list[str]:
    with store._pool.reading() as connection:
        return list(contents.faults(connection, store.config, store._layout))


def test_what_was_learned_is_without_fault(store: SqliteStore) -> None:
    assert faults(store) == []
    assert store.check(full=True).notes == ()


@pytest.mark.parametrize("damage", [LATER, FAR, ANOTHERS], ids=["time", "far time", "peaks"])
def test_content_that_is_not_what_was_learned_is_a_fault_of_its_song(
    store: SqliteStore, damage: str
) -> None:
    in_sql(store.path, damage)
    said = 'song 2, "song 1": its postings or its constellation are not those that were learned'
    assert faults(store) == [f"{said}: {REMEDY}"]
    assert store.check().ok
    assert store.check(full=True).problems == tuple(faults(store))


def test_songs_that_have_exchanged_their_postings_are_both_at_fault(store: SqliteStore) -> None:
    in_sql(store.path, EXCHANGED)
    assert [one.partition(" would")[0] for one in faults(store)] == [
        "removing song 2",
        "removing song 3",
    ]


def test_songs_of_an_older_index_are_told_as_not_compared(old: SqliteStore) -> None:
    assert faults(old) == []
    report = old.check(full=True)
    assert report.ok
    assert report.notes == (
        "3 songs have no checksum to be compared with, being learned before there were any: "
        "`fpcore check --add-checksums` adds it",
    )
    assert old.check().notes == ()


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (LATER, "its postings are not those that its constellation gives"),
        (FAR, "a posting lies at "),
        (ANOTHERS, "its postings are not those that its constellation gives"),
        ("UPDATE songs SET duration_s = 3 WHERE id = 2", "a posting lies at "),
    ],
    ids=["time", "far time", "peaks", "length"],
)
def test_without_a_checksum_a_song_is_compared_with_itself(
    old: SqliteStore, damage: str, said: str
) -> None:
    in_sql(old.path, damage)
    (fault,) = faults(old)
    assert fault.startswith(f'song 2, "song 1": {said}')
    assert fault.endswith(REMEDY)


def test_checksums_are_added_to_songs_in_which_there_is_no_fault(old: SqliteStore) -> None:
    in_sql(old.path, ANOTHERS)
    assert old.add_checksums() == 2
    with new_store(old.path.with_name("new.db")) as new:
        new.add_songs(derived_entry(seed) for seed in range(N_SONGS))
        learned = [song.fingerprint_checksum for song in new.songs()]
    assert [song.fingerprint_checksum for song in old.songs()] == [learned[0], None, learned[2]]
    assert old.add_checksums() == 0


def test_they_are_added_in_several_transactions(
    old: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fpcore.store.sqlite.CHECKSUM_SONGS", 2)
    assert old.add_checksums() == N_SONGS
    in_sql(old.path, LATER)
    assert len(faults(old)) == 1


def found(store: SqliteStore, *, allow_duplicates: bool = False) -> list[tuple[int, str] | None]:
    """Return id and reason of the songs that song 2, its content and a new one are already."""
    song, hashes, peaks = derived_entry(1)
    other_file = replace(song, checksum="other bytes")
    batch = Batch.of(
        [(song, hashes, peaks), (other_file, hashes, peaks), derived_entry(9)], store.config
    )
    with store._pool.reading() as connection:
        same = [
            contents.find_same(
                connection,
                batch,
                number,
                path=store.path,
                config=store.config,
                layout=store._layout,
                allow_duplicates=allow_duplicates,
            )
            for number in range(3)
        ]
    return [one and (one.song.id, one.known_by or "") for one in same]


def test_a_song_is_known_by_its_file_and_else_by_its_content(store: SqliteStore) -> None:
    assert found(store) == [(2, "file"), (2, "audio"), None]
    assert found(store, allow_duplicates=True) == [(2, "file"), None, None]


def test_it_is_known_by_its_content_in_an_older_index_too(old: SqliteStore) -> None:
    assert found(old) == [(2, "file"), (2, "audio"), None]
    in_sql(old.path, LATER)
    assert found(old) == [(2, "file"), None, None]


def test_songs_with_a_content_are_looked_for_without_reading_all(store: SqliteStore) -> None:
    for condition in ("= 'x'", "IS NULL AND n_fingerprints = 7"):
        (plan,) = in_sql(
            store.path,
            f"EXPLAIN QUERY PLAN SELECT id FROM songs WHERE fingerprint_checksum {condition}",
        )
        assert "SEARCH songs USING COVERING INDEX songs_by_fingerprint" in plan[3]
