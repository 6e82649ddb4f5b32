"""The same songs under another profile: what the command says, keeps and refuses."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from fpcore.store import open_store
from tests.fpcore.cli.material import piece, write_wav
from tests.fpcore.cli.running import (
    answer,
    complaint,
    complaints,
    fpcore,
    fpcore_process,
    without_privileges,
)

N_SONGS = 4

REINDEX = ("reindex", "--jobs", 1, "--profile", "balanced")
"""With one worker, since to start another takes longer than these songs do."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with short songs in ``music`` and their index under ``seed``."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "music").mkdir()
    for number in range(N_SONGS):
        write_wav(folder / "music" / f"song {number}.wav", piece(number, duration_s=8.0))
    learned = fpcore("learn", "music", "--profile", "seed", "--jobs", 1, cwd=folder)
    assert learned.returncode == 0, learned.stderr
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """A copy of the folder, its database pointing to the files of the copy."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    _point_to(tmp_path / "music_recognition.db", tmp_path / "music")
    return tmp_path


def _point_to(database: Path, music: Path) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(
            "UPDATE songs SET metadata = json_object('source', ? || '/' || name || '.wav')",
            (str(music),),
        )


def _files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def _recognized(folder: Path, number: int) -> Any:
    [found] = answer("recognize", f"music/song {number}.wav", cwd=folder)["results"]
    return found["match"] and found["match"]["song_name"]


def test_the_songs_are_recognised_under_the_new_profile(folder: Path) -> None:
    done = fpcore(*REINDEX, cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "music_recognition.db: 4 songs indexed under profile balanced\n"
    assert _files(folder) == ["music", "music_recognition.db"]
    songs = answer("songs", cwd=folder)["songs"]
    assert [song["name"] for song in songs] == [f"song {number}" for number in range(N_SONGS)]
    assert _recognized(folder, 2) == "song 2"
    refused = fpcore("recognize", "music/song 2.wav", "--profile", "seed", cwd=folder)
    complaint(refused, "`fpcore reindex --profile NAME`")
    again = fpcore(*REINDEX, cwd=folder)
    assert (again.returncode, again.stderr) == (0, "")
    assert (
        again.stdout == "music_recognition.db: has the configuration of profile balanced already\n"
    )


def test_the_snapshot_of_the_old_database_goes_and_a_new_one_can_be_made(folder: Path) -> None:
    assert fpcore("snapshot", cwd=folder).returncode == 0
    assert len(_files(folder)) == 3
    assert fpcore(*REINDEX, cwd=folder).returncode == 0
    assert _files(folder) == ["music", "music_recognition.db"]
    assert fpcore("snapshot", cwd=folder).returncode == 0
    assert _recognized(folder, 1) == "song 1"
    assert fpcore("check", cwd=folder).returncode == 0


def test_a_profile_with_the_same_hashes_only_takes_the_place_of_the_other_one(
    folder: Path,
) -> None:
    mine = answer("profile", "show", "seed", cwd=folder) | {"name": "mine"}
    (folder / "mine.json").write_text(json.dumps(mine))
    shutil.rmtree(folder / "music")
    assert answer("stats", cwd=folder)["profile"] == "seed"
    renewed = fpcore("reindex", "--profile", "mine.json", cwd=folder)
    assert (renewed.returncode, renewed.stderr) == (0, "")
    assert renewed.stdout.endswith("of profile mine, and is asked under it from now on\n")
    (folder / "mine.json").unlink()
    assert fpcore("stats", cwd=folder).stdout.startswith("profile               mine\n")


def test_it_answers_in_json(folder: Path) -> None:
    told = answer(*REINDEX, cwd=folder)
    assert told == {"n_songs": N_SONGS, "swapped": True, "renewed": False, "gone": []}
    told = answer(*REINDEX, cwd=folder)
    assert told == {"n_songs": N_SONGS, "swapped": False, "renewed": False, "gone": []}


def test_songs_whose_audio_is_gone_are_listed_and_the_database_stays(folder: Path) -> None:
    music, database = folder / "music", folder / "music_recognition.db"
    (music / "song 0.wav").unlink()
    (music / "song 1.wav").write_bytes((music / "song 3.wav").read_bytes())
    (music / "song 2.wav").write_bytes(b"no audio")
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE songs SET metadata = '{}' WHERE name = 'song 3'")
    before = database.read_bytes()
    done = fpcore(*REINDEX, cwd=folder)
    assert (done.returncode, done.stdout) == (1, "")
    lines = complaints(done)
    assert lines[:2] == [
        f"fpcore: song 0: {music / 'song 0.wav'} is not there any more",
        f"fpcore: song 1: {music / 'song 1.wav'} holds something else now",
    ]
    assert lines[2].startswith(f"fpcore: song 2: {music / 'song 2.wav'}")
    assert lines[3] == "fpcore: song 3: no file was recorded for it"
    assert "music_recognition.db is unchanged: restore the files" in lines[4]
    assert "--drop-gone" in lines[4]
    assert database.read_bytes() == before
    told = answer(*REINDEX, cwd=folder, code=1)
    assert (told["n_songs"], told["swapped"]) == (0, False)
    assert [(one["id"], one["name"]) for one in told["gone"]] == [
        (number + 1, f"song {number}") for number in range(N_SONGS)
    ]


def test_it_goes_on_when_files_are_restored_or_without_the_songs(folder: Path) -> None:
    music = folder / "music"
    for number in (1, 2):
        (music / f"song {number}.wav").rename(folder / f"{number}.away")
    assert fpcore(*REINDEX, cwd=folder).returncode == 1
    (folder / "1.away").rename(music / "song 1.wav")
    done = fpcore(*REINDEX, "--drop-gone", cwd=folder)
    assert done.returncode == 0
    assert done.stdout == "music_recognition.db: 3 songs indexed under profile balanced\n"
    assert [line for line in complaints(done) if "song 2" in line]
    assert _files(folder) == ["2.away", "music", "music_recognition.db"]
    assert _recognized(folder, 1) == "song 1"


def test_what_was_removed_between_two_tries_does_not_come_back(folder: Path) -> None:
    (folder / "music" / "song 3.wav").unlink()
    assert fpcore(*REINDEX, cwd=folder).returncode == 1
    assert fpcore("remove", 1, "--yes", cwd=folder).returncode == 0
    told = answer(*REINDEX, "--drop-gone", cwd=folder)
    assert (told["n_songs"], told["swapped"]) == (2, True)
    songs = answer("songs", cwd=folder)["songs"]
    assert [song["name"] for song in songs] == ["song 1", "song 2"]


def test_a_database_that_is_open_elsewhere_is_not_replaced_under_their_feet(folder: Path) -> None:
    database = folder / "music_recognition.db"
    with open_store(database, None) as other:  # such as the service, between two requests
        assert other.n_songs() == N_SONGS
        done = fpcore_process(*REINDEX, "--wait", "0.2", cwd=folder)
        complaint(
            done, "music_recognition.db is open in another program", "service", "same command"
        )
        assert other.n_songs() == N_SONGS
    assert answer("stats", cwd=folder)["n_songs"] == N_SONGS
    told = answer(*REINDEX, cwd=folder)
    assert told["swapped"] is True
    assert _files(folder) == ["music", "music_recognition.db"]


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (("--profile", "balanced", "--db", "none.db"), ("none.db", "fpcore learn")),
        (("--profile", "no-such"), ("no-such", "balanced")),
        (("--profile", "balanced", "--db", "music"), ("music", "not a file")),
        (("--profile", "balanced", "--db", "empty.db"), ("empty.db", "holds no index yet")),
        (("--profile", "balanced", "--db", "other.db"), ("other.db", "another application")),
        (("--profile", "balanced", "--db", "music/song 0.wav"), ("song 0.wav", "not an SQLite")),
    ],
)
def test_what_cannot_be_reindexed_is_told_and_nothing_is_made(
    arguments: tuple[str, ...], parts: tuple[str, ...], folder: Path
) -> None:
    (folder / "empty.db").touch()
    with closing(sqlite3.connect(folder / "other.db")) as connection, connection:
        connection.execute("CREATE TABLE t (x)")
    before = _files(folder)
    complaint(fpcore("reindex", *arguments, cwd=folder), *parts)
    assert _files(folder) == before


def _fill(disk: Path, *, but_bytes: int) -> Path:
    room = os.statvfs(disk)
    ballast = disk / "ballast"
    ballast.write_bytes(bytes(room.f_bavail * room.f_frsize - but_bytes))
    return ballast


@pytest.fixture
def on_small_disk(folder: Path, small_disk: Path) -> tuple[str, Path]:
    """The option that names a database on a small disk, its music elsewhere."""
    database = Path(shutil.move(folder / "music_recognition.db", small_disk / "x.db"))
    return "--db", database


def test_a_disk_that_fills_up_while_songs_are_learned_is_told_and_nothing_is_lost(
    folder: Path, small_disk: Path, on_small_disk: tuple[str, Path]
) -> None:
    ballast = _fill(small_disk, but_bytes=140_000)
    done = fpcore(*REINDEX, *on_small_disk, cwd=folder)
    complaint(done, "x.db.", ".new", "no room")
    assert answer("check", *on_small_disk, cwd=folder)["ok"] is True
    ballast.unlink()
    told = answer(*REINDEX, *on_small_disk, cwd=folder)
    assert (told["n_songs"], told["swapped"]) == (N_SONGS, True)
    assert _files(small_disk) == ["x.db"]


def test_a_disk_that_fills_up_at_the_swap_leaves_the_old_database(
    folder: Path, small_disk: Path, on_small_disk: tuple[str, Path]
) -> None:
    away = (folder / "music" / "song 3.wav").rename(folder / "3.away")
    first = fpcore(*REINDEX, *on_small_disk, cwd=folder)
    assert first.returncode == 1 and "song 3" in first.stderr
    ballast = _fill(small_disk, but_bytes=65_536)
    again = (*REINDEX, "--drop-gone", *on_small_disk)
    done = fpcore(*again, cwd=folder)
    assert done.returncode == 1
    assert complaints(done)[-1] == (
        f"fpcore: there is no room to write {on_small_disk[1]}: nothing was changed, free some "
        "space on its disk"
    )
    ballast.unlink()
    assert answer("check", *on_small_disk, cwd=folder)["ok"] is True
    stats = answer("stats", *on_small_disk, cwd=folder)
    assert stats["n_songs"] == N_SONGS
    away.rename(folder / "music" / "song 3.wav")
    assert answer(*again, cwd=folder)["n_songs"] == N_SONGS
    assert _files(small_disk) == ["x.db"]


def test_a_source_that_may_not_be_read_is_gone_and_the_others_are_indexed(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir()
    (folder / "music" / "song 0.wav").rename(closed / "song 0.wav")
    with closing(sqlite3.connect(folder / "music_recognition.db")) as connection, connection:
        connection.execute(
            "UPDATE songs SET metadata = json_object('source', ?) WHERE name = 'song 0'",
            (str(closed / "song 0.wav"),),
        )
    closed.chmod(0)
    try:
        done = fpcore_process(
            *REINDEX, "--drop-gone", cwd=folder,
            prepare=without_privileges,
        )  # fmt: skip
    finally:
        closed.chmod(0o700)
    assert done.returncode == 0, done.stderr
    assert complaints(done) == [
        f"fpcore: song 0: {closed / 'song 0.wav'} cannot be read, permission denied"
    ]
    assert answer("songs", cwd=folder)["total"] == N_SONGS - 1
