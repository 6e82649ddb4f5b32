"""Renaming by tags: which songs are called otherwise, and which keep their names and why."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile

from fpcore.audio import checksum
from fpcore.bulk import retitle
from fpcore.bulk.retitle import rename_by_tags
from fpcore.store import NewSong, SqliteStore, open_store
from tests.fpcore.indexed import RATE_HZ, part
from tests.fpcore.store.material import entry
from tests.fpcore.synthetic import LEAN
from tests.tagged_files import tagged

SOUND = io.BytesIO()
soundfile.write(SOUND, part(0, 0.0, 0.5), RATE_HZ, format="WAV")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with open_store(tmp_path / "songs.db", LEAN, create=True) as store:
        yield store


def keep(store: SqliteStore, path: Path, title: str, name: str | None = None) -> int:
    """Write a tagged file, and a song of it as an index of before has it; return its id."""
    path.write_bytes(tagged(SOUND.getvalue(), title, "Ada") if title else SOUND.getvalue())
    song = NewSong(name or path.stem, checksum(path), 0.5, {"source": str(path)})
    return store.add_song(song, *entry(1)[1:]).song.id


def test_songs_are_called_as_their_tags_unless_there_is_a_reason_not_to(
    store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retitle, "BATCH_SONGS", 2)
    first = keep(store, tmp_path / "01.wav", "Aria")
    keep(store, tmp_path / "02.wav", "Waltz", name="mine")
    keep(store, tmp_path / "03.wav", "")
    gone, other = (keep(store, tmp_path / f"0{n}.wav", f"Polka {n}") for n in (4, 5))
    (tmp_path / "04.wav").unlink()
    (tmp_path / "05.wav").write_bytes(tagged(SOUND.getvalue(), "Other music"))
    steps: list[tuple[int, int]] = []
    found = rename_by_tags(store, note=lambda *step: steps.append(step))
    assert [(song.id, song.name) for song in found.songs] == [(first, "Ada – Aria")]
    assert found.names_before == {first: "01"}
    assert found.kept == {"given": 1, "no title": 1, "no file": 2}
    assert steps == [(n, 5) for n in range(1, 6)]
    assert [store.song(one).name for one in (gone, other)] == ["04", "05"]
    assert rename_by_tags(store).kept["named so"] == 1


def test_other_tags_count_once_the_file_is_known_to_hold_the_same_audio(
    store: SqliteStore, tmp_path: Path
) -> None:
    path = tmp_path / "01.wav"
    song_id = keep(store, path, "Aria")
    rename_by_tags(store)
    path.write_bytes(tagged(SOUND.getvalue(), "Waltz", "Ada"))
    assert rename_by_tags(store).songs == ()
    again = NewSong("01", checksum(path), 0.5, {"source": str(path)})
    assert store.add_song(again, *entry(1)[1:], allow_duplicates=False).known_by == "audio"
    assert [song.name for song in rename_by_tags(store).songs] == ["Ada – Waltz"]
    assert store.song(song_id).name == "Ada – Waltz"
