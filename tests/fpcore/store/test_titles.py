"""Titles: songs of one name are told apart by their folders or ids, all others keep their names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fpcore.store import SqliteStore
from fpcore.store.titles import MOST_BY_FOLDER, told_apart
from tests.fpcore.store.material import entry, new_store


def learn(store: SqliteStore, seed: int, name: str, source: object) -> int:
    song, hashes, constellation = entry(seed)
    metadata = {} if source is None else {"source": source}
    song = replace(song, name=name, metadata=metadata)
    return store.add_song(song, hashes, constellation).song.id


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        (["/m/A/01.mp3", "/m/B/01.mp3"], ["01 (A)", "01 (B)"]),
        (["/m/A/1/01.mp3", "/m/B/1/01.mp3", "/m/B/2/01.mp3"], ["01 (A/1)", "01 (B/1)", "01 (2)"]),
        (["/m/A/01.mp3", "/m/A/01.flac"], ["01 (id 1)", "01 (id 2)"]),
        (["/m/A/01.mp3", None], ["01 (A)", "01 (id 2)"]),
        (["/01.mp3", "/m/A/01.mp3"], ["01 (id 1)", "01 (A)"]),
        (["/m/caf\udce9/01.mp3", "/m/café/01.mp3"], [r"01 (caf\xe9)", "01 (café)"]),
        (["/m/A/01.mp3", 7], ["01 (A)", "01 (id 2)"]),
        (["/m/A/01.mp3"], ["01"]),
    ],
)
def test_songs_of_one_name_are_told_apart(
    sources: list[object], expected: list[str], tmp_path: Path
) -> None:
    with new_store(tmp_path / "index.db") as store:
        ids = [learn(store, seed, "01", source) for seed, source in enumerate(sources)]
        other = learn(store, 99, "other", "/m/A/other.mp3")
        titles = dict(zip([*ids, other], [*expected, "other"], strict=True))
        assert store.names([*ids, other]) == titles
        assert [song.name for song in store.songs()] == ["01"] * len(ids) + ["other"]
        assert store.titles(store.songs()) == titles


def test_a_song_has_its_name_again_when_the_others_of_that_name_are_gone(tmp_path: Path) -> None:
    with new_store(tmp_path / "index.db") as store:
        first, second = learn(store, 1, "01", "/m/A/01.mp3"), learn(store, 2, "01", "/m/B/01.mp3")
        songs = store.songs()
        store.remove(second)
        assert store.names([first]) == {first: "01"}
        assert store.titles(songs) == {first: "01", second: "01"}


def test_very_many_songs_of_one_name_are_told_apart_by_their_ids(tmp_path: Path) -> None:
    with new_store(tmp_path / "index.db") as store:
        store.add_songs(
            (replace(song, name="unnamed", metadata={"source": f"/m/{seed}/x.mp3"}), *rest)
            for seed in range(MOST_BY_FOLDER + 1)
            for song, *rest in [entry(seed, n_hashes=2)]
        )
        assert store.names([7]) == {7: "unnamed (id 7)"}
        store.remove(1)
        assert store.names([7]) == {7: "unnamed (6)"}


def test_metadata_that_is_damaged_tells_nothing() -> None:
    assert told_apart({1: "{", 2: "[]", 3: '{"source": "/m/A/x.mp3"}'}) == {3: "A"}
