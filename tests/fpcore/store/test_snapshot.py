"""The snapshot beside an index: it changes no answer, and it is refused when it is not true."""

from __future__ import annotations

import logging
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from hypothesis import settings
from hypothesis.stateful import rule

from fpcore.errors import StoreBusyError, StoreError, StoreFullError
from fpcore.records import Hashes, LongArray
from fpcore.store import (
    NewSong,
    SqliteStore,
    open_store,
    posting_rows,
    snapshot,
    snapshot_use,
    swapping,
)
from fpcore.store.snapshot import HEADER_BYTES, Snapshot
from tests.fpcore.store import programs
from tests.fpcore.store.disks import small_disk
from tests.fpcore.store.material import (
    CONFIGS,
    PACKED,
    constellation,
    entry,
    in_sql,
    new_store,
    rows,
    scan,
)
from tests.fpcore.store.test_model import StoreMachine

N_SONGS = 6
TOKENS = np.unique(np.concatenate([entry(seed)[1].token for seed in range(N_SONGS + 3)]))

Rows = list[tuple[int, int, int]]


@pytest.fixture(params=sorted(CONFIGS))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqliteStore]:
    with new_store(tmp_path / "index.db", request.param) as opened:
        opened.add_songs(entry(seed) for seed in range(N_SONGS))
        yield opened


def by_sqlite(store: SqliteStore, tokens: LongArray = TOKENS) -> Rows:
    """Return what the index itself answers."""
    with store._pool.reading() as connection:
        return rows(posting_rows.select(connection, tokens, store._stored_form, after=-1))


def in_use(store: SqliteStore) -> bool:
    state = store.snapshot()
    return state is not None and state.refusal is None


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


def test_of_an_empty_index_it_is_empty(tmp_path: Path) -> None:
    with new_store(tmp_path / "index.db") as store:
        made = store.make_snapshot()
        assert (made.n_songs, made.n_postings) == (0, 0)
        assert rows(store.lookup(TOKENS)) == []
        store.add_song(*entry(1))
        assert rows(store.lookup(TOKENS)) == by_sqlite(store) != []
        assert store.check(full=True).ok


def test_it_holds_frames_and_runs_longer_than_16_bits(tmp_path: Path) -> None:
    frame = np.arange(70_000, dtype=np.int32)
    frame[-1] = 2**31 - 2
    tokens = np.where(frame % 3, 7, PACKED.n_tokens - 1)
    with new_store(tmp_path / "index.db") as store:
        store.add_song(NewSong("long", "c", 1.0), Hashes(tokens, frame), constellation(0))
        store.add_song(*entry(1))
        store.make_snapshot()
        wanted = np.array([7, PACKED.n_tokens - 1])
        assert len(by_sqlite(store, wanted)) == 70_000
        assert rows(store.lookup(wanted)) == by_sqlite(store, wanted)


def test_a_posting_takes_few_bytes(tmp_path: Path) -> None:
    with new_store(tmp_path / "index.db") as store:
        store.add_songs(entry(seed, n_hashes=20_000) for seed in range(4))
        made = store.make_snapshot()
        assert made.file_bytes < 10 * made.n_postings


class SnapshotMachine(StoreMachine):
    """Look-ups equal the model's, whatever becomes of songs, snapshots and backups."""

    @rule()
    def make_snapshot(self) -> None:
        made = self.store.make_snapshot()
        assert made.refusal is None
        assert made.n_songs == len(self.model)

    @rule()
    def keep_a_backup(self) -> None:
        kept = self.path.with_name("kept")
        kept.unlink(missing_ok=True)
        self.store.backup(kept)
        self.kept = (kept, dict(self.model), set(self.ever), self.kind)

    @rule()
    def put_the_backup_back(self) -> None:
        """And leave the snapshot: from here on, ids of its songs may be given again."""
        if not hasattr(self, "kept"):
            return
        kept, model, ever, _ = self.kept
        self.store.close()
        for suffix in ("-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        shutil.copy(kept, self.path)
        self.model, self.ever = dict(model), set(ever)
        self.store = new_store(self.path, self.kind)

    @rule()
    def take_the_snapshot_elsewhere(self) -> None:
        """Go on with a copy of the index, and with a copy of the snapshot."""
        before = snapshot.path_of(self.path)
        self.go_on_with_a_backup()
        if before.exists():
            shutil.copy(before, snapshot.path_of(self.path))


SnapshotMachine.TestCase.settings = settings(
    max_examples=40, stateful_step_count=25, deadline=None, derandomize=True
)
TestWithSnapshotsAStoreBehavesLikeADict = SnapshotMachine.TestCase


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


# When it is replaced


def test_whoever_holds_the_old_one_goes_on_with_it(store: SqliteStore) -> None:
    path = store.make_snapshot().path
    held, every = Snapshot.open(path), np.ones(N_SONGS, np.bool_)
    before = rows(held.lookup(TOKENS, every))
    store.clear()
    store.make_snapshot()
    assert rows(held.lookup(TOKENS, every)) == before
    assert rows(store.lookup(TOKENS)) == []


@pytest.fixture
def long_songs(tmp_path: Path) -> Iterator[SqliteStore]:
    """An index that is read in several parts, with a snapshot that lacks the last song."""
    with new_store(tmp_path / "index.db") as store:
        store.add_songs(entry(seed, n_hashes=60_000) for seed in range(3))
        store.make_snapshot()
        store.add_song(*entry(3, n_hashes=60_000))
        yield store


def files_beside(store: SqliteStore) -> set[str]:
    ours = {store.path.name + suffix for suffix in ("", "-wal", "-shm")}
    return {path.name for path in store.path.parent.iterdir()} - ours


def test_a_killed_builder_leaves_the_old_one(long_songs: SqliteStore) -> None:
    store = long_songs
    before = store.snapshot()
    for n_lines in (1, 2, 3):
        builder = programs.start("snapshot", store.path)
        for _ in range(n_lines):
            assert programs.line(builder)
            builder.stdin.write("go on\n")  # type: ignore[union-attr]
            builder.stdin.flush()  # type: ignore[union-attr]
        builder.send_signal(signal.SIGKILL)
        programs.rest(builder)
        assert store.snapshot() == before
        assert rows(store.lookup(TOKENS)) == by_sqlite(store)
        assert files_beside(store) == {"index.db.snapshot", "index.db.snapshot.partial"}
    assert store.make_snapshot().n_songs == 4
    assert files_beside(store) == {"index.db.snapshot"}
    assert rows(store.lookup(TOKENS)) == by_sqlite(store)


def test_of_two_builders_at_once_the_second_is_told_to_wait(long_songs: SqliteStore) -> None:
    store = long_songs
    builder = programs.start("snapshot", store.path)
    assert programs.line(builder)
    with pytest.raises(StoreBusyError, match=r"partial is being written by another program: wait"):
        store.make_snapshot()
    builder.communicate("go on\n" * 100, timeout=60)
    state = store.snapshot()
    assert state is not None
    assert (state.n_songs, state.n_newer) == (4, 0)
    assert store.make_snapshot().n_songs == 4


def test_an_interrupted_builder_cleans_up(long_songs: SqliteStore) -> None:
    before = long_songs.snapshot()

    def interrupt(n_done: int, n_postings: int) -> None:
        assert 0 < n_done < n_postings
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        long_songs.make_snapshot(interrupt)
    assert long_songs.snapshot() == before
    assert files_beside(long_songs) == {"index.db.snapshot"}


def test_progress_reaches_the_end(long_songs: SqliteStore) -> None:
    told: list[tuple[int, int]] = []
    long_songs.make_snapshot(lambda *done: told.append(done))
    n_postings = long_songs.stats().n_postings
    assert len(told) >= 3
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1] == (n_postings, n_postings)


def test_a_full_disk_keeps_the_old_one(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", megabytes=8) as disk, new_store(disk / "index.db") as store:
        store.add_songs(entry(seed, n_hashes=3000) for seed in range(3))
        before = store.make_snapshot()
        store.add_songs(entry(seed, n_hashes=60_000) for seed in range(3, 6))
        in_sql(store.path, "PRAGMA wal_checkpoint(TRUNCATE)")
        ballast = disk / "ballast"
        room = os.statvfs(disk)
        ballast.write_bytes(bytes(max(room.f_bavail * room.f_frsize - 400_000, 0)))
        with pytest.raises(StoreFullError, match=r"no room to write .*snapshot: nothing was"):
            store.make_snapshot()
        assert files_beside(store) == {"index.db.snapshot", "ballast"}
        state = store.snapshot()
        assert state is not None
        assert (state.n_songs, state.n_newer) == (before.n_songs, 3)
        assert rows(store.lookup(TOKENS)) == by_sqlite(store)
        ballast.unlink()
        assert store.make_snapshot().n_newer == 0


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="reads what is mapped in /proc")
def test_a_closed_store_lets_go_of_it(store: SqliteStore) -> None:
    path = str(store.make_snapshot().path)
    assert path in Path("/proc/self/maps").read_text()
    store.close()
    with pytest.raises(StoreError, match="was closed"):
        store.lookup(TOKENS)
    assert path not in Path("/proc/self/maps").read_text()


def test_what_cannot_be_written_is_told(store: SqliteStore) -> None:
    path = snapshot.path_of(store.path)
    path.mkdir()
    with pytest.raises(StoreError, match=r"index\.db\.snapshot cannot be written: Is a directory"):
        store.make_snapshot()
    assert not store.check().ok
    assert rows(store.lookup(TOKENS)) == by_sqlite(store)


# When it is refused


def refused(store: SqliteStore, reason: str) -> None:
    """Assert that the index answers without the snapshot, and that this is told."""
    expected = by_sqlite(store)
    assert rows(store.lookup(TOKENS)) == expected
    state = store.snapshot()
    assert state is not None
    assert state.refusal is not None
    assert "\n" not in state.refusal
    assert reason in state.refusal
    assert state.refusal.endswith("make a new one with `fpcore snapshot`")
    assert store.check().problems == (state.refusal,)
    assert store.make_snapshot().refusal is None
    assert rows(store.lookup(TOKENS)) == expected
    assert store.check(full=True).ok


def rewritten(path: Path, change: Callable[[bytearray], object]) -> None:
    content = bytearray(path.read_bytes())
    changed = change(content)
    path.write_bytes(content if changed is None else bytes(changed))  # type: ignore[call-overload]


@pytest.mark.parametrize("kept", [0, 1, HEADER_BYTES - 1, HEADER_BYTES, -4000, -1])
def test_one_that_is_cut_short(store: SqliteStore, kept: int) -> None:
    path = store.make_snapshot().path
    rewritten(path, lambda content: content[:kept])
    refused(store, "cut short")


def test_one_that_is_something_else(store: SqliteStore) -> None:
    path = store.make_snapshot().path
    path.write_bytes(b"RIFF....WAVE" * 10_000)
    refused(store, "is no snapshot of an index")


def test_one_of_another_version(store: SqliteStore) -> None:
    path = store.make_snapshot().path
    rewritten(path, lambda content: content.replace(b"snapshot 1 ", b"snapshot 2 ", 1))
    refused(store, "another version of fpcore")


def test_one_whose_header_has_changed(store: SqliteStore) -> None:
    path = store.make_snapshot().path
    rewritten(path, lambda content: content.replace(b'"offset":', b'"offset":1', 1))
    refused(store, "header")


def test_one_whose_postings_point_nowhere(store: SqliteStore) -> None:
    path = store.make_snapshot().path
    column = Snapshot.open(path).columns["place"]
    n_bytes = column.size * column.itemsize

    def spoil(content: bytearray) -> None:
        at = content.find(column.tobytes())
        content[at : at + n_bytes] = b"\xff" * n_bytes

    rewritten(path, spoil)
    assert store.check().ok  # nobody has traces yet
    refused(store, "is damaged")


@pytest.mark.parametrize("name", snapshot.COLUMNS)
def test_a_changed_column_is_found_by_the_full_check(store: SqliteStore, name: str) -> None:
    path = store.make_snapshot().path
    octets = Snapshot.open(path).columns[name].tobytes()

    def spoil(content: bytearray) -> None:
        content[content.find(octets) + len(octets) - 1] ^= 1

    assert store.check(full=True).ok
    rewritten(path, spoil)
    (problem,) = store.check(full=True).problems
    assert str(path) in problem
    # A song that is not the one it was makes it another index's.
    assert "is damaged" in problem or name in ("song_id", "song_key")
    assert rows(store.lookup(TOKENS)) == by_sqlite(store)


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


def test_it_goes_when_another_index_takes_the_place_of_its_own(
    store: SqliteStore, tmp_path: Path
) -> None:
    path = store.make_snapshot().path
    store.close()
    with new_store(tmp_path / "new.db", "text") as new:
        new.add_song(*entry(1))
    expected = swapping.inventory(store.path, 5.0)
    assert swapping.swap(tmp_path / "new.db", store.path, expected=expected, busy_timeout_s=5.0)
    assert not path.exists()


def test_a_refusal_is_logged_once(store: SqliteStore, caplog: pytest.LogCaptureFixture) -> None:
    path = store.make_snapshot().path
    path.write_bytes(b"?" * 10_000)
    with caplog.at_level(logging.WARNING, logger=snapshot_use.__name__):
        for _ in range(3):
            store.lookup(TOKENS)
    (record,) = caplog.records
    assert "is no snapshot of an index" in record.getMessage()
