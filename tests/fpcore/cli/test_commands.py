"""Every command does what its help says, as a process, on real files."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from fpcore.cli.output import clock
from fpcore.config import Profile
from fpcore.profiles import load_profile, save_profile
from tests.fpcore.cli.conftest import Learned
from tests.fpcore.cli.material import KINDS, STRANGER, noisy, piece, write_wav
from tests.fpcore.cli.running import (
    answer,
    complaint,
    complaints,
    environment,
    fpcore,
    lines_of_json,
)

SONG_KEYS = {
    "id", "name", "checksum", "duration_s", "n_fingerprints", "learned_at", "metadata",
}  # fmt: skip
MATCH_KEYS = {"song_id", "song_name", "offset_s", "votes", "probability", "confidence", "playback"}
ANSWER_KEYS = {"file", "error", "match", "candidates", "query_s", "n_hashes", "times"}
TIME_KEYS = {"decode_s", "fingerprint_s", "lookup_s", "align_s", "total_s"}
APPEARANCE_KEYS = {
    "song_id", "song_name", "start_s", "end_s", "song_offset_s", "votes", "confidence",
    "playback",
}  # fmt: skip

EXCERPT_S = 6.0
OFFSET_S = 7.3
TOLERANCE_S = 0.05
ENCODER_DELAY_S = 0.05
"""A bare AAC stream does not state by how much its encoder delayed it."""


@pytest.fixture
def noisy_excerpts(tmp_path: Path, learned: Learned) -> dict[str, Path]:
    """Name of each song -> a file with a noisy excerpt of it."""
    excerpts = {}
    for name, index in learned.music.indices.items():
        samples = piece(index, start_s=OFFSET_S, duration_s=EXCERPT_S)
        path = tmp_path / f"excerpt of {name}.wav"
        excerpts[name] = write_wav(path, noisy(samples, snr_db=6.0, seed=index))
    return excerpts


@pytest.fixture
def excerpt(noisy_excerpts: dict[str, Path]) -> Path:
    return noisy_excerpts["song in flac"]


@pytest.fixture
def stranger(tmp_path: Path) -> Path:
    """A recording of a song that was not learned."""
    return write_wav(tmp_path / "stranger.wav", piece(STRANGER, start_s=5, duration_s=EXCERPT_S))


def test_learn_answers_a_line_for_each_file_and_a_summary(learned: Learned) -> None:
    *lines, last = lines_of_json(learned.run.stdout)
    assert {Path(line["file"]).name for line in lines} == {
        f"song in {suffix}.{suffix}" for suffix in KINDS
    }
    for line in lines:
        assert set(line) == {"file", "status", "song", "reason"}
        assert line["status"] == "learned" and line["reason"] is None
        assert set(line["song"]) == SONG_KEYS
        assert line["song"]["duration_s"] == pytest.approx(25.0, abs=0.1)
        assert line["song"]["metadata"]["source"] == line["file"]
    summary = last["summary"]
    assert set(last) == {"summary"}
    assert set(summary) == {
        "n_learned", "n_known", "n_failed", "learned_s", "elapsed_s", "interrupted",
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


def test_recognize_answers_in_a_sentence(excerpt: Path, tmp_path: Path, database: Path) -> None:
    done = fpcore("recognize", excerpt.name, cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.startswith(f'{excerpt.name}: "song in flac" at 0:07.')
    assert ", confidence " in done.stdout and " votes (" in done.stdout
    assert done.stderr == ""


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


def test_recognize_reads_standard_input(excerpt: Path, tmp_path: Path, database: Path) -> None:
    document = answer("recognize", "-", cwd=tmp_path, stdin=excerpt.read_bytes())
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
    few = _profile_file(tmp_path / "few.json", query={"n_candidates": 1})
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
    assert set(result) == {"file", "error", "appearances"}
    assert [one["song_name"] for one in result["appearances"]] == names
    for number, one in enumerate(result["appearances"]):
        assert set(one) == APPEARANCE_KEYS
        assert one["start_s"] == pytest.approx(number * part_s, abs=2)
        # The last votes of a quiet ending lie before its last sound.
        assert one["end_s"] == pytest.approx((number + 1) * part_s, abs=3)
        # Songs repeat themselves, so the place in the song may be another than was cut.
        assert 0 <= one["song_offset_s"] <= 25
    text = fpcore("recognize", "--scan", "mix.wav", cwd=tmp_path).stdout.splitlines()
    assert text[0] == "mix.wav: 5 appearances"
    assert len(text) == 7


def test_scan_without_any_song_ends_with_3(stranger: Path, tmp_path: Path, database: Path) -> None:
    document = answer("recognize", "--scan", stranger, cwd=tmp_path, code=3)
    assert document["results"][0]["appearances"] == []


def test_songs_searches_and_pages(learned: Learned, tmp_path: Path, database: Path) -> None:
    whole = answer("songs", cwd=tmp_path)
    assert set(whole) == {"total", "offset", "limit", "songs"}
    assert {song["name"]: song["id"] for song in whole["songs"]} == learned.ids
    assert all(set(song) == SONG_KEYS for song in whole["songs"])
    page = answer("songs", "--limit", 3, "--offset", 2, cwd=tmp_path)
    assert page["songs"] == whole["songs"][2:5] and page["total"] == len(KINDS)
    found = answer("songs", "--search", "IN OPUS", cwd=tmp_path)
    assert [song["name"] for song in found["songs"]] == ["song in opus"]
    text = fpcore("songs", "--limit", 3, cwd=tmp_path).stdout
    assert text.endswith("1 to 3 of 8 songs; --offset 3 shows the next\n")
    assert fpcore("songs", "--offset", 99, cwd=tmp_path).stdout == "none of 8 songs\n"


def test_remove_takes_ids_and_exact_names(learned: Learned, tmp_path: Path, database: Path) -> None:
    removed = answer("remove", learned.ids["song in mp3"], "song in ogg", cwd=tmp_path)
    assert [song["name"] for song in removed["removed"]] == ["song in mp3", "song in ogg"]
    assert set(removed["removed"][0]) == SONG_KEYS
    left = {song["name"] for song in answer("songs", cwd=tmp_path)["songs"]}
    assert left == set(learned.ids) - {"song in mp3", "song in ogg"}
    complaint(fpcore("remove", "song in", cwd=tmp_path), '"song in"', "fpcore songs")
    assert answer("check", "--full", cwd=tmp_path)["ok"]


def test_remove_removes_nothing_when_one_of_several_is_unknown(
    learned: Learned, tmp_path: Path, database: Path
) -> None:
    complaint(fpcore("remove", "song in mp3", "999", cwd=tmp_path), '"999"')
    assert answer("songs", cwd=tmp_path)["total"] == len(KINDS)


def test_remove_asks_for_an_id_when_a_name_is_ambiguous(tmp_path: Path, one_song: Path) -> None:
    other = write_wav(tmp_path / "other.wav", piece(21, duration_s=8.0))
    for path in (one_song, other):
        assert fpcore("learn", path, "--name", "twin", cwd=tmp_path).returncode == 0
    first, second = (song["id"] for song in answer("songs", cwd=tmp_path)["songs"])
    complaint(
        fpcore("remove", "twin", cwd=tmp_path), '2 songs are called "twin"', f"{first}, {second}"
    )
    assert fpcore("remove", second, cwd=tmp_path).stdout == f'removed {second}: "twin"\n'
    assert [song["id"] for song in answer("songs", cwd=tmp_path)["songs"]] == [first]


def test_remove_takes_only_what_is_written_as_an_id_for_one(tmp_path: Path, one_song: Path) -> None:
    other = write_wav(tmp_path / "other.wav", piece(21, duration_s=8.0))
    for path, name in ((one_song, "first"), (other, "01")):
        assert fpcore("learn", path, "--name", name, cwd=tmp_path).returncode == 0
    assert [song["name"] for song in answer("remove", "01", cwd=tmp_path)["removed"]] == ["01"]
    for text in ("01", "00", "9" * 5000, str(2**63)):
        complaint(fpcore("remove", text, cwd=tmp_path), "no song with the id or name")
    assert [song["name"] for song in answer("songs", cwd=tmp_path)["songs"]] == ["first"]


def test_remove_all_needs_a_yes(tmp_path: Path, database: Path) -> None:
    refused = fpcore("remove", "--all", cwd=tmp_path)
    assert refused.returncode == 2 and "--yes" in refused.stderr
    assert answer("songs", cwd=tmp_path)["total"] == len(KINDS)
    assert len(answer("remove", "--all", "--yes", cwd=tmp_path)["removed"]) == len(KINDS)
    assert answer("songs", cwd=tmp_path)["total"] == 0
    assert fpcore("stats", cwd=tmp_path).returncode == 0


def test_stats_add_up(tmp_path: Path, database: Path) -> None:
    stats = answer("stats", "--hottest", 4, cwd=tmp_path)
    assert set(stats) == {
        "n_songs", "duration_s", "n_postings", "file_bytes", "unused_bytes", "lookup_bytes",
        "file_bytes_per_posting", "lookup_bytes_per_posting", "config_digest",
        "n_distinct_hashes", "postings_per_hash", "histogram", "hottest", "snapshot",
    }  # fmt: skip
    songs = answer("songs", cwd=tmp_path)["songs"]
    assert stats["n_songs"] == len(songs)
    assert stats["n_postings"] == sum(song["n_fingerprints"] for song in songs) > 1000
    assert stats["duration_s"] == pytest.approx(sum(song["duration_s"] for song in songs))
    assert stats["file_bytes"] == database.stat().st_size
    assert stats["file_bytes_per_posting"] * stats["n_postings"] == pytest.approx(
        stats["file_bytes"]
    )
    assert sum(bar["n_hashes"] for bar in stats["histogram"]) == stats["n_distinct_hashes"]
    assert all(set(bar) == {"from", "to", "n_hashes"} for bar in stats["histogram"])
    assert set(stats["postings_per_hash"]) == {"median", "p90", "p99", "max"}
    assert stats["postings_per_hash"]["max"] == stats["hottest"][0]["n_postings"]
    assert len(stats["hottest"]) == 4
    assert all(set(hot) == {"token", "text", "n_postings"} for hot in stats["hottest"])
    assert stats["config_digest"] == load_profile("balanced").fingerprint.digest
    text = fpcore("stats", cwd=tmp_path).stdout
    assert "####" in text and stats["hottest"][0]["text"] in text


def test_check_tells_each_problem_and_ends_with_1(tmp_path: Path, database: Path) -> None:
    assert answer("check", cwd=tmp_path) == {"ok": True, "full": False, "problems": []}
    assert "all is well with 8 songs" in fpcore("check", "--full", cwd=tmp_path).stdout
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("UPDATE songs SET n_fingerprints = 7 WHERE name = 'song in mp3'")
    document = answer("check", "--full", cwd=tmp_path, code=1)
    assert set(document) == {"ok", "full", "problems"} and not document["ok"]
    lines = complaints(fpcore("check", "--full", cwd=tmp_path))
    assert len(lines) == len(document["problems"])
    assert any("fingerprints instead of 7" in line for line in lines)


def test_backup_can_be_used_in_place_of_the_database(
    excerpt: Path, tmp_path: Path, database: Path
) -> None:
    document = answer("backup", "copy.db", cwd=tmp_path)
    copy = tmp_path / "copy.db"
    assert document == {"backup": "copy.db", "file_bytes": copy.stat().st_size}
    fpcore("remove", "--all", "--yes", cwd=tmp_path)
    assert fpcore("recognize", excerpt, cwd=tmp_path).returncode == 3
    assert fpcore("recognize", excerpt, "--db", copy, cwd=tmp_path).returncode == 0
    named = fpcore("recognize", excerpt, cwd=tmp_path, env={"FPCORE_DB": str(copy)})
    assert '"song in flac"' in named.stdout
    complaint(fpcore("backup", "copy.db", cwd=tmp_path), "copy.db", "exists already")


def test_explain_writes_over_pictures_and_nothing_else(learned: Learned, tmp_path: Path) -> None:
    clip = tmp_path / "clip.wav"
    write_wav(clip, piece(STRANGER, duration_s=EXCERPT_S))
    before = clip.read_bytes()
    for precious in (clip, learned.database):
        done = fpcore("explain", clip, "-o", precious, "--db", learned.database, cwd=tmp_path)
        complaint(done, str(precious), "is no PNG picture")
    assert clip.read_bytes() == before
    for _ in range(2):
        done = fpcore("explain", clip, "-o", "why.png", "--db", learned.database, cwd=tmp_path)
        assert done.returncode == 0


def test_explain_replaces_no_pipe_and_no_folder(learned: Learned, tmp_path: Path) -> None:
    clip = write_wav(tmp_path / "clip.wav", piece(STRANGER, duration_s=EXCERPT_S))
    pipe, folder = tmp_path / "pipe.png", tmp_path / "folder.png"
    os.mkfifo(pipe)
    folder.mkdir()
    for target in (pipe, folder):
        done = fpcore("explain", clip, "-o", target, "--db", learned.database, cwd=tmp_path)
        complaint(done, f"{target} is no regular file: name a file for the picture")
    assert pipe.is_fifo() and folder.is_dir()


def test_explain_writes_what_a_link_points_to(learned: Learned, tmp_path: Path) -> None:
    clip = write_wav(tmp_path / "clip.wav", piece(STRANGER, duration_s=EXCERPT_S))
    (tmp_path / "pictures").mkdir()
    link, picture = tmp_path / "why.png", tmp_path / "pictures" / "real.png"
    link.symlink_to(picture)
    for _ in range(2):
        done = fpcore("explain", clip, "-o", link, "--db", learned.database, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert link.is_symlink() and picture.read_bytes().startswith(b"\x89PNG")
    assert [path.name for path in picture.parent.iterdir()] == ["real.png"]


@pytest.mark.parametrize("closed", [(1,), (2,), (0, 1, 2)])
def test_a_command_whose_streams_are_closed_does_its_work(
    closed: tuple[int, ...], tmp_path: Path
) -> None:
    write_wav(tmp_path / "song.wav", piece(STRANGER))

    def close() -> None:
        for stream in closed:
            os.close(stream)

    done = fpcore("learn", "song.wav", "--db", "a.db", cwd=tmp_path, prepare=close)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    assert answer("songs", "--db", "a.db", cwd=tmp_path)["total"] == 1


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_an_answer_that_cannot_be_written_is_one_sentence(
    learned: Learned, tmp_path: Path, unbuffered: str
) -> None:
    for command in (("songs",), ("songs", "--json"), ("stats",)):
        with Path("/dev/full").open("w") as full:
            done = subprocess.run(
                [sys.executable, "-m", "fpcore", *command, "--db", str(learned.database)],
                cwd=tmp_path,
                env=environment() | {"PYTHONUNBUFFERED": unbuffered},
                stdout=full,
                stderr=subprocess.PIPE,
                text=True,
                check=False,
            )
        assert done.returncode == 1
        assert done.stderr == "fpcore: the answer cannot be written: No space left on device\n"


def test_a_time_that_is_rounded_to_nothing_has_no_sign() -> None:
    assert [clock(seconds) for seconds in (-0.0004, 0.0, -0.06, 61.04)] == [
        "0:00.0", "0:00.0", "-0:00.1", "1:01.0",
    ]  # fmt: skip


def test_profile_show_tells_the_accuracy_that_was_measured(tmp_path: Path) -> None:
    share = {"n_right": 15, "n": 1600, "share": 0.009375, "low": 0.005, "high": 0.0175}
    whole = {
        "corpus": {"name": "games"},
        "date": "2026-05-01T12:00:00+00:00",
        "overall": {"false_accept": share, "accepted_right": {**share, "share": None}},
        "metrics": [share] * 100,
    }
    line = "given a name, although not indexed: 0.94% of 1,600, 95% interval 0.50 to 1.75%"
    for card, expected in (
        (whole, ["accuracy measured on games, 2026-05-01", f"  {line}"]),
        ({"overall": whole["overall"]}, ["accuracy measured on an unnamed corpus", f"  {line}"]),
        ({"bytes_per_hour": 3e6}, ["accuracy never measured"]),
        (None, ["accuracy never measured"]),
    ):
        profile = load_profile("seed").model_copy(update={"provenance": card})
        save_profile(profile, tmp_path / "mine.json")
        shown = fpcore("profile", "show", tmp_path / "mine.json", cwd=tmp_path).stdout
        assert shown.splitlines()[-len(expected) :] == expected
        assert "n_right" not in shown


def test_profile_show_writes_a_profile_that_can_be_used(tmp_path: Path) -> None:
    done = fpcore("profile", "show", "seed", "--json", cwd=tmp_path)
    assert Profile.model_validate_json(done.stdout) == load_profile("seed")
    default = fpcore("profile", "show", cwd=tmp_path).stdout
    assert default.startswith("balanced: ")
    assert "fingerprint.spectrogram.n_fft" in default
    assert load_profile("balanced").fingerprint.digest in default
    complaint(fpcore("profile", "show", "none", cwd=tmp_path), "'none'", "balanced", "seed")


def test_profile_list_tells_which_are_presets_and_which_are_the_users(tmp_path: Path) -> None:
    folder = tmp_path / "profiles"
    folder.mkdir()
    for name in ("mine", "seed"):
        _profile_file(folder / f"{name}.json", name=name)
    variables = {"FPCORE_PROFILES": str(folder)}
    profiles = answer("profile", "list", cwd=tmp_path, env=variables)["profiles"]
    by_name = {profile["name"]: profile for profile in profiles}
    presets = ("balanced", "robust", "tiny")
    assert {name: one["from"] for name, one in by_name.items()} == {
        **dict.fromkeys(presets, "preset"), "mine": "you", "seed": "you",
    }  # fmt: skip
    assert [name for name, one in by_name.items() if one["replaces_preset"]] == ["seed"]
    assert [name for name, one in by_name.items() if one["default"]] == ["balanced"]
    assert set(by_name["seed"]) == {
        "name", "from", "replaces_preset", "description", "default", "digest", "threshold",
        "calibration",
    }  # fmt: skip
    listed = fpcore("profile", "list", cwd=tmp_path, env=variables).stdout
    assert re.search(r"^balanced \(default\) +preset ", listed, re.MULTILINE)
    assert re.search(r"^mine +you ", listed, re.MULTILINE)
    assert re.search(r"^seed +you, for the preset ", listed, re.MULTILINE)
    assert listed.endswith(f"your profiles lie in {folder}\n")


def test_profile_list_tells_of_a_broken_profile_and_lists_the_others(tmp_path: Path) -> None:
    folder = tmp_path / "profiles"
    folder.mkdir()
    _profile_file(folder / "good.json")
    (folder / "broken.json").write_text('{"name": "broken", "fan_out": 3}')
    done = fpcore("profile", "list", cwd=tmp_path, env={"FPCORE_PROFILES": str(folder)})
    complaint(done, "broken.json")
    assert "balanced" in done.stdout


@pytest.mark.parametrize(
    ("changed", "must_learn"),
    [
        ({}, False),
        ({"query": {"n_shifts": 4}}, False),
        ({"decision": {"threshold": 0.9}}, False),
        ({"fingerprint": {"pairs": {"fan_out": 7}}}, True),
    ],
)
def test_profile_diff_says_whether_the_music_must_be_learned_again(
    tmp_path: Path, changed: dict[str, Any], must_learn: bool
) -> None:
    path = _profile_file(tmp_path / "mine.json", **changed)
    document = answer("profile", "diff", "balanced", path, cwd=tmp_path)
    assert document["must_learn_again"] is must_learn
    assert len(document["fields"]) == len(changed)
    for field in document["fields"]:
        assert set(field) == {"field", "old", "new"}
        assert field["field"].startswith(tuple(changed))
    text = fpcore("profile", "diff", "balanced", path, cwd=tmp_path).stdout
    assert ("fpcore reindex" in text) is must_learn


def test_profile_diff_is_a_table_that_fits_on_a_screen(tmp_path: Path) -> None:
    seed = load_profile("seed")
    elsewhere = f"{seed.decision.calibration}, of another corpus"
    decision = seed.decision.model_copy(update={"calibration": elsewhere})
    path = tmp_path / "mine.json"
    path.write_text(seed.model_copy(update={"decision": decision}).model_dump_json())
    done = fpcore("profile", "diff", "balanced", path, cwd=tmp_path)
    assert "decision.calibration" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 180


@pytest.mark.parametrize("known", [True, False])
def test_explain_draws_success_and_failure(
    excerpt: Path, stranger: Path, tmp_path: Path, database: Path, known: bool
) -> None:
    file = excerpt if known else stranger
    document = answer("explain", file, "-o", "why.png", cwd=tmp_path)
    assert set(document) == {"file", "picture", "match"}
    assert (document["match"] is not None) is known
    with av.open(str(tmp_path / "why.png")) as picture:
        pixels = next(picture.decode(video=0)).to_ndarray(format="rgb24")
    assert pixels.shape[0] > 300 and pixels.shape[1] > 300
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 50


def test_explain_writes_no_png_under_another_name(
    excerpt: Path, tmp_path: Path, database: Path
) -> None:
    done = fpcore("explain", excerpt, "-o", "why.jpg", cwd=tmp_path)
    assert done.returncode == 1
    assert "why.jpg" in done.stderr and "name it why.png" in done.stderr
    assert not (tmp_path / "why.jpg").exists()


def test_names_are_printed_as_they_are_but_cannot_steer_the_terminal(
    tmp_path: Path, one_song: Path
) -> None:
    name = "[red]x[/red] :smile: \x1b[31m\r\nend"
    assert fpcore("learn", one_song, "--name", name, cwd=tmp_path).returncode == 0
    shown = fpcore("songs", cwd=tmp_path).stdout
    assert r"[red]x[/red] :smile: \x1b[31m\r\nend" in shown
    recognised = fpcore("recognize", one_song, cwd=tmp_path).stdout
    assert r'"[red]x[/red] :smile: \x1b[31m\r\nend"' in recognised
    assert answer("songs", cwd=tmp_path)["songs"][0]["name"] == name


def test_names_in_any_script_are_printed_as_they_are(tmp_path: Path, one_song: Path) -> None:
    name = "東京\u3000夜\u00a0« \U0001f468\u200d\U0001f469 » नम\u200cस्ते"
    shown = tmp_path / f"{name}.wav"
    assert fpcore("learn", one_song, "--name", name, cwd=tmp_path).returncode == 0
    assert name in fpcore("songs", cwd=tmp_path).stdout
    shown.write_text("no audio")
    complaint(fpcore("learn", shown, cwd=tmp_path), name)
    bidi = "a\u202eb\u2066c\u200fd\u2028e"
    assert fpcore("remove", name, cwd=tmp_path).returncode == 0
    assert fpcore("learn", one_song, "--name", bidi, cwd=tmp_path).returncode == 0
    assert r"a\u202eb\u2066c\u200fd\u2028e" in fpcore("songs", cwd=tmp_path).stdout


def test_nothing_is_complained_about_when_nobody_reads_the_answer(
    tmp_path: Path, database: Path
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "fpcore", "songs"],
            stdout=writing,
            stderr=subprocess.PIPE,
            cwd=tmp_path,
            env=environment(),
            check=False,
        )
    finally:
        os.close(writing)
    assert done.stderr == b""
    assert done.returncode == 1


def _profile_file(path: Path, **changed: Any) -> Path:
    """Write the profile ``balanced`` with fields changed, and return its path."""

    def merge(tree: dict[str, Any], changes: dict[str, Any]) -> None:
        for key, value in changes.items():
            if isinstance(value, dict):
                merge(tree[key], value)
            else:
                tree[key] = value

    tree = load_profile("balanced").model_dump(mode="json")
    merge(tree, changed)
    path.write_text(json.dumps(tree))
    return path
