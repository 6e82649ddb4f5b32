"""Conversion to segments: the same answers, in the same file, whatever happens on the way."""

from __future__ import annotations

import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from fpcore.errors import StoreBusyError, StoreError
from fpcore.store import SqliteStore, open_store, schema, snapshot
from fpcore.store.conversion import BATCH_SONGS, convert
from tests.fpcore.store.disks import fill, small_disk
from tests.fpcore.store.material import CONFIGS, PACKED, entry, in_sql, new_store, rows, scan
from tests.fpcore.store.programs import Program

N_SONGS = 2 * BATCH_SONGS + 5
TOKENS = np.unique(np.concatenate([entry(seed)[1].token for seed in (0, 7, 30)]))


def _version(path: Path) -> int:
    return int(in_sql(path, "PRAGMA user_version")[0][0])


def _learn(store: SqliteStore, *seeds: int) -> None:
    store.add_songs([entry(seed) for seed in seeds])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """An index in the classic layout, of which a song was removed."""
    with new_store(tmp_path / "index.db") as store:
        _learn(store, *range(N_SONGS))
        store.remove(3)
    return tmp_path / "index.db"


@pytest.mark.parametrize("kind", list(CONFIGS))
def test_songs_answers_and_checks_stay_the_same_and_it_is_smaller(
    tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "index.db"
    with new_store(path, kind) as store:
        _learn(store, *range(N_SONGS))
        store.remove(3)
        before = store.songs(), rows(store.lookup(TOKENS)), store.constellation(8)
        store.make_snapshot()
    size, told = path.stat().st_size, list[tuple[int, int]]()
    assert convert(path, note=lambda *done: told.append(done))
    assert path.stat().st_size < 0.6 * size
    assert told[:2] == [(BATCH_SONGS, N_SONGS - 1), (2 * BATCH_SONGS, N_SONGS - 1)]
    assert told[-1] == (N_SONGS - 1, N_SONGS - 1)
    assert not snapshot.path_of(path).exists()
    with open_store(path, CONFIGS[kind]) as store:
        after = store.songs(), rows(store.lookup(TOKENS)), store.constellation(8)
        assert after[:2] == before[:2]
        np.testing.assert_array_equal(after[2].frame, before[2].frame)
        assert store.check(full=True).problems == ()
        _learn(store, 2, 900)
        assert [song.id for song in store.songs()[-2:]] == [N_SONGS + 1, N_SONGS + 2]
        store.remove(1)
        songs = {song.id: entry(song.metadata["seed"])[1] for song in store.songs()}  # type: ignore[arg-type]
        assert rows(store.lookup(TOKENS)) == scan(songs, TOKENS)
        assert store.check(full=True).problems == ()


def test_its_tables_are_those_of_a_new_index(path: Path, tmp_path: Path) -> None:
    convert(path)
    with new_store(tmp_path / "new.db", layout="segments") as store:
        _learn(store, 0)
    tables = "SELECT type, name, sql FROM sqlite_master ORDER BY type, name"
    assert in_sql(path, tables) == in_sql(tmp_path / "new.db", tables)
    names = "SELECT key FROM meta ORDER BY key"
    assert in_sql(path, names) == in_sql(tmp_path / "new.db", names)


def test_one_in_the_layout_already_is_left_alone(path: Path) -> None:
    assert convert(path)
    content = path.read_bytes()
    assert not convert(path)
    assert path.read_bytes() == content


class StoppedError(Exception):
    pass


def test_interrupted_it_is_in_use_as_before_and_goes_on_where_it_was(path: Path) -> None:
    def stop(n_done: int, _n_songs: int) -> None:
        if n_done >= BATCH_SONGS:
            raise StoppedError

    with pytest.raises(StoppedError):
        convert(path, note=stop)
    with open_store(path, PACKED) as store:  # others learn and remove meanwhile
        assert _version(path) == schema.VERSIONS["classic"]
        assert store.check(full=True).problems == ()
        store.remove(5)
        store.remove(N_SONGS)
        _learn(store, 500)
    with closing(sqlite3.connect(path)) as other:  # which knows of no foreign keys
        other.execute("DELETE FROM songs WHERE id = 6")
        other.commit()
    told: list[tuple[int, int]] = []
    assert convert(path, note=lambda *done: told.append(done))
    assert told[0][0] > BATCH_SONGS
    with open_store(path, PACKED) as store:
        left = {*range(N_SONGS), 500} - {2, 4, 5, N_SONGS - 1}
        assert {song.metadata["seed"] for song in store.songs()} == left
        songs = {song.id: entry(song.metadata["seed"])[1] for song in store.songs()}  # type: ignore[arg-type]
        assert rows(store.lookup(TOKENS)) == scan(songs, TOKENS)
        assert store.check(full=True).problems == ()


def test_while_another_program_has_it_open_only_the_end_waits(path: Path) -> None:
    with open_store(path, PACKED) as store:
        expected = rows(store.lookup(TOKENS))
        with pytest.raises(StoreBusyError, match="open in another program"):
            convert(path, busy_timeout_s=0.05)
        assert rows(store.lookup(TOKENS)) == expected
        assert _version(path) == schema.VERSIONS["classic"]
    assert convert(path)
    with open_store(path, PACKED) as store:
        assert rows(store.lookup(TOKENS)) == expected


def test_kills_at_any_step_leave_one_layout_or_the_other(path: Path, tmp_path: Path) -> None:
    whole = path.read_bytes()
    with open_store(path, PACKED) as store:
        expected, songs = rows(store.lookup(TOKENS)), store.songs()
    versions = []
    for n_steps in (50, 20_000, 100_000, 200_000, 250_000, 300_000, 10_000_000):
        path.write_bytes(whole)
        program = Program("convert and die", path, n_steps)
        done = program.rest() == ["done"]
        assert done or program.exit_code == -signal.SIGKILL
        versions.append(_version(path))
        assert in_sql(path, "PRAGMA integrity_check") == [("ok",)]
        with open_store(path, PACKED) as store:
            assert (store.songs(), rows(store.lookup(TOKENS))) == (songs, expected)
        assert convert(path) == (versions[-1] == schema.VERSIONS["classic"])
    assert versions == sorted(versions)
    assert set(versions) == set(schema.VERSIONS.values())


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM song_tokens WHERE song_id = 9",
        "UPDATE song_tokens SET tokens = '[1, 2' WHERE song_id = 9",
        "DELETE FROM fingerprints WHERE song_id = 9 AND absolute_time > 2000",
    ],
)
def test_a_damaged_song_is_named_and_the_index_stays_as_it_is(path: Path, damage: str) -> None:
    in_sql(path, damage)
    with pytest.raises(StoreError, match=r"damaged at song 9, .*`fpcore remove 9`"):
        convert(path)
    assert _version(path) == schema.VERSIONS["classic"]


def test_what_is_no_index_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no index"):
        convert(tmp_path / "none.db")
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE mine (a)")
        other.commit()
    with pytest.raises(StoreError, match="another application"):
        convert(tmp_path / "other.db")


@pytest.mark.parametrize("room", [0, 60_000, 200_000, 400_000])
def test_a_disk_that_fills_up_leaves_one_layout_or_the_other(
    tmp_path: Path, path: Path, caplog: pytest.LogCaptureFixture, room: int
) -> None:
    with small_disk(tmp_path / "disk", megabytes=2) as disk:
        moved = disk / "index.db"
        moved.write_bytes(path.read_bytes())
        fill(disk, but_bytes=room)
        try:
            assert convert(moved)
        except StoreError as error:
            assert "no room" in str(error)
            (disk / "ballast").unlink()
            assert convert(moved)
        else:
            assert room > 0
            stays = "stays as large as it was" in caplog.text
            assert stays == (room < 220_000)
        with open_store(moved, PACKED) as store:
            songs = {song.id: entry(song.metadata["seed"])[1] for song in store.songs()}  # type: ignore[arg-type]
            assert len(songs) == N_SONGS - 1
            assert rows(store.lookup(TOKENS)) == scan(songs, TOKENS)
            assert store.check(full=True).problems == ()
