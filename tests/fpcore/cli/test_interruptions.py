"""Learning that is killed, interrupted or shared loses no acknowledged song, leaves no partial."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, suppress
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fpcore.errors import StoreError
from fpcore.store import open_store
from fpcore.store.codec import decode_postings
from tests.fpcore.cli.material import write_short_songs, write_wav
from tests.fpcore.cli.running import (
    TIMEOUT_S,
    answer,
    complaint,
    complaints,
    fpcore,
    lines_of_json,
    start,
)
from tests.fpcore.cli.watching import finish, holders, kill, until, wait_for_lines

N_KILLS = 4
N_MOMENTS = 4
"""Kills of one database, each at another moment; then learning is completed."""

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/fd").exists(), reason="needs /proc to see which process is at which file"
)


def _acknowledged(lines: list[str]) -> set[str]:
    """Return the checksums of the songs that were told to be learned or known."""
    found = set()
    for line in lines:
        if line.endswith("\n"):  # a kill may tear the last line
            song = json.loads(line).get("song")
            found |= {song["checksum"]} if song else set()
    return found


def _wait_for_moment(process: subprocess.Popen[str], number: int, database: Path) -> list[str]:
    """Wait for the moment of kill ``number``, and return the answer up to then.

    In turn: as soon as there is a file, at the first growth of the log, which is while songs
    are written, and at one or another acknowledgement.
    """
    log = database.with_name(database.name + "-wal")
    match number % N_MOMENTS:
        case 0:
            until(process, database.exists)
            return []
        case 1:
            until(process, lambda: log.exists() and log.stat().st_size > 0)
            return []
        case 2:
            return wait_for_lines(process, 1 + 2 * number)
        case _:
            return wait_for_lines(process, 21 + 2 * number)


def _assert_whole(database: Path, acknowledged: set[str]) -> set[str]:
    """Assert that every song is whole and no acknowledged one lost; return the checksums."""
    try:
        store = open_store(database, None)
    except StoreError as error:
        assert "no index" in str(error)
        assert not acknowledged
        return set()
    with store:
        assert store.check(full=True).problems == ()
        songs = store.songs()
    with closing(sqlite3.connect(database)) as connection:
        rows = dict(connection.execute("SELECT song_id, postings FROM postings").fetchall())
        n_postings = {song_id: len(decode_postings(row)[0]) for song_id, row in rows.items()}
        assert n_postings == {song.id: song.n_fingerprints for song in songs}
    checksums = {song.checksum for song in songs}
    assert acknowledged <= checksums
    return checksums


def test_kills_in_the_middle_lose_no_acknowledged_song_and_leave_no_partial_one(
    many_songs: tuple[Path, int], tmp_path: Path
) -> None:
    folder, n_songs = many_songs
    names = (tmp_path / f"{number}.db" for number in count())
    database, acknowledged = next(names), set[str]()
    n_kills = n_acknowledged = 0
    while n_kills < N_KILLS:
        process = start("learn", folder, "--json", "--db", database, "--jobs", 2, cwd=tmp_path)
        lines = _wait_for_moment(process, n_kills, database)
        kill(process, with_workers=n_kills % 2 == 0)  # without, they must notice it
        lines, errors = finish(process, lines)
        n_kills += process.returncode == -signal.SIGKILL
        assert "Traceback" not in errors
        acknowledged |= _acknowledged(lines)
        n_acknowledged += len(acknowledged)
        n_left = n_songs - len(_assert_whole(database, acknowledged))
        if n_kills % N_MOMENTS == 0 or not n_left:
            assert fpcore("learn", folder, "--db", database, cwd=tmp_path).returncode == 0
            assert len(_assert_whole(database, acknowledged)) == n_songs
            database, acknowledged = next(names), set()
    assert n_acknowledged > 0


def test_ctrl_c_stops_at_once_and_the_same_command_resumes(
    many_songs: tuple[Path, int], tmp_path: Path
) -> None:
    folder, n_songs = many_songs
    long = write_wav(tmp_path / "long.wav", _noise(duration_s=600.0), 8000)
    process = start("learn", folder, long, "--json", "--db", "x.db", cwd=tmp_path)
    lines = wait_for_lines(process, 1)
    os.killpg(process.pid, signal.SIGINT)
    lines, errors = finish(process, lines)
    assert process.returncode == 130
    *told, last = lines_of_json("".join(lines))
    assert last["summary"]["interrupted"] is True
    n_learned = last["summary"]["n_learned"]
    # Ctrl-C may fall between the count of a song and its line.
    assert told
    assert 0 <= n_learned - len(told) <= 1
    assert errors.endswith(
        f"fpcore: interrupted: {n_learned} song{'s' * (n_learned != 1)} learned and kept; "
        "the same command goes on from there\n"
    )
    _assert_whole(tmp_path / "x.db", {line["song"]["checksum"] for line in told})
    assert fpcore("learn", folder, "--db", "x.db", cwd=tmp_path).returncode == 0
    assert len(_assert_whole(tmp_path / "x.db", set())) == n_songs


def _noise(*, duration_s: float) -> Any:
    samples = 0.1 * np.random.default_rng(3).standard_normal((round(duration_s * 8000), 1))
    return samples.astype(np.float32)


@pytest.fixture
def folder_with_long_song(tmp_path: Path) -> tuple[Path, Path]:
    """A folder of a few songs, one of which keeps a worker busy for a while."""
    folder = tmp_path / "music"
    write_short_songs(folder, [9], duration_s=8.0)
    return folder, write_wav(folder / "long.wav", _noise(duration_s=400.0), 8000)


def _kills_of_worker(process: subprocess.Popen[str], path: Path) -> Iterator[int]:
    """Kill the worker that has ``path`` open, each time that there is one, until the end."""
    held: list[int] = []

    def is_held() -> bool:
        held[:] = holders(process.pid, path)
        return bool(held)

    while until(process, is_held, look_every_s=0.02):
        for worker in held:
            assert worker != process.pid
            with suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)
                yield worker


def test_a_file_whose_worker_was_killed_is_tried_again(
    folder_with_long_song: tuple[Path, Path], tmp_path: Path
) -> None:
    folder, long = folder_with_long_song
    process = start("learn", folder, "--json", "--jobs", 2, cwd=tmp_path)
    assert next(_kills_of_worker(process, long))
    output, errors = process.communicate(timeout=TIMEOUT_S)
    assert (process.returncode, errors) == (0, "")
    *lines, last = lines_of_json(output)
    assert {line["song"]["name"] for line in lines} == {"long", "09-00", "09-01", "09-02"}
    assert last["summary"]["n_learned"] == 4
    assert len(_assert_whole(tmp_path / "music_recognition.db", set())) == 4


def test_a_file_that_takes_every_worker_down_is_reported_and_the_others_are_learned(
    folder_with_long_song: tuple[Path, Path], tmp_path: Path
) -> None:
    folder, long = folder_with_long_song
    process = start("learn", folder, "--jobs", 2, cwd=tmp_path)
    assert len(set(_kills_of_worker(process, long))) >= 2
    output, errors = process.communicate(timeout=TIMEOUT_S)
    done = subprocess.CompletedProcess((), process.returncode, output, errors)
    complaint(done, "long.wav", "its worker was killed from outside", "fewer --jobs")
    assert output.startswith("learned 3 songs ") and output.endswith("; 1 failed\n")
    assert len(_assert_whole(tmp_path / "music_recognition.db", set())) == 3


def test_two_learners_on_one_database_learn_each_song_once(
    many_songs: tuple[Path, int], tmp_path: Path
) -> None:
    folder, n_songs = many_songs
    learners = [start("learn", folder, "--json", "--jobs", 1, cwd=tmp_path) for _ in range(2)]
    summaries = []
    for learner in learners:
        output, errors = learner.communicate(timeout=TIMEOUT_S)
        assert (learner.returncode, errors) == (0, "")
        *lines, last = lines_of_json(output)
        assert len(lines) == n_songs
        summaries.append(last["summary"])
    assert sum(summary["n_learned"] for summary in summaries) == n_songs
    assert sum(summary["n_known"] for summary in summaries) == n_songs
    assert len(_assert_whole(tmp_path / "music_recognition.db", set())) == n_songs
    songs = answer("songs", "--limit", 1000, cwd=tmp_path)["songs"]
    assert len({song["name"] for song in songs}) == n_songs


def test_readers_answer_while_songs_are_learned(
    many_songs: tuple[Path, int], tmp_path: Path
) -> None:
    folder, n_songs = many_songs
    learner = start("learn", folder, "--json", cwd=tmp_path)
    lines = wait_for_lines(learner, 1)
    os.killpg(learner.pid, signal.SIGSTOP)  # in the middle of its work
    done = fpcore("recognize", json.loads(lines[0])["file"], cwd=tmp_path)
    os.killpg(learner.pid, signal.SIGCONT)
    assert complaints(done) == [] and done.returncode == 0
    lines, errors = finish(learner, lines)
    assert (learner.returncode, errors) == (0, "")
    assert len(lines) == n_songs + 1


def test_ctrl_c_stops_recognising_many_files(many_songs: tuple[Path, int], tmp_path: Path) -> None:
    folder, n_songs = many_songs
    assert fpcore("learn", folder, cwd=tmp_path).returncode == 0
    files = sorted(folder.iterdir())
    process = start("recognize", "--jobs", 2, *(files * 40), cwd=tmp_path)
    lines = wait_for_lines(process, 3)
    os.killpg(process.pid, signal.SIGINT)
    lines, errors = finish(process, lines)
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert 3 <= len(lines) < 40 * n_songs
    named = [f'{file}: "{file.stem}" at ' for file in files * 40]
    assert all(line.startswith(name) for line, name in zip(lines, named, strict=False))
