"""Files that were known by their audio: remembered as long as their song is there."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from fpcore.store import Added, Entry, Store, open_store, swapping
from fpcore.store.base import Copy
from fpcore.store.conversion import convert
from tests.fpcore.store.disks import make_read_only, small_disk
from tests.fpcore.store.material import PACKED, Engine, entry, in_sql, new_store
from tests.fpcore.store.test_incomplete import ELSEWHERE, LENGTH_S, PLACE, heard

DROP = ("TRIGGER copies_delete", "TABLE copies")
"""What an index lacks that was made before there were copies."""


@pytest.fixture
def store(engine: Engine, tmp_path: Path) -> Iterator[Store]:
    with engine(tmp_path / "index.db") as opened:
        yield opened


def of_file(one: Entry, checksum: str) -> Entry:
    """Return the song of another file with the same audio."""
    return replace(one[0], checksum=checksum), *one[1:]


def twin(seed: int, checksum: str = "twin") -> Entry:
    return of_file(entry(seed), checksum)


def learned(store: Store, *songs: Entry) -> list[Added]:
    return store.add_songs(songs, allow_duplicates=False)


def with_a_copy(path: Path) -> None:
    """Make an index of two songs in the classic layout, of which the second one has a copy."""
    with new_store(path) as store:
        learned(store, entry(1), entry(2), twin(2))


def without_table(path: Path) -> None:
    for what in DROP:
        in_sql(path, f"DROP {what}")


def test_a_file_with_the_audio_of_a_song_is_remembered(store: Store) -> None:
    first, second = learned(store, entry(1), entry(2))
    assert store.known_file("twin") is None
    [told] = learned(store, twin(2))
    assert (told.song, told.known_by) == (second.song, "audio")
    assert store.known_file("twin") == told
    assert store.copies() == {"twin": Copy(second.song.id, "audio")}
    assert store.known_file("checksum 1") == Added(first.song, created=False, known_by="file")


def test_so_is_one_in_a_batch_that_brings_new_songs(store: Store) -> None:
    songs = learned(store, entry(1), twin(1), entry(2), twin(2, "another"))
    assert store.copies() == {
        "twin": Copy(songs[0].song.id, "audio"),
        "another": Copy(songs[2].song.id, "audio"),
    }


def test_a_part_of_a_whole_song_is_remembered_as_such(store: Store) -> None:
    [whole] = learned(store, heard(1, **PLACE))
    [told] = learned(store, heard(1, until=2000, stated_s=LENGTH_S, **ELSEWHERE))
    assert told.known_by == "whole"
    assert store.known_file("1 to 2000, 0.0") == told
    assert store.known_file("1 to 2000, 0.0", strict=True) is None
    assert store.copies() == {"1 to 2000, 0.0": Copy(whole.song.id, "whole")}


@pytest.mark.parametrize("is_elsewhere", [True, False])
def test_a_part_that_a_whole_copy_replaces_is_remembered_unless_that_lies_in_its_place(
    store: Store, is_elsewhere: bool
) -> None:
    place = ELSEWHERE if is_elsewhere else PLACE
    learned(store, heard(1, until=2000, stated_s=LENGTH_S, **place))
    [whole] = learned(store, heard(1, **PLACE))
    assert len(whole.replaced) == 1
    expected = {"1 to 2000, 0.0": Copy(whole.song.id, "whole")}
    assert store.copies() == (expected if is_elsewhere else {})


def test_a_copy_that_is_learned_as_a_song_of_its_own_is_none_any_more(store: Store) -> None:
    learned(store, entry(1), twin(1))
    assert store.known_file("twin", allow_duplicates=True) is None
    own = store.add_song(*twin(1)).song
    assert store.copies() == {}
    assert store.known_file("twin") == Added(own, created=False, known_by="file")


def test_duplicates_that_are_allowed_are_no_copies(store: Store) -> None:
    store.add_songs([entry(1), twin(1)])
    assert store.copies() == {}


@pytest.mark.parametrize("way", ["remove", "clear"])
def test_copies_go_with_their_song(store: Store, way: str) -> None:
    first, second, *_ = learned(store, entry(1), entry(2), twin(1), twin(2, "another"))
    if way == "remove":
        store.remove(first.song.id)
        assert store.copies() == {"another": Copy(second.song.id, "audio")}
        assert store.known_file("twin") is None
        assert learned(store, twin(1))[0].created
    else:
        store.clear()
        assert store.copies() == {}
    assert store.check(full=True).ok


@pytest.mark.parametrize("foreign_keys", ["ON", "OFF"])
def test_they_go_in_plain_sql_too(tmp_path: Path, foreign_keys: str) -> None:
    with_a_copy(tmp_path / "index.db")
    with closing(sqlite3.connect(tmp_path / "index.db", isolation_level=None)) as connection:
        connection.execute(f"PRAGMA foreign_keys = {foreign_keys}")
        connection.execute("DELETE FROM songs WHERE id = 2")
    assert in_sql(tmp_path / "index.db", "SELECT * FROM copies") == []


def test_a_check_tells_of_a_copy_without_a_song(tmp_path: Path) -> None:
    with_a_copy(tmp_path / "index.db")
    in_sql(tmp_path / "index.db", "UPDATE copies SET song_id = 77")
    with open_store(tmp_path / "index.db", PACKED) as store:
        [problem] = store.check().problems
    assert problem == "copies has a row of song 77, which does not exist"


@pytest.mark.parametrize("layout", ["classic", "segments"])
def test_an_index_made_before_there_were_any_gets_them_when_it_is_opened(
    tmp_path: Path, layout: str
) -> None:
    path = tmp_path / "index.db"
    with_a_copy(path)
    tables = in_sql(path, "SELECT type, name, sql FROM sqlite_master ORDER BY name")
    without_table(path)
    if layout == "segments":
        convert(path)
    with open_store(path, PACKED) as store:
        assert store.copies() == {}
        assert learned(store, twin(2))[0].known_by == "audio"
        assert store.known_file("twin") is not None
        assert store.check(full=True).ok
    if layout == "classic":
        assert in_sql(path, "SELECT type, name, sql FROM sqlite_master ORDER BY name") == tables


def test_what_can_only_be_read_answers_with_and_without_them(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", megabytes=4) as disk:
        for name in ("with.db", "without.db"):
            with_a_copy(disk / name)
        without_table(disk / "without.db")
        make_read_only(disk)
        with open_store(disk / "with.db", PACKED) as store:
            assert store.copies() == {"twin": Copy(2, "audio")}
            # What is known needs no writing.
            assert learned(store, twin(2))[0].known_by == "audio"
            assert learned(store, twin(1, "new"))[0].known_by == "audio"
            assert list(store.copies()) == ["twin"]
        with open_store(disk / "without.db", PACKED) as store:
            assert store.copies() == {}
            assert store.known_file("twin") is None
            assert store.check(full=True).ok


def test_conversion_and_backup_keep_them(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    with_a_copy(path)
    assert convert(path)
    with open_store(path, PACKED) as store:
        assert store.copies() == {"twin": Copy(2, "audio")}
        store.backup(tmp_path / "backup.db")
    with open_store(tmp_path / "backup.db", PACKED) as store:
        assert store.copies() == {"twin": Copy(2, "audio")}
        store.remove(2)
        assert store.copies() == {}


def test_an_index_that_takes_the_place_of_another_one_takes_those_of_its_songs_over(
    tmp_path: Path,
) -> None:
    path, new = tmp_path / "index.db", tmp_path / "new.db"
    with_a_copy(path)
    with open_store(path, PACKED) as store:
        learned(store, twin(1, "of a song that is gone"))
    with new_store(new, "text", "segments") as store:
        store.add_songs([entry(7), entry(2)])
        new_id = store.songs()[1].id
        store.remove(store.songs()[0].id)
    old = swapping.inventory(path, 0.05)
    assert swapping.swap(new, path, expected=old, busy_timeout_s=0.05)
    with open_store(path, None) as store:
        assert store.copies() == {"twin": Copy(new_id, "audio")}
        assert store.check(full=True).ok
