"""Files and folders into the database: what is learned, passed over, refused and told."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from fpcore import Library
from tests import audio_files
from tests.fpcore.cli.bad_audio import BAD_AUDIO
from tests.fpcore.cli.conftest import Learned
from tests.fpcore.cli.material import KINDS, RATE_48_HZ, SONG_KEYS, piece, write_wav
from tests.fpcore.cli.running import (
    answer,
    assert_whole,
    complaint,
    complaints,
    fpcore,
    fpcore_process,
    lines_of_json,
    without_privileges,
)


def test_learn_answers_a_line_for_each_file_and_a_summary(learned: Learned) -> None:
    *lines, last = lines_of_json(learned.run.stdout)
    assert {Path(line["file"]).name for line in lines} == {
        f"song in {suffix}.{suffix}" for suffix in KINDS
    }
    for line in lines:
        assert set(line) == {"file", "status", "song", "reason", "remixed", "replaced"}
        assert line["status"] == "learned" and line["reason"] is None
        assert set(line["song"]) == SONG_KEYS
        assert line["song"]["duration_s"] == pytest.approx(25.0, abs=0.1)
        assert line["song"]["metadata"]["source"] == line["file"]
    summary = last["summary"]
    assert set(last) == {"summary"}
    assert set(summary) == {
        "n_learned", "n_known", "n_in_place", "n_failed", "n_cut", "n_passed_over", "learned_s",
        "elapsed_s", "interrupted",
    }  # fmt: skip
    assert (summary["n_learned"], summary["n_known"], summary["n_failed"]) == (len(KINDS), 0, 0)
    assert summary["learned_s"] == pytest.approx(25.0 * len(KINDS), abs=1)
    assert summary["interrupted"] is False
    assert learned.run.stderr == ""


def test_learn_passes_over_what_is_known(learned: Learned, tmp_path: Path, database: Path) -> None:
    done = fpcore("learn", learned.music.folder, cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout == f"learned 0 songs; {len(KINDS)} known before\n"
    assert answer("songs", cwd=tmp_path)["total"] == len(KINDS)


def test_learn_takes_a_name_for_a_single_file_only(
    learned: Learned, one_song: Path, tmp_path: Path
) -> None:
    done = fpcore("learn", one_song, "--name", "Aria", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.startswith("learned 1 song (0:08) in ")
    (song,) = answer("songs", cwd=tmp_path)["songs"]
    assert song["name"] == "Aria"
    refused = fpcore("learn", learned.music.folder, "--name", "Aria", cwd=tmp_path)
    assert refused.returncode == 2
    assert "and 8 files were named or found" in " ".join(refused.stderr.split())
    refused = fpcore("learn", one_song, "missing.wav", "--name", "Aria", cwd=tmp_path)
    assert refused.returncode == 2
    assert "and 2 files were named or found" in " ".join(refused.stderr.split())
    refused = fpcore("learn", one_song, "--name", "", cwd=tmp_path)
    assert refused.returncode == 2 and "is empty" in refused.stderr


@pytest.mark.parametrize("name", [name for name in BAD_AUDIO if name != "ten hours.flac"])
def test_learn_refuses_a_file_that_is_no_sound_audio(
    name: str, tmp_path: Path, database: Path
) -> None:
    write, reason = BAD_AUDIO[name]
    write(tmp_path / name)
    complaint(fpcore("learn", name, "--strict", cwd=tmp_path), name, reason)
    assert_whole(tmp_path, 8)


def test_learn_refuses_bad_audio_under_a_given_name_too(tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("no audio at all")
    complaint(fpcore("learn", "text.wav", "--name", "x", cwd=tmp_path), "text.wav", "not audio")
    assert_whole(tmp_path, 0)


def test_learn_goes_on_past_bad_files_and_lists_each(tmp_path: Path, one_song: Path) -> None:
    folder = tmp_path / "music"
    folder.mkdir()
    for name, (write, _) in BAD_AUDIO.items():
        write(folder / name)
    (folder / "good.wav").write_bytes(one_song.read_bytes())
    done = fpcore_process("learn", "music", "missing.mp3", "--strict", "--json", cwd=tmp_path)
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
    assert_whole(tmp_path, 1)


def cut_flac(path: Path, index: int, *, share: float = 0.6) -> Path:
    """Write the first part of a FLAC file of eight seconds of a song."""
    whole = path.with_suffix(".whole")
    audio_files.write(whole, piece(index, duration_s=8.0), RATE_48_HZ, kind="pcm16.flac")
    path.write_bytes(whole.read_bytes()[: round(share * whole.stat().st_size)])
    whole.unlink()
    return path


def test_learn_takes_what_there_is_of_recordings_that_are_cut_off(
    tmp_path: Path, one_song: Path
) -> None:
    folder = tmp_path / "music"
    folder.mkdir()
    shutil.copy(one_song, folder / "good.wav")
    for index in (21, 22):
        cut_flac(folder / f"cut {index}.flac", index)
    done = fpcore("learn", "music", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.startswith("learned 3 songs (0:")
    *cuts, summary = complaints(done)
    assert len(cuts) == 2
    for told, name in zip(sorted(cuts), ("cut 21.flac", "cut 22.flac"), strict=True):
        assert re.search(rf"{name}: decoded \d\.\d of 8\.0 s: the recording is cut off$", told)
    assert summary == ("fpcore: 2 of 3 recordings are cut off and were learned as far as they go")
    songs = {song["name"]: song for song in answer("songs", cwd=tmp_path)["songs"]}
    assert (songs["good"]["complete"], songs["good"]["stated_s"]) == (True, None)
    assert songs["cut 21"]["complete"] is False
    assert songs["cut 21"]["stated_s"] == pytest.approx(8.0)
    assert 3 < songs["cut 21"]["duration_s"] < 6
    again = fpcore("learn", "music", cwd=tmp_path)
    assert (again.returncode, again.stderr) == (0, "")
    assert again.stdout == "learned 0 songs; 3 known before\n"
    assert_whole(tmp_path, 3)


def test_learn_puts_a_whole_copy_in_the_place_of_an_incomplete_song(tmp_path: Path) -> None:
    folder = tmp_path / "music"
    folder.mkdir()
    cut_flac(folder / "aria.flac", 21)
    assert fpcore("learn", "music", cwd=tmp_path).returncode == 0
    cut_flac(folder / "aria.flac", 21, share=1.0)
    done = fpcore("learn", "music", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.startswith("learned 1 song (0:08)")
    assert done.stdout.endswith("; 1 of them in place of incomplete ones\n")
    said = 'took the place of "aria" (id 1), which was incomplete'
    assert complaints(done) == [f"fpcore: music/aria.flac: {said}"]
    (song,) = answer("songs", cwd=tmp_path)["songs"]
    assert (song["id"], song["complete"]) == (1, True)
    cut_flac(folder / "aria.flac", 21)
    line, _ = lines_of_json(fpcore("learn", "music", "--json", cwd=tmp_path).stdout)
    assert (line["status"], line["replaced"]) == ("known", [])
    assert line["reason"] == 'already there as "aria" (id 1): and there it is whole'
    assert_whole(tmp_path, 1)


def test_learn_tells_in_json_what_a_song_took_the_place_of(tmp_path: Path) -> None:
    cut_flac(tmp_path / "aria.flac", 21)
    assert fpcore("learn", "aria.flac", cwd=tmp_path).returncode == 0
    cut_flac(tmp_path / "aria.flac", 21, share=1.0)
    line, last = lines_of_json(
        fpcore("learn", "aria.flac", "--name", "Aria", "--json", cwd=tmp_path).stdout
    )
    assert (line["status"], line["replaced"], line["song"]["id"]) == ("learned", [1], 1)
    assert (last["summary"]["n_learned"], last["summary"]["n_in_place"]) == (1, 1)


def test_learn_tells_of_one_cut_recording_under_a_name_and_in_json(tmp_path: Path) -> None:
    cut = cut_flac(tmp_path / "cut.flac", 21)
    done = fpcore("learn", cut.name, "--name", "Aria", "--json", cwd=tmp_path)
    assert done.returncode == 0
    line, last = lines_of_json(done.stdout)
    assert (line["status"], line["reason"]) == ("learned", None)
    assert (line["song"]["name"], line["song"]["complete"]) == ("Aria", False)
    assert last["summary"]["n_cut"] == 1
    assert complaints(done)[-1].endswith(
        "1 of 1 recording is cut off and was learned as far as it goes"
    )


@pytest.mark.parametrize("naming", [(), ("--name", "x")], ids=["by its file", "by a name"])
def test_learn_refuses_recordings_that_are_cut_off_when_it_is_strict(
    tmp_path: Path, naming: tuple[str, ...]
) -> None:
    cut_flac(tmp_path / "cut.flac", 21)
    complaint(fpcore("learn", "cut.flac", "--strict", *naming, cwd=tmp_path), "cut.flac", "cut")
    assert_whole(tmp_path, 0)


def test_learn_refuses_a_cut_recording_of_which_there_is_no_sound(tmp_path: Path) -> None:
    cut_flac(tmp_path / "cut.flac", 21, share=0.001)
    complaint(fpcore("learn", "cut.flac", cwd=tmp_path), "cut.flac")
    assert_whole(tmp_path, 0)


def test_learn_tells_the_same_audio_in_another_container_from_a_new_song(
    tmp_path: Path, one_song: Path
) -> None:
    samples, rate_hz = soundfile.read(one_song, dtype="float32", always_2d=True)
    audio_files.write(tmp_path / "same.flac", samples, rate_hz, kind="pcm16.flac")
    assert fpcore("learn", one_song, cwd=tmp_path).returncode == 0
    done = fpcore("learn", "same.flac", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout == "learned 0 songs; 1 known before\n"
    said = 'already there as "a song" (id 1): same audio'
    assert complaints(done) == [f"fpcore: same.flac: {said}"]
    line, _ = lines_of_json(fpcore("learn", "same.flac", "--json", cwd=tmp_path).stdout)
    assert (line["status"], line["song"]["id"], line["reason"]) == ("known", 1, said)
    named = fpcore("learn", "same.flac", "--name", "x", cwd=tmp_path)
    assert complaints(named) == [f"fpcore: same.flac: {said}"]
    assert_whole(tmp_path, 1)
    for _ in range(2):  # but never the same file twice
        done = fpcore("learn", "same.flac", "--allow-duplicates", cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
        assert_whole(tmp_path, 2)


def test_learn_refuses_a_folder_without_audio(tmp_path: Path) -> None:
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "notes.txt").write_text("no audio")
    told = complaint(fpcore("learn", "texts", cwd=tmp_path), "texts", "no audio file")
    assert told.endswith("; passed over 1 file without audio that can be read: notes.txt")
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
    done = fpcore_process("learn", "music", cwd=tmp_path, prepare=without_privileges)
    complaint(done, "forbidden", "permission denied")
    assert done.stdout.startswith("learned 1 song ")
    forbidden.chmod(0o700)
    assert_whole(tmp_path, 1)


def test_learn_tells_which_file_it_may_not_read(tmp_path: Path, one_song: Path) -> None:
    secret = tmp_path / "secret.wav"
    secret.write_bytes(one_song.read_bytes())
    secret.chmod(0)
    done = fpcore_process("learn", "secret.wav", cwd=tmp_path, prepare=without_privileges)
    complaint(done, "secret.wav", "permission denied")


def test_learn_judges_files_by_what_they_hold_and_tells_what_it_passes_over(
    tmp_path: Path, one_song: Path
) -> None:
    folder = tmp_path / "music"
    folder.mkdir()
    (folder / "blob").write_bytes(one_song.read_bytes())
    for name in ("cover.jpg", "back.jpg"):
        (folder / name).write_bytes(b"\xff\xd8\xff\xe0" + bytes(5000))
    (folder / "songs.m3u").write_text("blob\n")
    (folder / "._blob").write_bytes(b"\0\5\x16\7" + bytes(4000))
    done = fpcore("learn", "music", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    learned, *passed = done.stdout.splitlines()
    assert learned.startswith("learned 1 song (0:08) in ")
    assert passed == [
        "passed over 3 files without audio that can be read: 2 × .jpg, songs.m3u",
        "passed over 1 hidden file or folder",
    ]
    first, *others, last = lines_of_json(fpcore("learn", "music", "--json", cwd=tmp_path).stdout)
    assert (first["status"], first["song"]["name"]) == ("known", "blob")
    assert {Path(line["file"]).name: line["reason"] for line in others} == {
        "cover.jpg": "holds no audio that can be read",
        "back.jpg": "holds no audio that can be read",
        "songs.m3u": "holds no audio that can be read",
        "._blob": "is hidden",
    }
    assert {line["status"] for line in others} == {"passed over"}
    assert last["summary"]["n_passed_over"] == 4


def write_odd(folder: Path, index: int) -> Path:
    """Write a song to a file whose name is no text."""
    odd = folder / os.fsdecode(b"caf\xe9.wav")
    try:
        with odd.open("wb") as file:
            soundfile.write(file, piece(index, duration_s=8), RATE_48_HZ, format="WAV")
    except OSError:
        pytest.skip("this file system takes no names that are not UTF-8")
    return odd


def test_a_file_whose_name_is_no_text_is_learned_under_a_printable_one_and_recognised(
    tmp_path: Path,
) -> None:
    (tmp_path / "music").mkdir()
    odd = write_odd(tmp_path / "music", 22)
    done = fpcore_process("learn", "music", "--json", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    line, _ = lines_of_json(done.stdout)
    assert line["song"]["name"] == r"caf\xe9"
    assert line["file"].endswith(r"music/caf\xe9.wav")
    found = fpcore_process("recognize", odd, cwd=tmp_path)
    assert (found.returncode, found.stderr) == (0, "")
    assert found.stdout.startswith(rf'{tmp_path}/music/caf\xe9.wav: "caf\xe9" at 0:00.0, ')
    (answered,) = answer("recognize", odd, cwd=tmp_path)["results"]
    assert answered["match"]["song_name"] == r"caf\xe9"
    assert answered["file"].endswith(r"caf\xe9.wav")
    assert answer("songs", cwd=tmp_path)["songs"][0]["metadata"]["source"].endswith(r"caf\xe9.wav")
    assert r"caf\xe9" in fpcore("songs", cwd=tmp_path).stdout
    assert fpcore("learn", odd, cwd=tmp_path).stdout == "learned 0 songs; 1 known before\n"
    reindexed = fpcore_process("reindex", "--profile", "balanced", cwd=tmp_path)
    assert reindexed.returncode == 0, reindexed.stderr
    odd.write_bytes(b"")
    complaint(fpcore_process("recognize", odd, cwd=tmp_path), r"caf\xe9.wav: is empty")
    assert_whole(tmp_path, 1)


def test_one_file_whose_name_is_no_text_is_learned_from_python(tmp_path: Path) -> None:
    odd = write_odd(tmp_path, 22)
    with Library.open(tmp_path / "x.db", create=True) as library:
        assert library.learn(odd).song.name == r"caf\xe9"


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
    assert_whole(tmp_path, 1, *database)
    assert fpcore("learn", long, *database, cwd=tmp_path).returncode == 0


def test_a_disk_that_is_full_from_the_start_is_told(
    small_disk: Path, tmp_path: Path, one_song: Path
) -> None:
    room = os.statvfs(small_disk)
    (small_disk / "ballast").write_bytes(bytes(room.f_bavail * room.f_frsize))
    complaint(fpcore("learn", one_song, "--db", small_disk / "x.db", cwd=tmp_path), "x.db", "room")
