"""A snapshot in use changes no answer, and one that is not true of its index is refused."""

from __future__ import annotations

import logging
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import numpy as np
import pytest

from fpcore.errors import StoreError
from fpcore.store import SqliteStore, open_store, posting_rows, snapshot, snapshot_use
from tests.fpcore.store.material import N_SONGS, entry, new_store, rows, scan
from tests.fpcore.store.snapshots import TOKENS, by_sqlite, in_use, refused

# What it answers


def test_it_answers_what_the_index_answers(store: SqliteStore) -> None:
    expected = by_sqlite(store)
    assert len(expected) > 1000
    assert store.snapshot() is None
    made = store.make_snapshot()
    assert (made.n_songs, made.n_removed, made.n_newer, made.refusal) == (N_SONGS, 0, 0, None)
    assert made.n_postings == store.stats().n_postings
    assert made.file_bytes == made.path.stat().st_size
    assert rows(store.lookup(TOKENS)) == expected
    backwards = TOKENS[::-1].copy()
    assert rows(store.lookup(backwards)) == by_sqlite(store, backwards)
    for nothing in (np.empty(0, np.int64), np.array([-5, 2**62])):
        assert rows(store.lookup(nothing)) == []


def test_it_answers_alone_where_nothing_was_learned_since(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = by_sqlite(store)
    store.make_snapshot()

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the postings of the index were read")

    monkeypatch.setattr(posting_rows, "select", refuse)
    assert rows(store.lookup(TOKENS)) == expected
    store.remove(2)
    assert rows(store.lookup(TOKENS)) == [row for row in expected if row[1] != 2]


def test_songs_that_came_and_went_since_are_told_apart(store: SqliteStore) -> None:
    store.make_snapshot()
    store.remove(2)
    store.remove(5)
    new = [store.add_song(*entry(seed)).song.id for seed in (N_SONGS, N_SONGS + 1)]
    store.remove(new[0])
    songs = {seed + 1: entry(seed)[1] for seed in range(N_SONGS) if seed + 1 not in (2, 5)}
    songs[new[1]] = entry(N_SONGS + 1)[1]
    assert rows(store.lookup(TOKENS)) == scan(songs, TOKENS) == by_sqlite(store)
    state = store.snapshot()
    assert state is not None
    assert (state.n_songs, state.n_removed, state.n_newer) == (N_SONGS, 2, 1)
    fresh = store.make_snapshot()
    assert (fresh.n_songs, fresh.n_removed, fresh.n_newer) == (N_SONGS - 1, 0, 0)
    assert rows(store.lookup(TOKENS)) == by_sqlite(store)


def test_another_store_of_the_same_index_uses_it_too(store: SqliteStore) -> None:
    with open_store(store.path, None) as other:
        expected = rows(other.lookup(TOKENS))
        store.make_snapshot()
        assert in_use(other)
        assert rows(other.lookup(TOKENS)) == expected
        store.remove(1)
        assert rows(other.lookup(TOKENS)) == by_sqlite(store)


def test_one_that_was_made_by_a_link_is_used_by_all(store: SqliteStore, tmp_path: Path) -> None:
    link = tmp_path / "elsewhere" / "link.db"
    link.parent.mkdir()
    link.symlink_to(store.path)
    with open_store(link, None) as linked:
        linked.make_snapshot()
        assert in_use(linked)
    assert list(link.parent.iterdir()) == [link]
    assert in_use(store)


def test_look_ups_stay_right_while_songs_and_snapshots_come_and_go(tmp_path: Path) -> None:
    done = Event()
    with new_store(tmp_path / "index.db") as store:
        store.add_songs(entry(seed) for seed in range(4))
        store.make_snapshot()
        expected = [row for row in by_sqlite(store) if row[1] <= 3]  # these three stay

        def learn_and_remove() -> None:
            for seed in range(100, 140):
                song = store.add_song(*entry(seed)).song
                if seed % 3:
                    store.remove(song.id)

        def renew() -> int:
            n_made = 0
            while not done.is_set():
                store.make_snapshot()
                n_made += 1
            return n_made

        def look_up() -> int:
            n_asked = 0
            while not done.is_set():
                with store._pool.reading() as connection:
                    (low,) = connection.execute("SELECT count(*) FROM songs").fetchone()
                found = rows(store.lookup(TOKENS))
                assert [row for row in found if row[1] <= 3] == expected
                assert len({song for _, song, _ in found}) >= min(low, 4) - 1
                n_asked += 1
            return n_asked

        with ThreadPoolExecutor(4) as threads:
            others = [threads.submit(renew), threads.submit(look_up), threads.submit(look_up)]
            try:
                threads.submit(learn_and_remove).result()
            finally:
                done.set()
            assert all(other.result() > 0 for other in others)
        assert rows(store.lookup(TOKENS)) == by_sqlite(store)
        assert in_use(store)


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="reads what is mapped in /proc")
def test_a_closed_store_lets_go_of_it(store: SqliteStore) -> None:
    path = str(store.make_snapshot().path)
    assert path in Path("/proc/self/maps").read_text()
    store.close()
    with pytest.raises(StoreError, match="was closed"):
        store.lookup(TOKENS)
    assert path not in Path("/proc/self/maps").read_text()


# When it is refused


def test_one_of_an_index_with_another_configuration(tmp_path: Path) -> None:
    with new_store(tmp_path / "index.db") as store, new_store(tmp_path / "b.db", "text") as other:
        for each in (store, other):
            each.add_songs(entry(seed) for seed in range(N_SONGS))
        shutil.copy(other.make_snapshot().path, snapshot.path_of(store.path))
        refused(store, "another configuration")


def test_one_of_another_index(store: SqliteStore, tmp_path: Path) -> None:
    kind = store.config.token
    with new_store(tmp_path / "other.db", kind) as other:
        other.add_songs(entry(seed) for seed in range(20, 20 + N_SONGS))
        shutil.copy(other.make_snapshot().path, snapshot.path_of(store.path))
    refused(store, "another index")


def test_one_of_a_later_state(store: SqliteStore, tmp_path: Path) -> None:
    """A backup is put back: the next songs get ids that the snapshot gives to others."""
    kind = store.config.token
    store.backup(tmp_path / "kept.db")
    store.add_songs(entry(seed) for seed in (20, 21))
    path = store.make_snapshot().path
    store.close()
    shutil.copy(path, snapshot.path_of(tmp_path / "kept.db"))
    with new_store(tmp_path / "kept.db", kind) as back:
        back.add_song(*entry(N_SONGS))
        refused(back, "of a later state of this one")


def test_one_whose_last_ids_are_yet_to_be_given_again(store: SqliteStore, tmp_path: Path) -> None:
    """All songs of the backup are in the snapshot, but the next ones will not be."""
    kind = store.config.token
    store.backup(tmp_path / "kept.db")
    store.add_songs(entry(seed) for seed in (20, 21))
    shutil.copy(store.make_snapshot().path, snapshot.path_of(tmp_path / "kept.db"))
    with new_store(tmp_path / "kept.db", kind) as back:
        assert rows(back.lookup(TOKENS)) == by_sqlite(back)
        back.remove(1)
        back.add_song(*entry(N_SONGS))
        refused(back, "of a later state of this one")


def test_a_refusal_is_logged_once(store: SqliteStore, caplog: pytest.LogCaptureFixture) -> None:
    path = store.make_snapshot().path
    path.write_bytes(b"?" * 10_000)
    with caplog.at_level(logging.WARNING, logger=snapshot_use.__name__):
        for _ in range(3):
            store.lookup(TOKENS)
    (record,) = caplog.records
    assert "is no snapshot of an index" in record.getMessage()
