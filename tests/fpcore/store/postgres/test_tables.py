"""Schema in PostgreSQL: what other programs may do, and tables of other versions."""

from __future__ import annotations

from pathlib import Path

import pytest

from fpcore.errors import StoreError
from fpcore.store.postgres import tables
from tests.fpcore.store.hosts import follow, in_truth, open_on
from tests.fpcore.store.material import entry


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


def test_tables_of_an_older_version_are_brought_up_to_date(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_on(tmp_path, url) as store:
        store.add_song(*entry(1))
    monkeypatch.setattr(tables, "VERSION", 2)
    with pytest.raises(StoreError, match="tables of version 1, this fpcore knows 2"):
        open_on(tmp_path, url)
    step = ("ALTER TABLE songs ADD COLUMN mood text",)
    monkeypatch.setattr(tables, "STEPS", {1: step})
    with open_on(tmp_path, url) as store:
        assert store.n_songs() == 1
    assert in_truth(url, "SELECT mood FROM fpcore.songs") == [(None,)]
