"""Layouts of an index: which one a new index gets, and that both answer the same, to the byte."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fpcore.config import FingerprintConfig
from fpcore.errors import StoreError
from fpcore.records import Postings
from fpcore.store import LayoutName, open_store, schema, sqlite
from tests.fpcore.store.material import N_SONGS, PACKED, TEXT, entry, in_sql, new_store

BOTH: tuple[LayoutName, ...] = ("classic", "segments")


def _layout_in(path: Path) -> int:
    ((version,),) = in_sql(path, "PRAGMA user_version")
    return int(version)


def test_a_new_index_keeps_segments_unless_its_tokens_are_texts_or_too_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def made(name: str, config: FingerprintConfig) -> int:
        open_store(tmp_path / name, config, create=True).close()
        return _layout_in(tmp_path / name)

    assert made("packed", PACKED) == schema.VERSIONS["segments"]
    assert made("text", TEXT) == schema.VERSIONS["classic"]
    monkeypatch.setattr(sqlite, "MAX_SEGMENT_TOKENS", PACKED.n_tokens - 1)
    assert made("wide", PACKED) == schema.VERSIONS["classic"]


@pytest.mark.parametrize("layout", BOTH)
def test_an_index_keeps_its_layout(tmp_path: Path, layout: LayoutName) -> None:
    path = tmp_path / "index.db"
    new_store(path, layout=layout).close()
    for wanted in BOTH:
        new_store(path, layout=wanted).close()
        assert _layout_in(path) == schema.VERSIONS[layout]


def test_both_give_the_same_songs_postings_and_constellations(tmp_path: Path) -> None:
    answers = []
    tokens = np.unique(np.concatenate([entry(seed)[1].token for seed in range(N_SONGS)]))
    for layout in BOTH:
        with new_store(tmp_path / layout, layout=layout) as store:
            added = store.add_songs(map(entry, range(N_SONGS)))
            store.remove(2)
            found = _sorted(store.lookup(tokens))
            with store._pool.reading() as connection:
                kept = [
                    column.tobytes()
                    for song in store.songs()
                    for column in store._layout.postings(connection, song.id)
                ]
            checksums = [one.song.fingerprint_checksum for one in added]
            answers.append((found, kept, checksums, store.token_stats().hottest))
    assert answers[0] == answers[1]


def _sorted(postings: Postings) -> list[bytes]:
    order = np.lexsort((postings.frame, postings.song_id, postings.query_row))
    return [
        column[order].tobytes() for column in (postings.query_row, postings.song_id, postings.frame)
    ]


def test_an_index_that_was_replaced_by_one_of_another_layout_is_refused(tmp_path: Path) -> None:
    path, other = tmp_path / "index.db", tmp_path / "other.db"
    new_store(other, layout="classic").close()
    with new_store(path, layout="segments") as store:
        store._pool._close_idle()  # as after a fork: no connection is open
        other.replace(path)
        with pytest.raises(StoreError, match="was replaced by one of another layout: open it"):
            store.songs()
