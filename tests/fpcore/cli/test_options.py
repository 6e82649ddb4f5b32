"""The database and the profile that commands name: opened, or refused in one sentence."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from fpcore.profiles import load_profile
from tests.fpcore.cli.conftest import Learned
from tests.fpcore.cli.running import (
    assert_whole,
    complaint,
    fpcore,
    fpcore_process,
    without_privileges,
)

READING = (
    ("recognize", "x.wav"),
    ("explain", "x.wav"),
    ("songs",),
    ("remove", "1"),
    ("stats",),
    ("check",),
    ("backup", "copy.db"),
)


@pytest.mark.parametrize("command", READING, ids=lambda command: command[0])
def test_a_missing_database_is_named_with_the_command_that_makes_one(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    complaint(fpcore(*command, cwd=tmp_path), "music_recognition.db", "fpcore learn PATHS")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["application", "text"])
def test_a_file_of_another_application_is_refused_and_left_alone(
    kind: str, tmp_path: Path, one_song: Path
) -> None:
    foreign = tmp_path / "foreign.db"
    if kind == "text":
        foreign.write_text("a letter to a friend\n" * 100)
    else:
        with closing(sqlite3.connect(foreign)) as connection:
            connection.execute("CREATE TABLE songs (title TEXT)")
    before = foreign.read_bytes()
    for command in (("learn", one_song), ("recognize", one_song), ("songs",), ("check",)):
        reason = "another application" if kind == "application" else "not an SQLite database"
        complaint(fpcore(*command, "--db", "foreign.db", cwd=tmp_path), "foreign.db", reason)
    assert foreign.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["foreign.db"]


def test_a_database_in_a_folder_without_rights_is_refused(tmp_path: Path, one_song: Path) -> None:
    folder = tmp_path / "sealed"
    folder.mkdir()
    for mode, command in ((0o500, ("learn", one_song)), (0, ("learn", one_song)), (0, ("songs",))):
        folder.chmod(mode)
        done = fpcore_process(
            *command, "--db", "sealed/x.db", cwd=tmp_path, prepare=without_privileges
        )
        folder.chmod(0o700)
        complaint(done, "sealed/x.db")
        assert list(folder.iterdir()) == []


def test_a_database_of_another_digest_is_refused_with_the_fields_that_differ(
    tmp_path: Path, one_song: Path, database: Path
) -> None:
    for command in (("learn", one_song), ("recognize", one_song), ("explain", one_song)):
        line = complaint(
            fpcore(*command, "--profile", "seed", cwd=tmp_path),
            "music_recognition.db",
            "peaks.max_peaks_per_s is 10.0 there and None here",
        )
        assert "whitening.kind is 'box' there and 'none' here" in line
    assert_whole(tmp_path, 8)


def test_of_a_database_that_keeps_no_profile_one_at_hand_must_have_the_configuration(
    tmp_path: Path, one_song: Path, database: Path
) -> None:
    profiles = tmp_path / "profiles"
    profiles.mkdir()
    # The user's file stands in for the preset of the name under which the songs were learned.
    (profiles / "balanced.json").write_text(load_profile("seed").model_dump_json())
    asked = ("recognize", one_song)
    kept = fpcore(*asked, cwd=tmp_path, env={"FPCORE_PROFILES": str(profiles)})
    assert (kept.returncode, kept.stderr) == (3, "")
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("DELETE FROM meta WHERE key = 'profile'")
    done = fpcore(*asked, cwd=tmp_path, env={"FPCORE_PROFILES": str(profiles)})
    complaint(done, "music_recognition.db", "none of the profiles at hand")


def test_a_locked_database_is_told_after_the_wait_and_can_still_be_read(
    tmp_path: Path, learned: Learned, one_song: Path, database: Path
) -> None:
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for command in (("learn", one_song), ("remove", "1")):
            done = fpcore_process(*command, "--wait", "0.1", cwd=tmp_path)
            complaint(done, "music_recognition.db", "locked by another writer")
        known = learned.music.folder / "song in flac.flac"
        assert fpcore_process("recognize", known, cwd=tmp_path).returncode == 0
        other.execute("ROLLBACK")
    assert_whole(tmp_path, 8)
