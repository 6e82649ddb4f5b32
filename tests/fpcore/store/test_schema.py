"""The tables of an index, what plain SQL can do with them, and which databases have them."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fpcore.config import ALGORITHM_VERSION, FingerprintConfig, PairsConfig
from fpcore.errors import ConfigMismatchError, StoreError
from fpcore.stages.hashing import to_text
from fpcore.store import SqliteStore, open_store, schema
from tests.fpcore.store.material import (
    CONFIGS,
    N_SONGS,
    PACKED,
    TEXT,
    Refusal,
    entry,
    files_in,
    in_sql,
    new_store,
    postings_of,
    rows,
    scan,
)
from tests.fpcore.store.old_index import make_old

OTHER = PACKED.model_copy(update={"pairs": PairsConfig(fan_out=9, max_delta_s=1.5)})


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
        "INSERT INTO songs SELECT 99, 'n', checksum, 1, 0, '', '{}', 1, 1, '' FROM songs",
        "UPDATE songs SET complete = 2",
    ],
)
def test_the_tables_refuse_what_is_no_song_or_posting(store: SqliteStore, statement: str) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        in_sql(store.path, statement)


def test_an_index_says_in_its_file_what_it_is(path: Path) -> None:
    assert in_sql(path, "PRAGMA application_id") == [(schema.APPLICATION_ID,)]
    assert in_sql(path, "PRAGMA user_version") == [(schema.VERSIONS["classic"],)]
    assert in_sql(path, "PRAGMA journal_mode") == [("wal",)]
    assert in_sql(path, "PRAGMA page_size") == [(8192,)]
    meta = dict(in_sql(path, "SELECT key, value FROM meta"))
    assert meta["digest"] == PACKED.digest
    assert FingerprintConfig.model_validate_json(meta["config"]) == PACKED
    assert json.dumps(json.loads(meta["config"]), sort_keys=True) == json.dumps(
        PACKED.model_dump(mode="json"), sort_keys=True
    )
    assert meta["algorithm_version"] == str(ALGORITHM_VERSION)
    assert meta["created_at"].endswith("+00:00")
    assert meta["package_version"]


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_a_configuration_comes_back_from_its_stored_form(config: FingerprintConfig) -> None:
    stored = schema.canonical_json(config)
    assert FingerprintConfig.model_validate_json(stored) == config
    assert "\n" not in stored


def test_the_text_of_a_token_in_sql_is_that_in_python() -> None:
    tokens = np.random.default_rng(0).integers(0, PACKED.n_tokens, 200)
    statement = f"SELECT {schema.token_text_sql('value', PACKED)} FROM json_each(?)"
    found = in_sql(Path(":memory:"), statement, json.dumps(tokens.tolist()))
    assert [text for (text,) in found] == to_text(tokens, PACKED)


def test_an_index_that_was_replaced_by_one_of_another_digest_is_refused(path: Path) -> None:
    with closing(plain(path)) as connection:
        schema.check_digest(connection, path, PACKED.digest)
        with pytest.raises(ConfigMismatchError, match=r"index\.db was indexed again under another"):
            schema.check_digest(connection, path, TEXT.digest)


class TestAnotherConfiguration:
    def test_is_refused_with_the_fields_that_differ(self, path: Path) -> None:
        before = files_in(path.parent)
        with pytest.raises(ConfigMismatchError) as refusal:
            open_store(path, OTHER, create=True)
        message = str(refusal.value)
        assert "pairs.fan_out is 5 there and 9 here" in message
        assert "pairs.max_delta_s is 2.0 there and 1.5 here" in message
        assert "n_fft" not in message
        assert "use the profile that it was made with, or index its songs again" in message
        assert "`fpcore reindex --profile NAME`" in message
        assert files_in(path.parent) == before

    def test_the_form_of_the_tokens_is_part_of_it(self, path: Path) -> None:
        with pytest.raises(ConfigMismatchError, match="token is 'packed' there and 'text' here"):
            open_store(path, TEXT)

    @pytest.mark.parametrize("config", [None, PACKED])
    def test_so_is_the_version_of_the_algorithm(
        self, path: Path, config: FingerprintConfig | None
    ) -> None:
        in_sql(path, "UPDATE meta SET value = '0' WHERE key = 'algorithm_version'")
        with pytest.raises(ConfigMismatchError, match="algorithm version 0 there, 1 here"):
            open_store(path, config)

    def test_a_digest_that_fits_no_configuration_is_damage(self, path: Path) -> None:
        in_sql(path, "UPDATE meta SET value = 'abc' WHERE key = 'digest'")
        with pytest.raises(StoreError, match="its digest does not belong to its configuration"):
            open_store(path, PACKED)

    @pytest.mark.parametrize("change", ["DELETE FROM meta", "UPDATE meta SET value = '{\"x\": 1}'"])
    def test_one_that_cannot_be_read_is_refused(self, path: Path, change: str) -> None:
        in_sql(path, change)
        with pytest.raises(StoreError, match="configuration that this fpcore cannot read"):
            open_store(path, None)


class TestSomethingElse:
    """Each is refused with one sentence that names the file, with and without ``create``."""

    def test_a_database_of_another_application_without_an_id(
        self, refused_unchanged: Refusal, tmp_path: Path
    ) -> None:
        path = tmp_path / "mail.db"
        in_sql(path, "CREATE TABLE songs (id INTEGER)")
        refused_unchanged(path, "is a database of another application")
        assert in_sql(path, "PRAGMA journal_mode") == [("delete",)]

    def test_an_empty_database_of_another_application(
        self, refused_unchanged: Refusal, tmp_path: Path
    ) -> None:
        path = tmp_path / "map.db"
        in_sql(path, "PRAGMA application_id = 1196444487")
        refused_unchanged(path, "is a database of another application")

    def test_an_index_of_a_newer_version(self, refused_unchanged: Refusal, path: Path) -> None:
        in_sql(path, "PRAGMA user_version = 5")
        refused_unchanged(path, "has tables of version 5, this fpcore knows 4: use the version")

    def test_an_index_of_a_very_old_version(self, refused_unchanged: Refusal, path: Path) -> None:
        in_sql(path, "PRAGMA user_version = 1")
        refused_unchanged(
            path, "has tables of version 1, this fpcore knows 4: learn its songs into"
        )


class TestTheVersionBefore:
    @pytest.fixture(params=sorted(CONFIGS))
    def before(
        self, request: pytest.FixtureRequest, indexed: dict[str, Path], tmp_path: Path
    ) -> tuple[Path, FingerprintConfig]:
        """An index of version 2 and its configuration."""
        path, config = tmp_path / "index.db", CONFIGS[request.param]
        shutil.copy(indexed[request.param], path)
        make_old(path, config)
        return path, config

    def test_is_brought_up_to_date_when_opened(
        self, before: tuple[Path, FingerprintConfig], indexed: dict[str, Path]
    ) -> None:
        path, config = before
        assert in_sql(path, "PRAGMA user_version") == [(2,)]
        with open_store(indexed[config.token], config) as today:
            songs, size = today.songs(), today.stats()
        with open_store(path, config) as store:
            assert [replace(song, fingerprint_checksum=None) for song in songs] == store.songs()
            assert store.stats().n_postings == size.n_postings
            assert store.check().ok
            tokens = np.unique(entry(3)[1].token)
            every = {seed + 1: entry(seed)[1] for seed in range(N_SONGS)}
            assert rows(store.lookup(tokens)) == scan(every, tokens)
        assert in_sql(path, "PRAGMA user_version") == [(schema.VERSIONS["classic"],)]
        assert in_sql(path, "PRAGMA integrity_check") == [("ok",)]

    def test_goes_on_learning_and_removing(self, before: tuple[Path, FingerprintConfig]) -> None:
        path, config = before
        with open_store(path, config) as store:
            assert not store.add_song(*entry(1)).created
            last = store.songs()[-1]
            store.remove(last.id)
            again = store.add_song(*entry(N_SONGS - 1)).song
            assert again.id > last.id
            assert again.fingerprint_checksum is not None
            assert not store.add_song(*entry(N_SONGS - 1), allow_duplicates=False).created

    def test_keeps_its_snapshot(self, before: tuple[Path, FingerprintConfig]) -> None:
        path, config = before
        with open_store(path, config) as store:
            store.make_snapshot()
        make_old(path, config)
        with open_store(path, config) as store:
            state = store.snapshot()
            assert state is not None
            assert state.refusal is None

    def test_has_the_same_columns_then_as_a_new_one(
        self, before: tuple[Path, FingerprintConfig], indexed: dict[str, Path]
    ) -> None:
        path, config = before
        open_store(path, config).close()
        for query in (
            "PRAGMA table_xinfo(songs)",
            "SELECT type, name, tbl_name FROM sqlite_master",
        ):
            assert set(in_sql(path, query)) == set(in_sql(indexed[config.token], query))

    def test_is_left_as_it_is_when_it_is_refused(
        self, before: tuple[Path, FingerprintConfig]
    ) -> None:
        path, _ = before
        checksums = files_in(path.parent)
        with pytest.raises(ConfigMismatchError):
            open_store(path, OTHER)
        assert files_in(path.parent) == checksums

    def test_is_written_to_by_a_program_of_that_version_that_has_it_open(
        self, before: tuple[Path, FingerprintConfig]
    ) -> None:
        path, config = before
        insert = (
            "INSERT INTO songs (name, checksum, duration_s, n_fingerprints, learned_at, metadata) "
            "VALUES ('late', 'c', 1, 0, '2026-01-01T00:00:00+00:00', '{}')"
        )
        with closing(plain(path)) as connection:
            assert connection.execute("SELECT count(*) FROM songs").fetchone() == (N_SONGS,)
            with open_store(path, config) as store:
                connection.execute(insert)
                assert store.songs()[-1].name == "late"
                assert store.songs()[-1].complete


def test_a_newer_version_is_not_taken_back(path: Path) -> None:
    in_sql(path, "PRAGMA user_version = 5")
    with closing(plain(path)) as connection:
        schema.bring_up_to_date(connection)
    assert in_sql(path, "PRAGMA user_version") == [(5,)]


def test_indexes_that_came_later_are_made_when_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    new_store(path).close()
    names = "SELECT name FROM sqlite_master WHERE type = 'index' AND name LIKE 'songs_%'"
    expected = in_sql(path, names)
    for name in ("songs_by_name", "songs_incomplete"):
        assert (name,) in expected
        in_sql(path, f"DROP INDEX {name}")
    open_store(path, None).close()
    assert set(in_sql(path, names)) == set(expected)
    plan = in_sql(path, "EXPLAIN QUERY PLAN SELECT id FROM songs WHERE complete = 0 ORDER BY id")
    assert "songs_incomplete" in str(plan)
