"""One store used by many threads, and on both sides of a fork."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from fpcore.errors import StoreBusyError, StoreError
from fpcore.store import SqliteStore
from tests.fpcore.store.material import entry, in_sql, new_store, rows, scan


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with new_store(tmp_path / "index.db") as opened:
        yield opened


def n_open_files(path: Path) -> int:
    """Return how many descriptors of this process are open on the database or its log."""
    links = [os.path.realpath(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")]
    return sum(link.startswith(str(path)) for link in links)


class TestReplacedFile:
    @pytest.mark.parametrize("way", ["replaced", "removed", "moved"])
    def test_nothing_is_read_from_or_written_to_a_file_that_is_gone(
        self, store: SqliteStore, tmp_path: Path, way: str
    ) -> None:
        store.add_song(*entry(0))
        other = tmp_path / "other.db"
        with new_store(other) as opened:
            opened.add_song(*entry(1))
        if way == "replaced":
            other.replace(store.path)
        elif way == "removed":
            store.path.unlink()
        else:
            store.path.rename(tmp_path / "away.db")
        for act in (store.songs, lambda: store.add_song(*entry(2)), store.songs):
            with pytest.raises(StoreError, match=r"index\.db was replaced or removed while it was"):
                act()

    def test_a_file_that_is_back_is_used_again(self, store: SqliteStore, tmp_path: Path) -> None:
        store.add_song(*entry(0))
        store.path.rename(tmp_path / "away.db")
        with pytest.raises(StoreError):
            store.songs()
        (tmp_path / "away.db").rename(store.path)
        store.add_song(*entry(1))
        assert [song.name for song in store.songs()] == ["song 0", "song 1"]


class TestThreads:
    def test_write_and_read_at_once_and_lose_nothing(self, store: SqliteStore) -> None:
        n_writers, n_readers, n_each = 6, 6, 8
        store.add_song(*entry(0))
        tokens = np.unique(entry(0)[1].token)
        begin = threading.Barrier(n_writers + n_readers)

        def write(writer: int) -> list[int]:
            begin.wait()
            seeds = range(1 + writer * n_each, 1 + (writer + 1) * n_each)
            return [store.add_song(*entry(seed)).song.id for seed in seeds]

        def read(_: int) -> list[int]:
            begin.wait()
            counts = []
            for _ in range(30):
                n_songs = store.n_songs()
                found = store.lookup(tokens)
                assert len(np.unique(found.song_id)) >= n_songs
                counts.append(n_songs)
            return counts

        with ThreadPoolExecutor(n_writers + n_readers) as threads:
            written = [threads.submit(write, number) for number in range(n_writers)]
            counted = [threads.submit(read, number) for number in range(n_readers)]
        ids = {song_id for future in written for song_id in future.result()}
        assert len(ids) == n_writers * n_each
        for future in counted:
            assert future.result() == sorted(future.result())
        songs = {song.id: entry(int(song.metadata["seed"]))[1] for song in store.songs()}  # type: ignore[arg-type]
        assert ids < songs.keys()
        assert rows(store.lookup(tokens)) == scan(songs, tokens)
        assert store.check(full=True).ok

    def test_learning_one_content_at_once_makes_one_song(self, store: SqliteStore) -> None:
        n_threads = 12
        begin = threading.Barrier(n_threads)

        def write(number: int) -> tuple[int, bool]:
            begin.wait()
            added = store.add_song(*entry(1, name=f"name {number}"))
            return added.song.id, added.created

        with ThreadPoolExecutor(n_threads) as threads:
            results = list(threads.map(write, range(n_threads)))
        assert len({song_id for song_id, _ in results}) == 1
        assert sum(created for _, created in results) == 1
        assert store.n_songs() == 1

    def test_a_reader_does_not_wait_for_a_writer(self, store: SqliteStore) -> None:
        store.add_song(*entry(1))
        with store._pool.writing() as connection:
            connection.execute("DELETE FROM songs")
            with ThreadPoolExecutor(1) as threads:
                assert threads.submit(store.n_songs).result(timeout=60) == 1
                assert threads.submit(store.check, full=True).result(timeout=60).ok
        assert store.n_songs() == 0

    def test_known_content_does_not_wait_for_a_writer(self, store: SqliteStore) -> None:
        song = store.add_song(*entry(1)).song
        with store._pool.writing(), ThreadPoolExecutor(1) as threads:
            again = threads.submit(store.add_song, *entry(1)).result(timeout=60)
        assert (again.song, again.created) == (song, False)

    def test_a_writer_that_waits_too_long_says_so(self, tmp_path: Path) -> None:
        with new_store(tmp_path / "index.db", busy_timeout_s=0.05) as store:
            with store._pool.writing(), ThreadPoolExecutor(1) as threads:
                attempt = threads.submit(store.add_song, *entry(1))
                with pytest.raises(StoreBusyError, match=r"locked by another writer .* 0\.05 s"):
                    attempt.result(timeout=60)
            assert store.add_song(*entry(1)).created

    @pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts open files in /proc")
    def test_closing_closes_every_file(self, store: SqliteStore) -> None:
        store.add_song(*entry(1))
        assert n_open_files(store.path) > 0
        with store._pool.reading() as connection:
            store.close()
            assert connection.execute("SELECT count(*) FROM songs").fetchone() == (1,)
        assert n_open_files(store.path) == 0
        assert [file.name for file in store.path.parent.iterdir()] == ["index.db"]

    def test_a_connection_that_met_an_error_is_not_used_again(self, store: SqliteStore) -> None:
        store.n_songs()
        with pytest.raises(StoreError, match="no such table"), store._pool.reading() as broken:
            broken.execute("SELECT * FROM nowhere")
        assert broken not in store._pool._idle
        assert store.n_songs() == 0

    def test_an_interrupt_in_a_write_leaves_nothing_and_frees_the_lock(
        self, store: SqliteStore
    ) -> None:
        with pytest.raises(KeyboardInterrupt), store._pool.writing() as connection:
            connection.execute("INSERT INTO songs SELECT 1, 'half', 'c', 1, 1, '', '{}', 1, 1, ''")
            raise KeyboardInterrupt
        assert store.n_songs() == 0
        assert store.add_song(*entry(1)).created


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")


def in_fork(work: Callable[..., object], *args: object) -> multiprocessing.process.BaseProcess:
    process = multiprocessing.get_context("fork").Process(target=work, args=args)
    process.start()
    return process


# A warning of Python 3.12 about forks in the presence of threads: that is what is tested.
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
@needs_fork
class TestForks:
    def test_both_sides_write_while_the_other_is_still_open(self, store: SqliteStore) -> None:
        store.add_song(*entry(0))
        pipe, childs_pipe = multiprocessing.get_context("fork").Pipe()

        def child() -> None:
            store.add_song(*entry(1))
            childs_pipe.send("written")
            childs_pipe.recv()
            store.add_song(*entry(2))
            childs_pipe.send("acknowledged")
            childs_pipe.recv()

        process = in_fork(child)
        assert pipe.poll(60)
        assert pipe.recv() == "written"
        assert store.n_songs() == 2
        store.add_song(*entry(3))
        # The parent leaves first: were its locks taken for the child's too, it would now delete
        # the log that the child goes on to write.
        store.close()
        pipe.send("go on")
        assert pipe.poll(60)
        assert pipe.recv() == "acknowledged"
        process.kill()
        process.join(60)
        with new_store(store.path) as again:
            assert sorted(song.metadata["seed"] for song in again.songs()) == [0, 1, 2, 3]  # type: ignore[type-var]
            assert again.check(full=True).ok

    def test_a_child_inherits_no_connection(self, store: SqliteStore) -> None:
        store.add_song(*entry(0))
        parents = list(store._pool._idle)
        assert parents

        def child() -> None:
            assert store._pool._idle == []
            store.n_songs()
            assert store._pool._idle

        process = in_fork(child)
        process.join(60)
        assert process.exitcode == 0

    def test_forks_during_writes_of_other_threads_lose_nothing(self, store: SqliteStore) -> None:
        n_writers, n_each, n_forks = 3, 10, 6

        def write(writer: int) -> None:
            for seed in range(writer * n_each, (writer + 1) * n_each):
                store.add_song(*entry(seed))

        with ThreadPoolExecutor(n_writers) as threads:
            writing = [threads.submit(write, number) for number in range(n_writers)]
            children = [in_fork(store.add_song, *entry(1000 + n)) for n in range(n_forks)]
            for future in writing:
                future.result(timeout=120)
        for process in children:
            process.join(60)
            assert process.exitcode == 0
        assert store.n_songs() == n_writers * n_each + n_forks
        assert store.check(full=True).ok

    def test_a_closed_store_does_not_hinder_a_fork(self, store: SqliteStore) -> None:
        store.close()
        process = in_fork(lambda: None)
        process.join(60)
        assert process.exitcode == 0


def test_pragmas_hold_on_every_connection(store: SqliteStore) -> None:
    with store._pool.reading() as connection:
        found = {
            name: connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("synchronous", "foreign_keys", "journal_mode", "busy_timeout")
        }
    assert found == {
        "synchronous": 2,
        "foreign_keys": 1,
        "journal_mode": "wal",
        "busy_timeout": 30_000,
    }
    assert in_sql(store.path, "PRAGMA quick_check") == [("ok",)]
