"""PostgreSQL store beside the contract: several machines, and what is refused in which words."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from fpcore.errors import StoreAwayError, StoreBusyError, StoreError, StoreReadOnlyError
from fpcore.places import Address
from fpcore.store import open_store, postgres_replica, postgres_schema, postgres_server
from fpcore.store.postgres import PostgresStore, replica_of
from tests import postgres
from tests.fpcore.store.hosts import follow, open_on, two
from tests.fpcore.store.material import PACKED, TEXT, entry, rows

PATIENCE_S = 120.0


@pytest.fixture
def url() -> Iterator[str]:
    """The address of an empty database."""
    with postgres.database(postgres.shared()) as made:
        yield made


def in_truth(url: str, statement: str) -> list[tuple[object, ...]]:
    """Run a statement as any other program would."""
    with postgres.shared().connected(url.rpartition("/")[2]) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def are_equal(one: PostgresStore, other: PostgresStore) -> bool:
    """Whether two machines give the same songs, copies, postings and constellations."""
    songs = one.songs()
    ids = [song.id for song in songs]
    tokens = np.unique(np.concatenate([entry(seed)[1].token for seed in range(9)]))
    some, others = one.constellations(ids), other.constellations(ids)
    return (
        songs == other.songs()
        and one.copies() == other.copies()
        and rows(one.lookup(tokens)) == rows(other.lookup(tokens))
        and all(np.array_equal(some[i].frame, others[i].frame) for i in ids)
    )


def test_a_machine_follows_what_another_learns_changes_and_removes(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_replica, "LATE_S", PATIENCE_S)
    with two(tmp_path, url) as (one, other):
        first, second, third = (a.song for a in one.add_songs(entry(seed) for seed in range(3)))
        follow(other)
        assert are_equal(one, other)
        other.add_song(*entry(1, checksum="other bytes"), allow_duplicates=False)
        other.remove(first.id)
        one.rename(second.id, "renamed")
        other.update_metadata(third.id, {"a": 1})
        other.add_song(*entry(5))
        follow(one)
        follow(other)
        assert are_equal(one, other)
        assert [song.name for song in one.songs()] == ["renamed", "song 2", "song 5"]
        assert one.find_copy("other bytes") is not None
        other.add_song(*entry(1, checksum="other bytes"))  # a song of its own from now on
        follow(one)
        assert one.find_copy("other bytes") is None
        for store in (one, other):
            assert store.check(full=True).ok
            assert store.as_of is None
        assert one.clear() == 4
        follow(other)
        assert other.songs() == []


def test_a_machine_follows_by_itself(url: str, tmp_path: Path) -> None:
    with two(tmp_path, url) as (one, other):
        song = one.add_song(*entry(1)).song
        deadline = time.monotonic() + PATIENCE_S
        while other.songs() != [song] and time.monotonic() < deadline:
            time.sleep(0.02)
        assert other.songs() == [song]


def test_what_another_machine_just_removed_is_learned_again_and_what_it_learned_is_known(
    url: str, tmp_path: Path
) -> None:
    with two(tmp_path, url) as (one, other):
        song = one.add_song(*entry(1)).song
        follow(other)
        one.remove(song.id)
        again = other.add_song(*entry(1))
        assert (again.created, again.song.id) == (True, song.id + 1)
        assert one.known_file("checksum 1") is not None
        assert not one.add_song(*entry(1)).created


def test_an_index_comes_in_parts_and_is_whole_at_the_end(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_replica, "CHUNK_SONGS", 2)
    with open_on(tmp_path / "a", url) as one:
        one.add_songs(entry(seed) for seed in range(5))
        one.remove(2)
        one.rename(1, "renamed")
        with open_on(tmp_path / "b", url) as other:
            assert are_equal(one, other)
            assert other.check(full=True).ok


def test_changes_by_other_programs_are_followed_and_truncation_is_refused(
    url: str, tmp_path: Path
) -> None:
    with open_on(tmp_path, url) as store:
        store.add_songs(entry(seed) for seed in range(3))
        in_truth(url, "DELETE FROM fpcore.songs WHERE id = 1")
        in_truth(url, "UPDATE fpcore.songs SET name = 'by hand' WHERE id = 2")
        follow(store)
        assert [song.name for song in store.songs()] == ["by hand", "song 2"]
        with pytest.raises(Exception, match="use DELETE FROM songs"):
            in_truth(url, "TRUNCATE fpcore.songs CASCADE")
        counts = in_truth(
            url,
            "SELECT (SELECT count(*) FROM fpcore.postings), count(*) FROM fpcore.constellations",
        )
        assert counts == [(2, 2)]


def test_a_backup_that_was_put_back_is_noticed(url: str, tmp_path: Path) -> None:
    server, name = postgres.shared(), url.rpartition("/")[2]
    with open_on(tmp_path / "a", url) as one:
        kept = one.add_song(*entry(1)).song
    with server.connected() as admin:
        admin.execute(f'CREATE DATABASE "{name} backup" TEMPLATE "{name}"'.encode())
    with open_on(tmp_path / "a", url) as one:
        one.add_songs([entry(2), entry(3)])
        one.rename(kept.id, "later")
        server.drop(name)
        with server.connected() as admin:
            admin.execute(f'ALTER DATABASE "{name} backup" RENAME TO "{name}"'.encode())
        with open_on(tmp_path / "b", url) as other:
            other.add_songs([entry(4), entry(2)])
            follow(one)
            assert are_equal(one, other)
            assert [song.name for song in one.songs()] == ["song 1", "song 4", "song 2"]
            assert one.check(full=True).ok


def test_a_replica_that_is_lost_or_damaged_or_of_another_index_is_made_again(
    url: str, tmp_path: Path
) -> None:
    server, name = postgres.shared(), url.rpartition("/")[2]
    with open_on(tmp_path, url) as store:
        song = store.add_song(*entry(1)).song
        file = store.file
    shutil.rmtree(file.parent)
    with open_on(tmp_path, url) as store:
        assert store.songs() == [song]
    file.write_bytes(b"\0" * 8192)
    with open_on(tmp_path, url) as store:
        assert store.songs() == [song]
        server.drop(name)
        server.create(name)
        with open_on(tmp_path / "b", url) as other:
            new = other.add_song(*entry(2)).song
        with pytest.raises(StoreError, match="was replaced by another index"):
            follow(store)
    with open_on(tmp_path, url) as store:
        assert store.songs() == [new]
        assert store.check(full=True).ok


def test_a_replica_that_is_opened_as_a_file_can_be_read_alone(url: str, tmp_path: Path) -> None:
    with open_on(tmp_path, url) as store:
        song = store.add_song(*entry(1)).song
        with open_store(store.file, None) as file:
            assert file.songs() == [song]
            with pytest.raises(StoreReadOnlyError, match=r"this machine's copy of postgresql://"):
                file.remove(song.id)


def test_damage_in_the_truth_is_found(url: str, tmp_path: Path) -> None:
    with open_on(tmp_path, url) as store:
        store.add_songs(entry(seed) for seed in range(3))
        in_truth(url, "DELETE FROM fpcore.constellations WHERE song_id = 1")
        in_truth(
            url,
            "UPDATE fpcore.postings SET postings = (SELECT postings FROM fpcore.postings "
            "WHERE song_id = 3) WHERE song_id = 2",
        )
        assert [problem.partition(":")[0] for problem in store.check().problems] == [
            "song 1 has no row in constellations in PostgreSQL"
        ]
        assert len(store.check(full=True).problems) == 2


def test_a_writer_that_waits_too_long_has_written_nothing(url: str, tmp_path: Path) -> None:
    with (
        open_on(tmp_path / "a", url) as one,
        open_on(tmp_path / "b", url, busy_timeout_s=0.05) as b,
    ):
        with one._pool.server.writing(), pytest.raises(StoreBusyError, match="another writer"):
            b.add_song(*entry(1))
        assert b.add_song(*entry(1)).created


def test_a_cut_connection_costs_one_attempt_at_most(url: str, tmp_path: Path) -> None:
    with open_on(tmp_path, url) as store:
        store.add_song(*entry(1))
        postgres.shared().cut(url.rpartition("/")[2])
        assert store.add_song(*entry(2)).created
        with pytest.raises(StoreAwayError, match="cannot be reached"), store._pool.writing():
            postgres.shared().cut(url.rpartition("/")[2])
        assert store.add_song(*entry(3)).created
        assert store.check(full=True).ok


def test_tables_of_an_older_version_are_brought_up_to_date(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_on(tmp_path, url) as store:
        store.add_song(*entry(1))
    monkeypatch.setattr(postgres_schema, "VERSION", 2)
    with pytest.raises(StoreError, match="tables of version 1, this fpcore knows 2"):
        open_on(tmp_path, url)
    step = ("ALTER TABLE songs ADD COLUMN mood text",)
    monkeypatch.setattr(postgres_schema, "STEPS", {1: step})
    with open_on(tmp_path, url) as store:
        assert store.n_songs() == 1
    assert in_truth(url, "SELECT mood FROM fpcore.songs") == [(None,)]


class TestRefusals:
    def refusal(self, url: str, *, create: bool = True) -> str:
        with pytest.raises(StoreError) as refusal:
            open_store(url, PACKED, create=create)
        assert "\n" not in str(refusal.value)
        assert postgres.PASSWORD not in str(refusal.value)
        assert "wr0ng" not in str(refusal.value)
        return str(refusal.value)

    @pytest.fixture(autouse=True)
    def cache(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("FPCORE_CACHE", str(tmp_path))

    def test_a_wrong_password_is_not_printed(self, url: str) -> None:
        said = self.refusal(url.replace("postgres@", "guest:wr0ng@"))
        assert "guest@127.0.0.1" in said
        assert "check the user and the password" in said

    def test_a_missing_database_and_an_empty_one(self, url: str) -> None:
        assert "make it with `createdb`" in self.refusal(f"{url}-nowhere")
        assert "learn some music into it first" in self.refusal(url, create=False)

    def test_a_server_that_is_not_there(self) -> None:
        assert "cannot be reached" in self.refusal("postgresql://me:wr0ng@127.0.0.1:1/x")

    def test_options_that_there_are_not(self, url: str) -> None:
        assert "not a valid address" in self.refusal(f"{url}?colour=wr0ng&password=wr0ng")

    def test_missing_rights(self, url: str) -> None:
        guest = url.replace("postgres@", f"guest:{postgres.PASSWORD}@")
        assert "lacks rights" in self.refusal(guest)
        with open_store(url, PACKED, create=True) as store:
            song = store.add_song(*entry(1)).song
        in_truth(url, "GRANT USAGE ON SCHEMA fpcore TO guest")
        in_truth(url, "GRANT SELECT ON ALL TABLES IN SCHEMA fpcore TO guest")
        with open_store(guest, PACKED) as store:
            assert store.songs() == [song]
            with pytest.raises(StoreReadOnlyError, match="lacks rights"):
                store.remove(song.id)

    def test_a_version_that_is_too_old(self, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(postgres_server, "OLDEST_SERVER", 99)
        assert "too old for an index: use version 99" in self.refusal(url)

    def test_another_configuration_and_what_only_files_can_be(self, url: str) -> None:
        open_store(url, PACKED, create=True).close()
        with pytest.raises(StoreError, match="cannot have the classic layout"):
            open_store(url, PACKED, create=True, layout="classic")
        with pytest.raises(Exception, match="made with another configuration"):
            open_store(url, TEXT, create=True)

    def test_a_database_that_cannot_hold_every_name(self) -> None:
        server = postgres.shared()
        with server.connected() as admin:
            admin.execute("DROP DATABASE IF EXISTS latin")
            admin.execute("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1'")
        assert "keeps texts as LATIN1" in self.refusal(server.url("latin"))
        server.drop("latin")


def test_the_replica_lies_in_the_cache_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FPCORE_CACHE", str(tmp_path))
    address = Address("postgresql://h/d")
    assert replica_of(address) == tmp_path / "replicas" / address.folder_name / "index.db"
