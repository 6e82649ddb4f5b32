"""Only what the server keeps itself is ever removed with a song."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from api.uploads import kept_audio
from fpcore import Library
from fpcore.store import Song
from tests.api.material import song
from tests.api.server import Server, running

CHECKSUM = 64 * "a"


def _learned_from(source: object) -> Song:
    """Return a song whose metadata names ``source`` as its audio."""
    return Song(1, "song", CHECKSUM, 8.0, 100, datetime.now(UTC), {"source": str(source)})


@pytest.mark.parametrize(
    "source",
    ["music/holiday.wav", f"music/{CHECKSUM}.wav", f"kept/deeper/{CHECKSUM}.wav", "kept/mine.wav"],
    ids=["elsewhere", "elsewhere by its checksum", "in a folder below", "beside what is kept"],
)
def test_a_file_of_the_user_is_not_removed_with_its_song(tmp_path: Path, source: str) -> None:
    kept, file = tmp_path / "kept", tmp_path / source
    kept.mkdir()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"the only copy")
    kept_audio.discard(_learned_from(file), kept)
    assert file.read_bytes() == b"the only copy"


def test_kept_audio_is_removed_and_may_be_gone_already(tmp_path: Path) -> None:
    file = tmp_path / f"{CHECKSUM}.wav"
    file.write_bytes(b"a copy")
    for _ in range(2):
        kept_audio.discard(_learned_from(file), tmp_path)
        assert not file.exists()


def test_a_server_that_keeps_no_audio_removes_none(tmp_path: Path) -> None:
    file = tmp_path / f"{CHECKSUM}.wav"
    file.write_bytes(b"of another server")
    kept_audio.discard(_learned_from(file), None)
    assert file.exists()


@pytest.fixture
def music(tmp_path: Path) -> list[Path]:
    folder = tmp_path / "music"
    folder.mkdir()
    files = [folder / f"{seed}.wav" for seed in (1, 2, 3)]
    for seed, file in enumerate(files, start=1):
        file.write_bytes(song(seed))
    return files


@pytest.fixture
def keeping_server(tmp_path: Path, empty_folder: Path, music: list[Path]) -> Iterator[Server]:
    """A server that keeps audio, over an index that was filled from the user's own files."""
    with running(empty_folder, keep_audio=tmp_path / "kept") as server:
        with Library.open(server.database, server.profile) as library:
            for file in music:
                library.learn(file)
        yield server


def test_songs_removed_over_rest_leave_the_files_that_they_were_learned_from(
    keeping_server: Server, music: list[Path]
) -> None:
    with keeping_server.client() as client:
        first = client.get("/songs").json()["songs"][0]
        client.delete(f"/songs/{first['song_id']}").raise_for_status()
        assert client.get("/songs").json()["total"] == 2
        client.delete("/songs", params={"confirm": "all"}).raise_for_status()
        assert client.get("/songs").json()["total"] == 0
    assert [file.read_bytes() for file in music] == [song(seed) for seed in (1, 2, 3)]
