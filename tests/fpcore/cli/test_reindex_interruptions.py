"""Re-indexing that is killed, interrupted or shared leaves the old index whole, or the new one."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from fpcore.profiles import load_profile
from fpcore.store import open_store
from tests.fpcore.cli.material import piece, write_short_songs, write_wav
from tests.fpcore.cli.running import answer, complaint, fpcore, fpcore_process, lines_of_json, start
from tests.fpcore.cli.watching import finish, kill, until, wait_for_lines

N_KILLS = 5
N_MOMENTS = 5
"""Kills of one database, each at another moment; then re-indexing is completed."""

OLD, NEW = "balanced", "seed"
"""The new index is the larger one: then putting it in place takes long enough to be met."""

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/fd").exists(), reason="needs /proc to see which processes there are"
)


@pytest.fixture(scope="module")
def learned(
    many_songs: tuple[Path, int], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, int]:
    """A database under the old profile, and the number of its songs: enough for two batches."""
    folder = tmp_path_factory.mktemp("learned")
    run = fpcore("learn", many_songs[0], "--profile", OLD, "--db", "x.db", cwd=folder)
    assert run.returncode == 0, run.stderr
    return folder / "x.db", many_songs[1]


@pytest.fixture
def database(learned: tuple[Path, int], tmp_path: Path) -> Path:
    (tmp_path / "here").mkdir()
    return Path(shutil.copy(learned[0], tmp_path / "here" / "x.db"))


def _reindexing(database: Path, *more: object) -> subprocess.Popen[str]:
    arguments = ("--profile", NEW, "--db", database, "--jobs", 2, "--json", *more)
    return start("reindex", *arguments, cwd=database.parent)


def _beside(database: Path) -> Path:
    digest = load_profile(NEW).fingerprint.digest
    return database.with_name(f"{database.name}.{digest[:12]}.new")


def _has_log(path: Path) -> bool:
    try:
        return path.with_name(path.name + "-wal").stat().st_size > 0
    except FileNotFoundError:
        return False


def _n_songs_in(path: Path) -> int:
    """Return how many songs another process has committed so far."""
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
            return int(connection.execute("SELECT count(*) FROM songs").fetchone()[0])
    except sqlite3.Error:
        return 0


def _wait_for_moment(process: subprocess.Popen[str], number: int, database: Path) -> None:
    """Wait for the moment of kill ``number``.

    In turn: as soon as there is a new file; while a batch is written to it; after the first
    batch; while its content is put into the place of the old; when that has been done.
    """
    beside = _beside(database)
    match number % N_MOMENTS:
        case 0:
            until(process, beside.exists)
        case 1:
            until(process, lambda: _has_log(beside))
        case 2:
            until(process, lambda: _n_songs_in(beside) > 0, look_every_s=0.01)
        case 3:
            until(process, lambda: _has_log(database))
        case _:
            until(process, lambda: _has_log(database))
            until(process, lambda: not _has_log(database))


def _assert_one_or_the_other(database: Path, n_songs: int) -> str:
    """Assert that the index is whole and can be asked; return the name of its profile."""
    with open_store(database, None) as store:
        assert store.check(full=True).problems == ()
        assert store.n_songs() == n_songs
        [name] = [
            name
            for name in (OLD, NEW)
            if store.config.digest == load_profile(name).fingerprint.digest
        ]
        source = store.songs()[-1].metadata["source"]
    [found] = answer("recognize", source, "--db", database, cwd=database.parent)["results"]
    assert found["match"]["song_name"] == Path(str(source)).stem
    return name


def test_kills_at_any_moment_leave_the_old_index_or_the_new_one(
    learned: tuple[Path, int], tmp_path: Path
) -> None:
    original, n_songs = learned
    folders = (tmp_path / f"{number}" for number in count())
    n_kills, found, database = 0, set[str](), tmp_path / "none"
    while n_kills < N_KILLS:
        if not database.exists():
            folder = next(folders)
            folder.mkdir()
            database = Path(shutil.copy(original, folder / "x.db"))
        process = _reindexing(database)
        _wait_for_moment(process, n_kills, database)
        kill(process, with_workers=n_kills % 2 == 0)  # without, they must notice it
        finish(process, [])
        n_kills += process.returncode == -signal.SIGKILL
        profile = _assert_one_or_the_other(database, n_songs)
        found.add(profile)
        if n_kills % N_MOMENTS == 0 or profile == NEW:
            told = answer("reindex", "--profile", NEW, "--db", database, cwd=database.parent)
            assert (told["n_songs"], told["gone"]) == (n_songs, [])
            assert _assert_one_or_the_other(database, n_songs) == NEW
            assert set(os.listdir(database.parent)) <= {database.name, f"{database.name}.segments"}
            database.unlink()
    assert OLD in found


def test_ctrl_c_stops_at_once_and_the_same_command_goes_on(
    learned: tuple[Path, int], database: Path
) -> None:
    process = _reindexing(database)
    until(process, lambda: _n_songs_in(_beside(database)) > 0, look_every_s=0.01)
    os.killpg(process.pid, signal.SIGINT)
    lines, errors = finish(process, [])
    assert (process.returncode, lines) == (130, [])
    # A worker that is only just starting gets the signal too, and may complain before.
    assert errors.endswith("fpcore: interrupted: the same command goes on from there\n")
    assert _assert_one_or_the_other(database, learned[1]) == OLD
    assert 0 < _n_songs_in(_beside(database)) < learned[1]
    told = answer("reindex", "--profile", NEW, "--db", database, cwd=database.parent)
    assert (told["n_songs"], told["swapped"]) == (learned[1], True)
    assert set(os.listdir(database.parent)) <= {database.name, f"{database.name}.segments"}


def test_others_recognise_before_while_and_after_it_is_put_in_place(
    learned: tuple[Path, int], many_songs: tuple[Path, int], database: Path
) -> None:
    process = _reindexing(database)
    n_before = 0
    source = many_songs[0] / "03-04.wav"
    while process.poll() is None:
        # A process: its start leaves time in which nobody has the database open.
        done = fpcore_process("recognize", source, "--db", database, cwd=database.parent)
        assert done.returncode == 0, done.stderr
        assert '"03-04"' in done.stdout
        n_before += 1
    lines, errors = finish(process, [])
    assert (process.returncode, errors) == (0, "")
    assert n_before > 0 and '"swapped": true' in "".join(lines)
    assert _assert_one_or_the_other(database, learned[1]) == NEW


def test_what_is_learned_and_removed_meanwhile_is_taken_over(
    learned: tuple[Path, int], database: Path, tmp_path: Path
) -> None:
    late = write_wav(tmp_path / "late.wav", piece(20, duration_s=8.0))
    process = _reindexing(database)
    until(process, lambda: _n_songs_in(_beside(database)) > 0, look_every_s=0.01)
    os.killpg(process.pid, signal.SIGSTOP)  # it has read which songs there are
    for command in (("learn", late), ("remove", 1, "--yes")):
        done = fpcore(*command, "--db", database, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    os.killpg(process.pid, signal.SIGCONT)
    _, errors = finish(process, [])
    assert (process.returncode, errors) == (0, "")
    assert _assert_one_or_the_other(database, learned[1]) == NEW
    songs = answer("songs", "--limit", 1000, "--db", database, cwd=tmp_path)["songs"]
    assert songs[-1]["name"] == "late"
    assert len({song["name"] for song in songs}) == learned[1]


def test_a_learner_that_is_not_done_is_not_cut_off(
    learned: tuple[Path, int], database: Path, tmp_path: Path
) -> None:
    n_late = write_short_songs(tmp_path / "late", range(20, 25), duration_s=3.0)
    learner = start("learn", tmp_path / "late", "--json", "--db", database, cwd=tmp_path)
    lines = wait_for_lines(learner, 1)  # of two batches
    os.killpg(learner.pid, signal.SIGSTOP)
    refused = fpcore("reindex", "--profile", NEW, "--wait", "0.2", "--db", database, cwd=tmp_path)
    complaint(refused, "x.db is open in another program", "learning run")
    os.killpg(learner.pid, signal.SIGCONT)
    lines, errors = finish(learner, lines)
    assert (learner.returncode, errors) == (0, "")
    assert lines_of_json("".join(lines))[-1]["summary"]["n_learned"] == n_late
    told = answer("reindex", "--profile", NEW, "--db", database, cwd=tmp_path)
    assert told["n_songs"] == learned[1] + n_late
    assert _assert_one_or_the_other(database, learned[1] + n_late) == NEW
    assert set(os.listdir(database.parent)) <= {database.name, f"{database.name}.segments"}
