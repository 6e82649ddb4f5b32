"""Opening: files and addresses, and what only begins like one."""

from __future__ import annotations

from pathlib import Path

import pytest

from fpcore.errors import StoreError
from fpcore.library import Library
from fpcore.store import SqliteStore, holds_something, open_store
from fpcore.store.postgres import PostgresStore
from tests.fpcore.store.material import PACKED, entry


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FPCORE_CACHE", str(tmp_path))


def test_a_path_opens_a_file_and_an_address_a_database(url: str, tmp_path: Path) -> None:
    for place, kind in ((tmp_path / "index.db", SqliteStore), (url, PostgresStore)):
        assert not holds_something(place)
        with open_store(place, PACKED, create=True) as store:
            assert type(store) is kind
            assert store.add_song(*entry(1)).created
        assert holds_something(place)
        with pytest.raises(ValueError, match="needs a config"):
            open_store(place, None, create=True)


def test_a_library_opens_an_address_under_the_profile_that_its_index_was_made_with(
    url: str,
) -> None:
    with Library.open(url, "tiny", create=True) as library:
        assert str(library.store.path) == url
    with Library.open(url, create=True) as library:
        assert library.profile.name == "tiny"


def test_what_only_begins_like_an_address_is_refused() -> None:
    for ask in (holds_something, lambda place: open_store(place, PACKED)):
        with pytest.raises(StoreError, match="not the address of a PostgreSQL database"):
            ask("postgresql://a@b@c/d")
