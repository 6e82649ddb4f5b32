"""Whatever is wrong with the input: one sentence, a code, no traceback, nothing half-written."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import soundfile

from fpcore.profiles import load_profile
from tests import audio_files
from tests.fpcore.cli.conftest import Learned
from tests.fpcore.cli.material import RATE_48_HZ, piece, write_wav
from tests.fpcore.cli.running import (
    answer,
    complaint,
    complaints,
    fpcore,
    lines_of_json,
    without_privileges,
)


def _write_truncated_flac(path: Path) -> None:
    whole = path.with_name("whole.tmp")
    samples = audio_files.noisy_tones(10.0, 44_100)
    audio_files.write_sound(whole, samples, 44_100, container="FLAC", subtype="PCM_16")
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    whole.unlink()


def _write_nan(path: Path) -> None:
    samples = audio_files.noisy_tones(3.0, 44_100)
    samples[60_000] = np.nan
    soundfile.write(path, samples, 44_100, format="WAV", subtype="FLOAT")


def _write_samples(path: Path, n_samples: int) -> None:
    write_wav(path, np.zeros((n_samples, 1), np.float32))


BAD_AUDIO: dict[str, tuple[Callable[[Path], object], str]] = {
    "text.wav": (lambda path: path.write_text("no audio at all\n" * 50), "not audio"),
    "truncated.flac": (_write_truncated_flac, "cut"),
    "empty.mp3": (lambda path: path.write_bytes(b""), "empty"),
    "no samples.wav": (lambda path: _write_samples(path, 0), "no samples"),
    "not numbers.wav": (_write_nan, "not finite numbers"),
    "playlist.ogg": (lambda path: path.write_text("#EXTM3U\n/etc/passwd\n"), "not audio"),
    "ten hours.flac": (
        lambda path: path.write_bytes(audio_files.silent_flac(36_000)), "longer than 4 h",
    ),
    "silence.wav": (lambda path: _write_samples(path, 5 * RATE_48_HZ), "silent"),
}  # fmt: skip
"""File name -> (how it is written, what the complaint about it says)."""

UNUSABLE_ONLY_AS_A_WHOLE = {"ten hours.flac", "silence.wav"}
"""As a recording, the first minute of these is a fine one of nothing."""


def _assert_unchanged(folder: Path, n_songs: int, *database: object) -> None:
    """Assert that the database is whole and holds as many songs as before."""
    assert answer("check", "--full", *database, cwd=folder)["ok"]
    assert answer("songs", *database, cwd=folder)["total"] == n_songs


@pytest.mark.parametrize("name", [name for name in BAD_AUDIO if name != "ten hours.flac"])
def test_learn_refuses_a_file_that_is_no_sound_audio(
    name: str, tmp_path: Path, database: Path
) -> None:
    write, reason = BAD_AUDIO[name]
    write(tmp_path / name)
    complaint(fpcore("learn", name, cwd=tmp_path), name, reason)
    _assert_unchanged(tmp_path, 8)


def test_learn_refuses_bad_audio_under_a_given_name_too(tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("no audio at all")
    complaint(fpcore("learn", "text.wav", "--name", "x", cwd=tmp_path), "text.wav", "not audio")
    _assert_unchanged(tmp_path, 0)


def test_learn_goes_on_past_bad_files_and_lists_each(tmp_path: Path, one_song: Path) -> None:
    folder = tmp_path / "music"
    folder.mkdir()
    for name, (write, _) in BAD_AUDIO.items():
        write(folder / name)
    (folder / "good.wav").write_bytes(one_song.read_bytes())
    done = fpcore("learn", "music", "missing.mp3", "--json", cwd=tmp_path)
    assert done.returncode == 1
    *lines, last = lines_of_json(done.stdout)
    by_status = {
        status: {line["file"] and Path(line["file"]).name for line in lines
                 if line["status"] == status}
        for status in ("learned", "failed")
    }  # fmt: skip
    assert by_status == {"learned": {"good.wav"}, "failed": {*BAD_AUDIO, None}}
    assert last["summary"]["n_failed"] == len(BAD_AUDIO) + 1
    told = complaints(done)
    assert len(told) == len(BAD_AUDIO) + 1
    for name, (_, reason) in {**BAD_AUDIO, "missing.mp3": (None, "does not exist")}.items():
        assert [line for line in told if name in line and reason in line], name
    _assert_unchanged(tmp_path, 1)


def test_recognize_goes_on_past_bad_files(tmp_path: Path, learned: Learned, database: Path) -> None:
    names = [name for name in BAD_AUDIO if name not in UNUSABLE_ONLY_AS_A_WHOLE]
    for name in names:
        BAD_AUDIO[name][0](tmp_path / name)
    good = learned.music.folder / "song in flac.flac"
    done = fpcore("recognize", *names, good, cwd=tmp_path)
    assert done.returncode == 1
    assert [name for name, line in zip(names, complaints(done), strict=True) if name in line] == (
        names
    )
    assert '"song in flac"' in done.stdout
    results = answer("recognize", *names, good, cwd=tmp_path, code=1)["results"]
    assert [result["error"] is None for result in results] == [False] * len(names) + [True]


def test_recognize_finds_nothing_in_silence(tmp_path: Path, database: Path) -> None:
    BAD_AUDIO["ten hours.flac"][0](tmp_path / "ten hours.flac")
    done = fpcore("recognize", "ten hours.flac", cwd=tmp_path)
    assert done.returncode == 3
    assert done.stdout.startswith("ten hours.flac: no match (nothing to look up: silent, too short")


def test_learn_refuses_a_folder_without_audio(tmp_path: Path) -> None:
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "notes.txt").write_text("no audio")
    complaint(fpcore("learn", "texts", cwd=tmp_path), "texts", "no audio file")
    assert [path.name for path in tmp_path.iterdir()] == ["texts"]


def test_learn_takes_no_empty_path_for_the_folder_it_runs_in(
    tmp_path: Path, one_song: Path
) -> None:
    (tmp_path / "good.wav").write_bytes(one_song.read_bytes())
    complaint(fpcore("learn", "", cwd=tmp_path), "an empty path names nothing")
    assert [path.name for path in tmp_path.iterdir()] == ["good.wav"]


def test_learn_tells_which_folder_it_may_not_read(tmp_path: Path, one_song: Path) -> None:
    forbidden = tmp_path / "music" / "forbidden"
    forbidden.mkdir(parents=True)
    (tmp_path / "music" / "good.wav").write_bytes(one_song.read_bytes())
    forbidden.chmod(0)
    done = fpcore("learn", "music", cwd=tmp_path, prepare=without_privileges)
    complaint(done, "forbidden", "permission denied")
    assert done.stdout.startswith("learned 1 song ")
    forbidden.chmod(0o700)
    _assert_unchanged(tmp_path, 1)


def test_learn_tells_which_file_it_may_not_read(tmp_path: Path, one_song: Path) -> None:
    secret = tmp_path / "secret.wav"
    secret.write_bytes(one_song.read_bytes())
    secret.chmod(0)
    done = fpcore("learn", "secret.wav", cwd=tmp_path, prepare=without_privileges)
    complaint(done, "secret.wav", "permission denied")


def test_a_database_in_a_folder_without_rights_is_refused(tmp_path: Path, one_song: Path) -> None:
    folder = tmp_path / "sealed"
    folder.mkdir()
    for mode, command in ((0o500, ("learn", one_song)), (0, ("learn", one_song)), (0, ("songs",))):
        folder.chmod(mode)
        done = fpcore(*command, "--db", "sealed/x.db", cwd=tmp_path, prepare=without_privileges)
        folder.chmod(0o700)
        complaint(done, "sealed/x.db")
        assert list(folder.iterdir()) == []


def test_a_file_name_that_is_no_text_is_reported_and_the_others_are_learned(
    tmp_path: Path, one_song: Path
) -> None:
    folder = tmp_path / "music"
    folder.mkdir()
    (folder / "good.wav").write_bytes(one_song.read_bytes())
    odd = os.fsencode(folder) + b"/caf\xe9.wav"
    try:
        with open(odd, "wb") as file:
            soundfile.write(file, piece(22, duration_s=8), RATE_48_HZ, format="WAV")
    except OSError:
        pytest.skip("this file system takes no names that are not UTF-8")
    done = fpcore("learn", "music", cwd=tmp_path)
    complaint(done, "caf", "rename it")
    assert done.stdout.startswith("learned 1 song ")
    _assert_unchanged(tmp_path, 1)


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
    _assert_unchanged(tmp_path, 8)


def test_a_database_of_no_profile_at_hand_is_refused(
    tmp_path: Path, one_song: Path, database: Path
) -> None:
    profiles = tmp_path / "profiles"
    profiles.mkdir()
    # The user's file stands in for the preset of the name under which the songs were learned.
    (profiles / "balanced.json").write_text(load_profile("seed").model_dump_json())
    done = fpcore("recognize", one_song, cwd=tmp_path, env={"FPCORE_PROFILES": str(profiles)})
    complaint(done, "music_recognition.db", "none of the profiles at hand")


def test_a_locked_database_is_told_after_the_wait_and_can_still_be_read(
    tmp_path: Path, learned: Learned, one_song: Path, database: Path
) -> None:
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for command in (("learn", one_song), ("remove", "1")):
            done = fpcore(*command, "--wait", "0.1", cwd=tmp_path)
            complaint(done, "music_recognition.db", "locked by another writer")
        known = learned.music.folder / "song in flac.flac"
        assert fpcore("recognize", known, cwd=tmp_path).returncode == 0
        other.execute("ROLLBACK")
    _assert_unchanged(tmp_path, 8)


def test_a_full_disk_is_told_and_what_was_learned_stays(
    small_disk: Path, tmp_path: Path, one_song: Path
) -> None:
    database = ("--db", small_disk / "x.db")
    assert fpcore("learn", one_song, *database, cwd=tmp_path).returncode == 0
    room = os.statvfs(small_disk)
    (small_disk / "ballast").write_bytes(bytes(room.f_bavail * room.f_frsize - 65_536))
    long = write_wav(tmp_path / "long.wav", np.concatenate([piece(23)] * 4))
    done = fpcore("learn", long, *database, "--profile", "balanced", cwd=tmp_path)
    complaint(done, "x.db", "no room")
    assert done.stdout == "learned 0 songs\n"
    (small_disk / "ballast").unlink()
    _assert_unchanged(tmp_path, 1, *database)
    assert fpcore("learn", long, *database, cwd=tmp_path).returncode == 0


def test_a_disk_that_is_full_from_the_start_is_told(
    small_disk: Path, tmp_path: Path, one_song: Path
) -> None:
    room = os.statvfs(small_disk)
    (small_disk / "ballast").write_bytes(bytes(room.f_bavail * room.f_frsize))
    complaint(fpcore("learn", one_song, "--db", small_disk / "x.db", cwd=tmp_path), "x.db", "room")


@pytest.mark.parametrize("column", ["metadata", "learned_at"])
def test_a_song_whose_record_is_damaged_is_named_and_can_be_removed(
    column: str, tmp_path: Path, database: Path, one_song: Path
) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(f"UPDATE songs SET {column} = '{{' WHERE id = 2")
    for command in (("songs",), ("learn", one_song)):
        complaint(fpcore(*command, cwd=tmp_path), "song 2", "`fpcore remove 2`")
    complaint(fpcore("check", cwd=tmp_path), "song 2", "`fpcore remove 2`")
    assert fpcore("remove", "2", cwd=tmp_path).returncode == 0
    _assert_unchanged(tmp_path, 7)


@pytest.mark.parametrize("damage", ["half of it", "its second page"])
def test_check_tells_of_a_file_too_damaged_to_open_as_of_any_problem(
    damage: str, tmp_path: Path, database: Path
) -> None:
    whole = database.read_bytes()
    if damage == "half of it":
        database.write_bytes(whole[: len(whole) // 2])
    else:
        database.write_bytes(whole[:8192] + b"\xff" * 8192 + whole[16384:])
    document = answer("check", cwd=tmp_path, code=1)
    assert not document["ok"] and document["problems"]
    lines = complaints(fpcore("check", cwd=tmp_path))
    assert lines == [f"fpcore: music_recognition.db: {one}" for one in document["problems"]]
    assert "damaged" in lines[0] and not any("fpcore check" in line for line in lines)


def test_wrong_usage_ends_with_2(tmp_path: Path) -> None:
    for arguments in (
        ("learn",),
        ("recognize",),
        ("recognize", "x.wav", "--top", "0"),
        ("remove",),
        ("remove", "1", "--all", "--yes"),
        ("songs", "--colour"),
        ("songs", "--limit", "99999999999999999999"),
        ("songs", "--offset", "99999999999999999999"),
        ("sing",),
    ):
        done = fpcore(*arguments, cwd=tmp_path)
        assert done.returncode == 2, arguments
        assert "Traceback" not in done.stderr and "Error" in done.stderr
