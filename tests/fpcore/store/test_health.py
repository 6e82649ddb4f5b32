"""A check finds every kind of damage, and names it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fpcore.store import SqliteStore
from tests.fpcore.store.material import entry, in_sql, new_store


@pytest.fixture(params=["packed", "text"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqliteStore]:
    with new_store(tmp_path / "index.db", request.param) as opened:
        opened.add_songs(entry(seed) for seed in range(3))
        yield opened


def test_a_sound_index_has_no_problem(store: SqliteStore) -> None:
    assert store.check().problems == store.check(full=True).problems == ()


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (
            "UPDATE meta SET value = 'abc' WHERE key = 'digest'",
            "the digest is abc, that of the configuration",
        ),
        (
            "INSERT INTO fingerprints SELECT hash_token, 77, absolute_time FROM fingerprints "
            "WHERE song_id = 2 LIMIT 5",
            "5 fingerprints belong to song 77, which does not exist",
        ),
        (
            "DELETE FROM fingerprints WHERE song_id = 2 AND absolute_time < 2000",
            "song 2 has",
        ),
        ("DELETE FROM fingerprints WHERE song_id = 2", "song 2 has 0 fingerprints instead of 200"),
        ("DELETE FROM song_tokens WHERE song_id = 3", "song 3 has no row in song_tokens"),
        ("DELETE FROM constellations WHERE song_id = 1", "song 1 has no row in constellations"),
        ("INSERT INTO song_tokens VALUES (9, '[]')", "song_tokens has a row of song 9"),
        ("INSERT INTO constellations VALUES (9, x'00')", "constellations has a row of song 9"),
        ("UPDATE songs SET metadata = '{' WHERE id = 2", "song 2: its metadata is no JSON object"),
        ("UPDATE songs SET metadata = '[]' WHERE id = 2", "song 2: its metadata is no JSON object"),
        ("UPDATE songs SET learned_at = 'then' WHERE id = 2", "song 2: the time when it was"),
    ],
)
def test_what_does_not_fit_together_is_found(store: SqliteStore, damage: str, problem: str) -> None:
    in_sql(store.path, damage)
    found = store.check().problems
    assert len(found) == 1
    assert found[0].startswith(problem)
    assert found[0] in store.check(full=True).problems


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (
            "UPDATE song_tokens SET tokens = '[1,2,3]' WHERE song_id = 2",
            "removing song 2 would reach 0 of its 200 fingerprints",
        ),
        (
            "UPDATE song_tokens SET tokens = '[1,' WHERE song_id = 2",
            'song 2, "song 1": Expecting value',
        ),
        (
            "UPDATE constellations SET peaks = x'0102' WHERE song_id = 2",
            'song 2, "song 1": a stored',
        ),
    ],
)
def test_a_full_check_follows_every_posting_and_peak(
    store: SqliteStore, damage: str, problem: str
) -> None:
    in_sql(store.path, damage)
    assert store.check().ok
    (found,) = store.check(full=True).problems
    assert found.startswith(problem)


REMEDY = (
    "learn a whole copy, which takes its place when it has the same audio or lies at the same path"
)


@pytest.mark.parametrize("full", [False, True])
def test_songs_that_are_cut_off_are_noted_and_no_problem(store: SqliteStore, full: bool) -> None:
    in_sql(store.path, "UPDATE songs SET complete = 0, stated_s = 200 WHERE id = 2")
    in_sql(store.path, "UPDATE songs SET complete = 0 WHERE id = 3")
    report = store.check(full=full)
    assert report.ok
    assert report.notes == (
        'song 2, "song 1": decoded 185.8 of 200.0 s: the recording is cut off: '
        f"{REMEDY}; after any other, `fpcore remove 2`",
        'song 3, "song 2": decoded 185.8 s: the recording is cut off: '
        f"{REMEDY}; after any other, `fpcore remove 3`",
    )


def test_of_many_songs_that_are_cut_off_some_are_named(store: SqliteStore) -> None:
    store.add_songs(entry(seed) for seed in range(3, 25))
    in_sql(store.path, "UPDATE songs SET complete = 0")
    notes = store.check().notes
    assert len(notes) == 21
    assert notes[-1] == "5 more songs are of recordings that are cut off"


def test_every_problem_is_listed(store: SqliteStore) -> None:
    in_sql(store.path, "DELETE FROM constellations")
    in_sql(store.path, "DELETE FROM fingerprints WHERE song_id = 1")
    assert len(store.check().problems) == 4
