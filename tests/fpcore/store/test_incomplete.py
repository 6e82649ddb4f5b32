"""Whole copies that take the place of incomplete songs, and those that must not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fpcore import pipeline
from fpcore.records import Constellation, Cut
from fpcore.store import JSON, Added, Entry, NewSong, SqliteStore, Store
from tests.fpcore.store.material import (
    PACKED,
    Engine,
    constellation,
    entry,
    in_sql,
    new_store,
    rows,
    scan,
)

LENGTH_S = 4000 * PACKED.hop_s
PLACE: dict[str, JSON] = {"source": "/music/aria.mp3"}
ELSEWHERE: dict[str, JSON] = {"source": "/copies/take.flac"}


@pytest.fixture
def store(engine: Engine, tmp_path: Path) -> Iterator[Store]:
    with engine(tmp_path / "index.db") as opened:
        yield opened


def heard(
    seed: int,
    *,
    until: int = 4000,
    moved: float = 0.0,
    stated_s: float | None = None,
    **known: JSON,
) -> Entry:
    """Return a song up to a frame, with a share of its peaks moved by a bin."""
    peaks = constellation(seed, n_peaks=600, first_bin=PACKED.first_bin, n_bins=PACKED.n_bins - 1)
    bins = peaks.bin + (np.random.default_rng(seed).random(len(peaks)) < moved)
    here = peaks.frame < until
    kept = Constellation(
        peaks.frame[here],
        bins[here].astype(np.int32),
        peaks.level_db[here],
        peaks.fraction[here],
        peaks.paired[here],
    )
    duration_s = until * PACKED.hop_s
    made = pipeline.fingerprint_from(kept, duration_s, PACKED)
    cut = Cut(duration_s, stated_s) if until < 4000 else None
    song = NewSong(f"song {seed}", f"{seed} to {until}, {moved}", duration_s, known, cut)
    return song, made.hashes, kept


def learned(store: Store, one: Entry) -> Added:
    return store.add_song(*one, allow_duplicates=False)


def named(one: Entry, name: str) -> Entry:
    return replace(one[0], name=name), *one[1:]


@pytest.mark.parametrize("is_snapped", [False, True])
def test_a_whole_copy_takes_the_place_of_an_incomplete_song(store: Store, is_snapped: bool) -> None:
    store.add_song(*entry(7))
    part = learned(store, heard(1, until=2000, stated_s=LENGTH_S, **PLACE)).song
    if is_snapped:
        store.make_snapshot()
        store.lookup(np.zeros(1, np.int64))
    whole = heard(1, **PLACE)
    added = learned(store, whole)
    assert (added.created, added.replaced) == (True, (part,))
    assert added.remark == f'took the place of "song 1" (id {part.id}), which was incomplete'
    assert added.song.complete
    assert added.song in store.songs()
    assert store.n_songs() == 2
    tokens = np.unique(np.concatenate([whole[1].token, entry(7)[1].token]))
    assert rows(store.lookup(tokens)) == scan({1: entry(7)[1], added.song.id: whole[1]}, tokens)
    assert np.array_equal(store.constellation(added.song.id).frame, whole[2].frame)
    assert store.check(full=True).problems == ()
    assert store.check(full=True).notes == ()
    assert learned(store, whole).known_by == "file"


def test_it_keeps_the_id_where_the_layout_can(tmp_path: Path) -> None:
    ids = {}
    for layout in ("segments", "classic"):
        with new_store(tmp_path / layout, layout=layout) as store:  # type: ignore[arg-type]
            learned(store, heard(1, until=2000, **PLACE))
            ids[layout] = learned(store, heard(1, **PLACE)).song.id
            assert learned(store, heard(2)).song.id == ids[layout] + 1
    assert ids == {"segments": 1, "classic": 2}


@pytest.mark.parametrize(
    "whole",
    [
        heard(1, **PLACE),
        heard(1, **ELSEWHERE),
        named(heard(1, **ELSEWHERE), "another name"),
        heard(1, moved=0.3, **PLACE),
    ],
    ids=["same place", "elsewhere", "under another name", "same place, another encoding"],
)
def test_it_is_known_by_its_place_or_its_audio(tmp_path: Path, whole: Entry) -> None:
    with new_store(tmp_path / "index.db") as store:
        learned(store, heard(1, until=2000, stated_s=LENGTH_S, **PLACE))
        assert len(learned(store, whole).replaced) == 1
        assert store.n_songs() == 1


@pytest.mark.parametrize(
    ("part", "other"),
    [
        (heard(1, until=2000, **PLACE), heard(2, **PLACE)),
        (heard(1, until=2000, **PLACE), heard(1, moved=0.8, **PLACE)),
        (heard(1, until=2000, stated_s=LENGTH_S), heard(1, moved=0.3)),
        (heard(1, until=2000, stated_s=LENGTH_S + 5), heard(1)),
        (heard(1, until=2000), named(heard(1), "another name")),
        (heard(1, until=2000, **PLACE), heard(1, until=3000, **PLACE)),
        (heard(1, until=20, **PLACE), heard(1, **PLACE)),
    ],
    ids=[
        "other music at its place",
        "hardly the same at its place",
        "another encoding elsewhere",
        "another length than stated",
        "another name and no stated length",
        "no whole one either",
        "too short to be known",
    ],
)
def test_what_may_be_another_recording_is_a_song_of_its_own(
    tmp_path: Path, part: Entry, other: Entry
) -> None:
    with new_store(tmp_path / "index.db") as store:
        before = learned(store, part).song
        assert learned(store, other).replaced == ()
        assert store.n_songs() == 2
        assert store.song(before.id) == before


def test_duplicates_that_are_allowed_replace_nothing(store: Store) -> None:
    store.add_songs([heard(1, until=2000, **PLACE), heard(1, **PLACE)])
    assert [song.complete for song in store.songs()] == [False, True]


def test_it_takes_the_place_of_all_its_parts_those_of_its_own_batch_too(store: Store) -> None:
    first = learned(store, heard(1, until=2000, **PLACE)).song
    second, whole, other = store.add_songs(
        [heard(1, until=3000, **PLACE), heard(1, **PLACE), heard(2)], allow_duplicates=False
    )
    assert whole.replaced == (first, second.song)
    assert [song.name for song in store.songs()] == ["song 1", "song 2"]
    tokens = np.unique(heard(1)[1].token)
    by_id = {whole.song.id: heard(1)[1], other.song.id: heard(2)[1]}
    assert rows(store.lookup(tokens)) == scan(by_id, tokens)
    assert store.check(full=True).ok


def test_a_part_of_a_song_that_is_there_whole_is_known(store: Store) -> None:
    whole = learned(store, heard(1, **PLACE)).song
    for part in (
        heard(1, until=2000, **PLACE),
        heard(1, until=2000, stated_s=LENGTH_S, **ELSEWHERE),
        heard(1, until=1000),
    ):
        again = learned(store, part)
        assert (again.created, again.song, again.known_by) == (False, whole, "whole")
        assert again.remark == 'already there as "song 1" (id 1): and there it is whole'
    assert learned(store, heard(2, until=2000, **PLACE)).created


def test_a_name_that_was_given_and_metadata_stay(tmp_path: Path) -> None:
    with new_store(tmp_path / "index.db") as store:
        part = named(heard(1, until=2000, album="A", year=1, **PLACE), "Aria, take 1")
        learned(store, part)
        song = learned(store, named(heard(1, year=2, **PLACE), "aria")).song
        assert song.name == "Aria, take 1"
        assert song.metadata == {"album": "A", "year": 2, **PLACE}
        learned(store, named(heard(2, until=2000, **ELSEWHERE), "take"))
        assert learned(store, named(heard(2, **ELSEWHERE), "Other")).song.name == "Other"


@pytest.mark.parametrize("damage", ["DELETE FROM constellations", "UPDATE songs SET metadata = 1"])
def test_a_damaged_part_stays_for_a_check_to_tell(tmp_path: Path, damage: str) -> None:
    with new_store(tmp_path / "index.db") as store:
        learned(store, heard(1, until=2000, **PLACE))
        in_sql(store.path, damage)
        assert learned(store, heard(1, **PLACE)).replaced == ()
        assert not store.check().ok


def test_what_fails_on_the_way_leaves_the_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with new_store(tmp_path / "index.db", layout="segments") as store:
        part = learned(store, heard(1, until=2000, **PLACE)).song

        def fail(*_: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(store._layout, "insert", fail)
        with pytest.raises(KeyboardInterrupt):
            learned(store, heard(1, **PLACE))
        monkeypatch.undo()
        assert isinstance(store, SqliteStore)
        assert store.songs() == [part]
        assert store.check(full=True).ok


TAGGED: dict[str, JSON] = {"source": "/copies/aria.wav", "named_by": "tags"}


@pytest.mark.parametrize("whole_first", [False, True])
def test_a_part_without_its_tags_is_known_by_the_name_of_its_file(
    tmp_path: Path, whole_first: bool
) -> None:
    part, whole = named(heard(1, until=2000, **PLACE), "aria"), heard(1, **TAGGED)
    whole = named(whole, "Ada – Aria")
    with new_store(tmp_path / "index.db") as store:
        for one in (whole, part) if whole_first else (part, whole):
            learned(store, one)
        (song,) = store.songs()
        assert (song.name, song.metadata, song.complete) == ("Ada – Aria", TAGGED, True)


@pytest.mark.parametrize("whole_first", [False, True])
def test_a_part_with_its_tags_is_known_by_the_name_of_its_file_to_a_whole_one_without(
    tmp_path: Path, whole_first: bool
) -> None:
    part = named(heard(1, until=2000, **TAGGED), "Ada – Aria")
    whole = named(heard(1, **PLACE), "aria")
    with new_store(tmp_path / "index.db") as store:
        for one in (whole, part) if whole_first else (part, whole):
            learned(store, one)
        (song,) = store.songs()
        assert (song.name, song.metadata) == ("aria", PLACE)


def test_parts_and_wholes_whose_tags_differ_are_songs_of_their_own(tmp_path: Path) -> None:
    with new_store(tmp_path / "index.db") as store:
        learned(store, named(heard(1, until=2000, **TAGGED), "Ada – Aria"))
        elsewhere: dict[str, JSON] = {**TAGGED, "source": "/more/aria.wav"}
        assert learned(store, named(heard(1, **elsewhere), "Ada – Waltz")).replaced == ()


def test_tags_replace_no_name_that_was_given_to_a_part(tmp_path: Path) -> None:
    with new_store(tmp_path / "index.db") as store:
        part = learned(store, named(heard(1, until=2000, **PLACE), "aria")).song
        store.rename(part.id, "mine")
        song = learned(store, named(heard(1, **{**TAGGED, **PLACE}), "Ada – Aria")).song
        assert (song.name, song.metadata) == ("mine", PLACE)
