"""Which songs are heard in recordings, in sentences, tables and JSON."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.fpcore.cli.bad_audio import BAD_AUDIO, UNUSABLE_ONLY_AS_A_WHOLE
from tests.fpcore.cli.conftest import EXCERPT_S, OFFSET_S, Learned
from tests.fpcore.cli.material import KINDS, piece, profile_file, write_wav
from tests.fpcore.cli.running import answer, complaint, complaints, fpcore, fpcore_process

MATCH_KEYS = {"song_id", "song_name", "offset_s", "votes", "probability", "confidence", "playback"}


ANSWER_KEYS = {
    "file",
    "error",
    "cut",
    "remixed",
    "match",
    "candidates",
    "query_s",
    "heard_s",
    "n_hashes",
    "times",
}


TIME_KEYS = {"decode_s", "fingerprint_s", "lookup_s", "align_s", "total_s"}


APPEARANCE_KEYS = {
    "song_id", "song_name", "start_s", "end_s", "song_offset_s", "votes", "confidence",
    "playback",
}  # fmt: skip


TOLERANCE_S = 0.05


ENCODER_DELAY_S = 0.05
"""A bare AAC stream does not state by how much its encoder delayed it."""


def test_recognize_finds_noisy_excerpts_of_songs_in_every_format(
    learned: Learned, noisy_excerpts: dict[str, Path], tmp_path: Path, database: Path
) -> None:
    document = answer("recognize", *noisy_excerpts.values(), cwd=tmp_path)
    assert set(document) == {"results"}
    assert len(document["results"]) == len(KINDS)
    for name, result in zip(noisy_excerpts, document["results"], strict=True):
        assert set(result) == ANSWER_KEYS
        assert set(result["times"]) == TIME_KEYS
        assert result["file"] == str(noisy_excerpts[name])
        match = result["match"]
        assert set(match) == MATCH_KEYS
        assert (match["song_name"], match["song_id"]) == (name, learned.ids[name])
        delay_s = ENCODER_DELAY_S if name == "song in aac" else 0.0
        assert match["offset_s"] == pytest.approx(OFFSET_S, abs=TOLERANCE_S + delay_s)
        assert 0 < match["confidence"] <= 1
        assert result["candidates"] == [match]
        assert result["query_s"] == pytest.approx(EXCERPT_S, abs=0.01)
        assert result["heard_s"] == pytest.approx([0, EXCERPT_S], abs=0.1)


def test_recognize_answers_in_a_sentence(excerpt: Path, tmp_path: Path, database: Path) -> None:
    done = fpcore("recognize", excerpt.name, "--db", database, cwd=excerpt.parent)
    assert done.returncode == 0
    assert done.stdout.startswith(f'{excerpt.name}: "song in flac" at 0:07.')
    assert ", confidence " in done.stdout and " votes (" in done.stdout
    assert done.stderr == ""


def test_recognize_says_of_a_long_recording_from_when_to_when_the_song_was_heard(
    excerpt: Path, tmp_path: Path, database: Path
) -> None:
    samples, rate_hz = soundfile.read(excerpt, dtype="float32", always_2d=True)
    # From the first sound on there are 16 s: in windows from 0 to 10 s, from 3 and from 6 on.
    click = np.full((10, samples.shape[1]), 0.1, np.float32)
    hush = np.zeros((10 * rate_hz, samples.shape[1]), np.float32)
    write_wav(tmp_path / "long.wav", np.concatenate([click, hush, samples]), rate_hz)
    said = fpcore("recognize", "long.wav", cwd=tmp_path).stdout
    assert said.startswith(
        'long.wav: "song in flac" heard from 0:06.0 to 0:16.0, where it is at 0:03.'
    )


def test_recognize_says_no_match_and_ends_with_3(
    excerpt: Path, stranger: Path, tmp_path: Path, database: Path
) -> None:
    done = fpcore("recognize", excerpt, stranger, cwd=tmp_path)
    assert done.returncode == 3
    found, missed = done.stdout.splitlines()
    assert '"song in flac"' in found
    assert missed.startswith(f"{stranger}: no match")
    document = answer("recognize", stranger, cwd=tmp_path, code=3)
    assert document["results"][0]["match"] is None
    assert all(one["confidence"] == 0 for one in document["results"][0]["candidates"])


@pytest.mark.parametrize("scan", [(), ("--scan",)], ids=["recognize", "scan"])
def test_recognize_uses_what_there_is_of_a_cut_recording_and_says_so(
    excerpt: Path, tmp_path: Path, database: Path, scan: tuple[str, ...]
) -> None:
    samples, _ = soundfile.read(excerpt, dtype="float32")
    write_wav(tmp_path / "whole.wav", samples.reshape(len(samples), -1))
    content = (tmp_path / "whole.wav").read_bytes()
    (tmp_path / "cut.wav").write_bytes(content[: round(0.75 * len(content))])
    there = f"{0.75 * EXCERPT_S:.1f} of {EXCERPT_S:.1f} s"
    done = fpcore("recognize", *scan, "cut.wav", cwd=tmp_path)
    assert done.returncode == 0
    assert "song in flac" in done.stdout
    assert done.stderr == (f"fpcore: cut.wav: decoded {there}: the recording is cut off\n")
    done = fpcore("recognize", *scan, "--json", "cut.wav", cwd=tmp_path)
    [result] = json.loads(done.stdout)["results"]
    assert result["error"] is None
    assert result["cut"]["stated_s"] == pytest.approx(EXCERPT_S, abs=0.01)
    assert result["cut"]["decoded_s"] == pytest.approx(0.75 * EXCERPT_S, abs=0.01)


def test_recognize_reads_standard_input(excerpt: Path, tmp_path: Path, database: Path) -> None:
    piped = fpcore_process("recognize", "-", "--json", cwd=tmp_path, stdin=excerpt.read_bytes())
    assert piped.returncode == 0
    document = json.loads(piped.stdout)
    assert document["results"][0]["file"] == "standard input"
    assert document["results"][0]["match"]["song_name"] == "song in flac"
    complaint(
        fpcore("recognize", "-", cwd=tmp_path, stdin=b"no audio at all"), "standard input: is not"
    )
    complaint(fpcore("recognize", "-", cwd=tmp_path), "standard input: ")


def test_recognize_shows_the_likeliest_songs(excerpt: Path, tmp_path: Path, database: Path) -> None:
    candidates = answer("recognize", excerpt, "--top", 3, cwd=tmp_path)["results"][0]["candidates"]
    assert len(candidates) == 3
    assert candidates[0]["song_name"] == "song in flac"
    probabilities = [candidate["probability"] for candidate in candidates]
    assert probabilities == sorted(probabilities, reverse=True)
    assert len({candidate["song_id"] for candidate in candidates}) == 3
    table = fpcore("recognize", excerpt, "--top", 3, cwd=tmp_path).stdout.splitlines()
    assert len(table) == 5
    assert table[2].startswith("song in flac") and table[2].rstrip().endswith("accepted")


def test_recognize_looks_at_more_songs_than_the_profile_says_when_asked_to(
    excerpt: Path, tmp_path: Path, database: Path
) -> None:
    few = profile_file(tmp_path / "few.json", query={"n_candidates": 1})
    ask = ("recognize", excerpt, "--profile", few)
    assert len(answer(*ask, cwd=tmp_path)["results"][0]["candidates"]) == 1
    assert len(answer(*ask, "--top", 4, cwd=tmp_path)["results"][0]["candidates"]) == 4


def test_scan_finds_every_song_of_a_mix_with_its_times(
    learned: Learned, tmp_path: Path, database: Path
) -> None:
    part_s, start_s = 18.0, 3.0
    names = ["song in opus", "song in wav", "song in mp3", "song in webm", "song in ogg"]
    parts = [
        piece(learned.music.indices[name], start_s=start_s, duration_s=part_s).mean(
            axis=1, keepdims=True
        )
        for name in names
    ]
    mix = write_wav(tmp_path / "mix.wav", np.concatenate(parts))
    document = answer("recognize", "--scan", mix, cwd=tmp_path)
    (result,) = document["results"]
    assert set(result) == {"file", "error", "cut", "remixed", "appearances"}
    assert [one["song_name"] for one in result["appearances"]] == names
    for number, one in enumerate(result["appearances"]):
        assert set(one) == APPEARANCE_KEYS
        assert one["start_s"] == pytest.approx(number * part_s, abs=2)
        # The last votes of a quiet ending lie before its last sound.
        assert one["end_s"] == pytest.approx((number + 1) * part_s, abs=3)
        # Songs repeat themselves, so the place in the song may be another than was cut.
        assert 0 <= one["song_offset_s"] <= 25
    text = fpcore("recognize", "--scan", "mix.wav", cwd=tmp_path).stdout.splitlines()
    assert text[-1] == "mix.wav: 5 appearances"
    assert len(text) == 6
    for line, name in zip(text, names, strict=False):
        assert line.startswith("mix.wav: ")
        assert f' "{name}" at 0:' in line


def test_scan_without_any_song_ends_with_3(stranger: Path, tmp_path: Path, database: Path) -> None:
    document = answer("recognize", "--scan", stranger, cwd=tmp_path, code=3)
    assert document["results"][0]["appearances"] == []


def test_recognize_goes_on_past_bad_files(tmp_path: Path, learned: Learned, database: Path) -> None:
    names = [name for name in BAD_AUDIO if name not in UNUSABLE_ONLY_AS_A_WHOLE]
    for name in names:
        BAD_AUDIO[name][0](tmp_path / name)
    good = learned.music.folder / "song in flac.flac"
    done = fpcore_process("recognize", *names, good, cwd=tmp_path)
    assert done.returncode == 1
    assert [name for name, line in zip(names, complaints(done), strict=True) if name in line] == (
        names
    )
    assert '"song in flac"' in done.stdout
    results = answer("recognize", *names, good, cwd=tmp_path, code=1)["results"]
    assert [result["error"] is None for result in results] == [False] * len(names) + [True]


def test_recognize_asks_all_that_a_folder_holds(
    excerpt: Path, stranger: Path, tmp_path: Path, database: Path
) -> None:
    folder = tmp_path / "recordings"
    (folder / "monday").mkdir(parents=True)
    shutil.copy(stranger, folder / "a.wav")
    shutil.copy(excerpt, folder / "monday" / "b.wav")
    (folder / "notes.txt").write_text("no audio")
    done = fpcore("recognize", "--json", "recordings", cwd=tmp_path)
    assert done.returncode == 3
    passed = "passed over 1 file without audio that can be read: notes.txt"
    assert done.stderr == f"fpcore: recordings: {passed}\n"
    results = json.loads(done.stdout)["results"]
    assert [one["file"] for one in results] == ["recordings/a.wav", "recordings/monday/b.wav"]
    assert [one["match"] is None for one in results] == [True, False]
    (tmp_path / "empty").mkdir()
    refused = fpcore("recognize", "empty", cwd=tmp_path)
    complaint(refused, "there is no audio file in empty")


def test_recognize_finds_nothing_in_silence(tmp_path: Path, database: Path) -> None:
    BAD_AUDIO["ten hours.flac"][0](tmp_path / "ten hours.flac")
    done = fpcore("recognize", "ten hours.flac", cwd=tmp_path)
    assert done.returncode == 3
    assert done.stdout.startswith("ten hours.flac: no match (nothing to look up: silent, too short")
