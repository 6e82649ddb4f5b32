"""What is particular to the SQLite engine: its tables, and what plain SQL can do with them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from fpcore.errors import StoreError, StoreFullError
from fpcore.stages.hashing import to_text
from fpcore.store import SqliteStore, connections
from tests.fpcore.store.material import (
    CONFIGS,
    PACKED,
    entry,
    in_sql,
    new_store,
    postings_of,
    rows,
    scan,
)

N_SONGS = 6


@pytest.fixture(params=["packed", "text"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqliteStore]:
    with new_store(tmp_path / "index.db", request.param) as opened:
        opened.add_songs(entry(seed) for seed in range(N_SONGS))
        yield opened


def plain(path: Path) -> sqlite3.Connection:
    """Connect as any other program would."""
    return sqlite3.connect(path, isolation_level=None)


def stored(store: SqliteStore, seed: int) -> set[tuple[int | str, int]]:
    """Return the (hash_token, absolute_time) pairs that a song must have in the table."""
    pairs = sorted(postings_of(entry(seed)[1]))
    if store.config.token == "packed":
        return set(pairs)
    texts = to_text(np.array([token for token, _ in pairs]), PACKED)
    return set(zip(texts, (frame for _, frame in pairs), strict=True))


def test_fingerprints_stand_in_the_form_that_the_configuration_names(store: SqliteStore) -> None:
    for seed in range(N_SONGS):
        found = in_sql(
            store.path,
            "SELECT hash_token, absolute_time FROM fingerprints WHERE song_id = ?",
            seed + 1,
        )
        assert set(found) == stored(store, seed)


def test_the_view_shows_readable_tokens(store: SqliteStore) -> None:
    expected = []
    for seed in range(N_SONGS):
        pairs = sorted(postings_of(entry(seed)[1]))
        texts = to_text(np.array([token for token, _ in pairs]), PACKED)
        expected += [(text, seed + 1, frame) for text, (_, frame) in zip(texts, pairs, strict=True)]
    view = in_sql(store.path, "SELECT hash_text, song_id, absolute_time FROM fingerprints_text")
    assert sorted(view) == sorted(expected)


@pytest.mark.parametrize("foreign_keys", ["ON", "OFF"])
def test_plain_sql_removes_a_song_with_all_its_rows(store: SqliteStore, foreign_keys: str) -> None:
    with closing(plain(store.path)) as connection:
        connection.execute(f"PRAGMA foreign_keys = {foreign_keys}")
        connection.execute("DELETE FROM songs WHERE id = 3")
        for table in ("fingerprints", "song_tokens", "constellations"):
            query = f"SELECT DISTINCT song_id FROM {table} ORDER BY song_id"
            assert [song_id for (song_id,) in connection.execute(query)] == [1, 2, 4, 5, 6]
        connection.execute("DELETE FROM songs WHERE name LIKE 'song %' AND id > 4")
        assert connection.execute("SELECT count(*) FROM songs").fetchone() == (3,)
    assert store.check(full=True).ok
    with closing(plain(store.path)) as connection:
        connection.execute(f"PRAGMA foreign_keys = {foreign_keys}")
        connection.execute("DELETE FROM songs")
        for table in ("fingerprints", "song_tokens", "constellations"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
    assert store.check(full=True).ok


def test_a_removal_reads_no_whole_table(store: SqliteStore) -> None:
    with closing(plain(store.path)) as connection:
        plan = connection.execute("EXPLAIN QUERY PLAN DELETE FROM songs WHERE id = 3").fetchall()
        trigger = connection.execute(
            "EXPLAIN QUERY PLAN DELETE FROM fingerprints WHERE song_id = 3 AND hash_token IN "
            "(SELECT value FROM json_each('[]'))"
        ).fetchall()
    details = [row[3] for row in plan + trigger]
    assert "SEARCH fingerprints USING PRIMARY KEY (hash_token=? AND song_id=?)" in details
    assert not [detail for detail in details if detail.startswith("SCAN fingerprints")]


def test_a_look_up_reads_only_the_clustered_table(store: SqliteStore) -> None:
    indexes = in_sql(store.path, "SELECT tbl_name FROM sqlite_master WHERE type = 'index'")
    assert ("fingerprints",) not in indexes
    with closing(plain(store.path)) as connection:
        plan = connection.execute(
            "EXPLAIN QUERY PLAN SELECT f.song_id FROM json_each('[1]') AS query "
            "CROSS JOIN fingerprints AS f ON f.hash_token = query.value"
        ).fetchall()
    assert plan[-1][3] == "SEARCH f USING PRIMARY KEY (hash_token=?)"


def test_a_removed_song_rolls_back_whole(store: SqliteStore) -> None:
    with closing(plain(store.path)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("DELETE FROM songs WHERE id = 3")
        connection.execute("ROLLBACK")
    assert store.song(3).name == "song 2"
    assert store.check(full=True).ok


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO fingerprints VALUES ('x', 'not an id', 0)",
        "INSERT INTO fingerprints VALUES (NULL, 1, 0)",
        "INSERT INTO songs VALUES (99, 'n', 'checksum 1', 1, 0, '', '{}')",
    ],
)
def test_the_tables_refuse_what_is_no_song_or_posting(store: SqliteStore, statement: str) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        in_sql(store.path, statement)


def test_room_of_removed_songs_is_used_again(store: SqliteStore) -> None:
    before = store.stats()
    store.clear()
    assert store.stats().unused_bytes > 0
    store.add_songs(entry(seed) for seed in range(N_SONGS))
    after = store.stats()
    assert after.file_bytes <= before.file_bytes + 2 * 8192
    assert after.n_postings == before.n_postings


def test_packed_tokens_take_less_room_than_text(tmp_path: Path) -> None:
    sizes = {}
    for kind in CONFIGS:
        with new_store(tmp_path / f"{kind}.db", kind) as store:
            store.add_songs(entry(seed, n_hashes=4000) for seed in range(5))
            sizes[kind] = store.stats()
    assert sizes["packed"].n_postings == sizes["text"].n_postings
    packed, text = sizes["packed"].lookup_bytes, sizes["text"].lookup_bytes
    assert packed is not None
    assert text is not None
    # The limit; pages that are only just split are half empty, so few songs are worse.
    assert packed < 18 * sizes["packed"].n_postings
    assert packed < text


def test_a_lost_constellation_is_named(store: SqliteStore) -> None:
    in_sql(store.path, "DELETE FROM constellations WHERE song_id = 2")
    with pytest.raises(StoreError, match="has lost the constellation of song 2"):
        store.constellation(2)


def test_a_damaged_page_is_named_when_it_is_read(store: SqliteStore) -> None:
    tokens = np.unique(entry(1)[1].token)
    (root,) = in_sql(store.path, "SELECT rootpage FROM sqlite_master WHERE name = 'fingerprints'")[
        0
    ]
    store.close()
    content = bytearray(store.path.read_bytes())
    content[(root - 1) * 8192 : root * 8192] = b"\xff" * 8192
    store.path.write_bytes(content)
    with new_store(store.path, store.config.token) as damaged:
        with pytest.raises(StoreError, match=r"index\.db is damaged .*run `fpcore check`"):
            damaged.lookup(tokens)
        report = damaged.check()
        assert not report.ok
        assert any(
            "damaged" in problem or "cannot be read" in problem for problem in report.problems
        )


def test_a_full_database_changes_nothing_and_can_still_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "_PRAGMAS", (*connections._PRAGMAS, "max_page_count = 40"))
    with new_store(tmp_path / "index.db") as store:
        store.add_song(*entry(1))
        with pytest.raises(StoreFullError, match=r"no room to write .*index\.db: nothing was"):
            store.add_songs(entry(seed, n_hashes=20_000) for seed in (2, 3))
        assert [song.name for song in store.songs()] == ["song 1"]
        assert len(store.lookup(np.unique(entry(1)[1].token))) > 0
        assert store.check(full=True).ok
        store.add_song(*entry(4))
        assert store.n_songs() == 2


def test_stats_do_without_dbstat(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    assert store.stats().lookup_bytes is not None
    from fpcore.store import statistics

    monkeypatch.setattr(statistics, "_LOOKUP_BYTES", "SELECT sum(pgsize) FROM no_dbstat_here")
    assert store.stats().lookup_bytes is None


def test_postings_of_songs_with_large_ids_are_found_as_well(store: SqliteStore) -> None:
    """Up to 2**19 an id fits into one number with the rest of a posting, then it does not."""
    songs = {seed + 1: entry(seed)[1] for seed in range(N_SONGS)}
    for seq, seed in ((2**19 - 2, 10), (2**19 - 1, 11), (2**40, 12)):
        in_sql(store.path, "UPDATE sqlite_sequence SET seq = ? WHERE name = 'songs'", seq)
        song = store.add_song(*entry(seed)).song
        assert song.id == seq + 1
        songs[song.id] = entry(seed)[1]
    tokens = np.unique(np.concatenate([hashes.token for hashes in songs.values()]))
    assert rows(store.lookup(tokens)) == scan(songs, tokens)
