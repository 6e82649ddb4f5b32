"""Choosing songs: by id, by name, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from fpcore.errors import UnknownSongError
from fpcore.store import open_store
from fpcore.store.choosing import LARGEST_INTEGER, has_id, id_of
from tests.fpcore.store.material import PACKED, entry


def test_a_song_is_found_by_itself_its_id_its_name_or_its_title(tmp_path: Path) -> None:
    with open_store(tmp_path / "songs.db", PACKED, create=True) as store:
        first, twin, other = (
            store.add_song(*entry(seed, name=name)).song
            for seed, name in ((1, "Aria"), (2, "Aria"), (3, "7 (live)"))
        )
        for which in (other, other.id, "7 (live)"):
            assert id_of(store, which) == other.id
        assert id_of(store, f"Aria (id {twin.id})") == twin.id
        with pytest.raises(UnknownSongError, match=f"which are {first.id}, {twin.id}"):
            id_of(store, "Aria")
        for missing in ("aria", "", 99):
            with pytest.raises(UnknownSongError, match="has no song with the id"):
                id_of(store, missing)
        assert has_id(store, first.id)
        assert not any(has_id(store, one) for one in (-1, 99, LARGEST_INTEGER + 1))
