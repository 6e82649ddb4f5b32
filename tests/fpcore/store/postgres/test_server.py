"""Connections to PostgreSQL: those that are cut, and what is refused in which words."""

from __future__ import annotations

from pathlib import Path

import pytest

from fpcore.errors import StoreAwayError, StoreBusyError, StoreError, StoreReadOnlyError
from fpcore.store import open_store
from fpcore.store.postgres import server
from tests import postgres
from tests.fpcore.store.hosts import in_truth, open_on
from tests.fpcore.store.material import PACKED, TEXT, entry


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
        monkeypatch.setattr(server, "OLDEST_SERVER", 99)
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
