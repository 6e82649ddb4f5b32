"""Audio that the server keeps: found under its checksum, and only that is ever removed."""

from __future__ import annotations

import contextlib
import signal
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from api.uploads import kept_audio
from fpcore import Library
from fpcore.bulk.reindex import reindex
from fpcore.profiles import load_profile, profile_path
from fpcore.store import Song, open_store
from tests.api.conftest import emptied
from tests.api.material import excerpt, learn, recognize, song
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


@pytest.fixture(scope="module")
def shared_keeper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("keeper")
    with running(folder, keep_audio=folder / "kept") as server:
        yield server


@pytest.fixture
def keeper(shared_keeper: Server) -> Iterator[Server]:
    """A server without songs that keeps audio in the folder ``kept`` beside its index."""
    with emptied(shared_keeper) as server:
        assert list((server.folder / "kept").iterdir()) == []
        yield server


@contextlib.contextmanager
def held(database: Path) -> Iterator[None]:
    """Hold the database as a writer does: what is kept meanwhile cannot be stored yet."""
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            other.execute("ROLLBACK")


def wait_for_audio(folder: Path, n_files: int) -> list[Path]:
    """Return the audio in a folder once there is as much as asked for."""
    while True:
        found = [path for path in folder.iterdir() if path.suffix in {".wav", ".wave"}]
        if len(found) == n_files:
            return found
        threading.Event().wait(0.005)


def test_songs_removed_over_rest_leave_the_files_that_they_were_learned_from(
    keeper: Server, tmp_path: Path
) -> None:
    files = [tmp_path / f"{seed}.wav" for seed in (1, 2, 3)]
    with Library.open(keeper.database, keeper.profile) as library:
        for seed, file in enumerate(files, start=1):
            file.write_bytes(song(seed))
            library.learn(file)
    with keeper.client() as client:
        first = client.get("/songs").json()["songs"][0]
        client.delete(f"/songs/{first['song_id']}").raise_for_status()
        assert client.get("/songs").json()["total"] == 2
        client.delete("/songs", params={"confirm": "all"}).raise_for_status()
        assert client.get("/songs").json()["total"] == 0
    assert [file.read_bytes() for file in files] == [song(seed) for seed in (1, 2, 3)]


@pytest.mark.parametrize("filename", ["blob", "x.html", "../../x", "x.wav/..", "a.b/c"])
def test_kept_audio_of_a_file_of_any_name_has_nothing_of_that_name(
    filename: str, keeper: Server
) -> None:
    kept = keeper.folder / "kept"
    with keeper.client() as client:
        body = learn(client, song(1), "Song", filename=filename).json()
        assert [file.name for file in kept.iterdir()] == [f"{body['checksum']}.audio"]
        client.delete(f"/songs/{body['song_id']}").raise_for_status()
        assert list(kept.iterdir()) == []


def test_kept_audio_lies_under_its_checksum_until_its_song_is_removed(keeper: Server) -> None:
    kept = keeper.folder / "kept"
    with keeper.client() as client:
        learned = [
            learn(client, song(seed), f"Song {seed}", filename="../x.WAV", metadata='{"a": 1}')
            for seed in (1, 2, 3)
        ]
        bodies = [response.json() for response in learned]
        assert all(body["audio_kept"] for body in bodies)
        assert all(body["metadata"] == {"a": 1} for body in bodies)
        files = [kept / f"{body['checksum']}.wav" for body in bodies]
        assert sorted(kept.iterdir()) == sorted(files)
        assert [file.read_bytes() for file in files] == [song(1), song(2), song(3)]
        with open_store(keeper.database, None) as store:
            sources = [one.metadata["source"] for one in store.songs()]
        assert sources == [str(file) for file in files]
        client.delete(f"/songs/{bodies[0]['song_id']}").raise_for_status()
        assert sorted(kept.iterdir()) == sorted(files[1:])
        client.delete("/songs?confirm=all").raise_for_status()
        assert list(kept.iterdir()) == []


def test_the_same_audio_learned_twice_at_once_is_kept_once(keeper: Server) -> None:
    kept = keeper.folder / "kept"
    with keeper.client() as client:
        with ThreadPoolExecutor(2) as threads:
            with held(keeper.database):
                sent = [
                    threads.submit(learn, client, song(1), "First", filename=name)
                    for name in ("a.wav", "a.wave")
                ]
                wait_for_audio(kept, 2)
            answers = [one.result(timeout=60) for one in sent]
        assert sorted(answer.status_code for answer in answers) == [200, 201]
        with open_store(keeper.database, None) as store:
            (learned,) = store.songs()
        assert [str(path) for path in kept.iterdir()] == [learned.metadata["source"]]
        client.delete(f"/songs/{learned.id}").raise_for_status()
        assert list(kept.iterdir()) == []


def test_of_audio_that_is_there_from_another_file_nothing_more_is_kept(keeper: Server) -> None:
    kept = keeper.folder / "kept"
    with keeper.client() as client:
        first = learn(client, song(1), "First").json()
        again = learn(client, song(1) + b"LIST\4\0\0\0INFO", "Again").json()
        assert (again["song_id"], again["known_by"]) == (first["song_id"], "audio")
        assert [path.stem for path in kept.iterdir()] == [first["checksum"]]


def test_of_an_incomplete_song_that_was_replaced_no_audio_is_kept(keeper: Server) -> None:
    with keeper.client() as client:
        learn(client, song(1)[: len(song(1)) // 2], "Cut").raise_for_status()
        whole = learn(client, song(1), "Whole").json()
        assert len(whole["replaced"]) == 1
        assert [path.stem for path in (keeper.folder / "kept").iterdir()] == [whole["checksum"]]


def test_what_a_killed_server_left_of_uploads_and_kept_for_no_song_is_removed_by_the_next(
    empty_folder: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    server = Server(empty_folder, keep_audio=kept)
    with server.client() as client, ThreadPoolExecutor(1) as threads:
        learn(client, song(1), "First").raise_for_status()
        before = {*kept.iterdir(), kept / f"{64 * 'a'}.mp3"}
        (kept / f"{64 * 'a'}.mp3").write_bytes(b"of an index that was lost")
        with held(server.database):
            lost = threads.submit(learn, client, song(2), "Second")
            wait_for_audio(kept, 2)
            assert server.stop(signal.SIGKILL) == -signal.SIGKILL
        with pytest.raises(httpx.TransportError):
            lost.result(timeout=60)
    assert set(kept.iterdir()) > before
    assert server.uploads_left()
    with running(empty_folder, keep_audio=kept, web_workers=2) as later:
        assert set(kept.iterdir()) == before
        assert later.uploads_left() == []
        assert len(list(later.inbox.iterdir())) == 2  # a folder for each process
    assert list(later.inbox.iterdir()) == []


def test_audio_that_is_being_learned_is_not_taken_for_left_behind(keeper: Server) -> None:
    kept = keeper.folder / "kept"
    with keeper.client() as client:
        with ThreadPoolExecutor(1) as threads, open_store(keeper.database, None) as store:
            with held(keeper.database):
                sent = threads.submit(learn, client, song(1), "First")
                audio = wait_for_audio(kept, 1)
                kept_audio.sweep(kept, store)
                assert wait_for_audio(kept, 1) == audio
            assert sent.result(timeout=60).json()["audio_kept"]
        assert list(kept.iterdir()) == audio


def test_kept_audio_is_served_under_a_later_profile(keeper: Server, empty_folder: Path) -> None:
    with keeper.client() as client:
        for seed in (1, 2):
            learn(client, song(seed), f"Song {seed}").raise_for_status()
        before = client.get("/songs").json()["songs"]
    database = empty_folder / "index.db"
    with contextlib.closing(sqlite3.connect(keeper.database)) as index:
        index.execute("VACUUM INTO ?", (str(database),))
    assert reindex(database, load_profile("seed"), n_workers=1).swapped
    with running(empty_folder, profile=profile_path("seed")) as server, server.client() as client:
        after = client.get("/songs").json()["songs"]
        assert [one["checksum"] for one in after] == [one["checksum"] for one in before]
        assert [one["fingerprints"] for one in after] != [one["fingerprints"] for one in before]
        found = recognize(client, excerpt(2)).json()
        assert found["profile"]["name"] == "seed"
        assert found["candidates"][0]["song_name"] == "Song 2"
