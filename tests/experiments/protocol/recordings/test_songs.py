"""What a song may be called by."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.protocol.recordings import KnownSong, KnownSongs
from fpcore.store import JSON, NewSong, open_store
from tests.experiments.protocol.recordings.material import KNOWN, ROOT
from tests.fpcore.store.material import PACKED, hashes, no_peaks

BASE = Path("/lists")


def ids(songs: tuple[KnownSong, ...]) -> list[str]:
    return [song.id for song in songs]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A/01.mp3", ["A/01.mp3"]),
        ("A/01", ["A/01.mp3"]),
        ("./A/01.mp3", ["A/01.mp3"]),
        ("/music/B/01.mp3", ["B/01.mp3"]),
        ("../music/B/01.mp3", ["B/01.mp3"]),
        ("music/B/01", ["B/01.mp3"]),
        ("Full_Circle", ["A/Full_Circle.mp3"]),
        ("Caf\u00e9", ["B/Cafe\u0301.flac"]),
        ("01", ["A/01.mp3", "B/01.mp3"]),
        ("again", ["A/01.mp3"]),  # a duplicate stands for the track that it repeats
        ("C/01.mp3", []),
        ("a/01.mp3", []),
        ("1", []),
        ("", []),
        ("/", []),
    ],
)
def test_a_song_is_called_by_its_id_or_by_the_end_of_its_path(
    text: str, expected: list[str]
) -> None:
    assert ids(KNOWN.named(text, BASE)) == expected


def test_a_path_that_is_there_from_the_list_comes_before_the_end_of_another() -> None:
    assert ids(KNOWN.named("01.mp3", ROOT / "B")) == ["B/01.mp3"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("./AFP/database/Full_Circle.wav", ["A/Full_Circle.mp3"]),
        ("Full_Circle", ["A/Full_Circle.mp3"]),
        ("elsewhere/Full_Circle_Live", ["B/Full_Circle_Live.wma"]),
        ("x/01.mp3", ["A/01.mp3", "B/01.mp3"]),
        ("blues.00000", []),
    ],
)
def test_a_main_name_leaves_out_folders_and_the_ending(text: str, expected: list[str]) -> None:
    assert ids(KNOWN.of_main_name(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("q/Full_Circle_phone.wav", ["A/Full_Circle.mp3"]),
        ("Full_Circle_Live-2.wav", ["B/Full_Circle_Live.wma"]),
        ("Full_Circle_Lively.wav", ["A/Full_Circle.mp3"]),
        ("Full_Circles.wav", []),
        ("012.wav", []),
        ("again.wav", ["A/01.mp3"]),
    ],
)
def test_the_longest_name_that_a_file_begins_with_counts(text: str, expected: list[str]) -> None:
    assert ids(KNOWN.that_begins(text)) == expected


def test_songs_of_a_database_are_called_by_name_number_and_file(tmp_path: Path) -> None:
    with open_store(tmp_path / "m.db", PACKED, create=True) as store:
        for number, name in enumerate(("one", "twin", "twin")):
            source: dict[str, JSON] = {"source": f"/music/{number}/{name}.mp3"}
            song = NewSong(name, f"{number:064x}", 30.0, source)
            store.add_song(song, hashes((1, number), (2, 20)), no_peaks(), allow_duplicates=True)
        known = KnownSongs.of_store(store)
        numbers = [song.id for song in store.songs()]
    assert list(known.by_id) == ["one", "twin (1)", "twin (2)"]
    assert len(known.named("twin", BASE)) == 2
    for text in ("twin (2)", str(numbers[2]), "/music/2/twin.mp3", "2/twin"):
        assert ids(known.named(text, BASE)) == ["twin (2)"]
    assert known.answered(numbers[2], "twin").id == "twin (2)"
    assert known.answered(99, "learned meanwhile").id == "learned meanwhile"


def test_a_song_that_is_called_as_its_tags_is_found_by_its_file(tmp_path: Path) -> None:
    with open_store(tmp_path / "m.db", PACKED, create=True) as store:
        metadata: dict[str, JSON] = {"source": "/music/A/01.mp3", "named_by": "tags"}
        store.add_song(
            NewSong("AC/DC – Aria", "a" * 64, 30.0, metadata), hashes((1, 1)), no_peaks()
        )
        known = KnownSongs.of_store(store)
    for text in ("01", "A/01.mp3", "AC/DC – Aria"):
        assert ids(known.named(text, BASE)) == ["AC/DC – Aria"]
    assert ids(known.of_main_name("elsewhere/01.wav")) == ["AC/DC – Aria"]
