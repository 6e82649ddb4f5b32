"""The database as a whole: its sizes, its faults and its copy."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from fpcore.profiles import load_profile
from fpcore.store.codec import decode_postings, encode_postings
from tests.fpcore.cli.conftest import Learned
from tests.fpcore.cli.material import KINDS
from tests.fpcore.cli.running import (
    answer,
    complaint,
    complaints,
    fpcore,
    fpcore_process,
    without_privileges,
)
from tests.fpcore.store.disks import make_read_only, small_disk
from tests.fpcore.store.old_index import make_old


def test_stats_add_up(tmp_path: Path, database: Path) -> None:
    stats = answer("stats", "--hottest", 4, cwd=tmp_path)
    assert set(stats) == {
        "n_songs", "duration_s", "n_postings", "file_bytes", "unused_bytes", "lookup_bytes",
        "file_bytes_per_posting", "lookup_bytes_per_posting", "config_digest",
        "n_distinct_hashes", "postings_per_hash", "histogram", "hottest", "snapshot", "profile",
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
    assert answer("check", cwd=tmp_path) == {
        "ok": True, "full": False, "n_songs": 8, "n_checksums_added": 0,
        "problems": [], "notes": [],
    }  # fmt: skip
    assert "all is well with 8 songs" in fpcore("check", "--full", cwd=tmp_path).stdout
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("UPDATE songs SET n_fingerprints = 7 WHERE name = 'song in mp3'")
    document = answer("check", "--full", cwd=tmp_path, code=1)
    assert not document["ok"]
    lines = complaints(fpcore("check", "--full", cwd=tmp_path))
    assert len(lines) == len(document["problems"])
    assert any("fingerprints instead of 7" in line for line in lines)


def test_check_finds_a_posting_that_was_altered_and_names_its_song(
    tmp_path: Path, database: Path
) -> None:
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        query = "SELECT postings FROM postings WHERE song_id = 2"
        token, frame = decode_postings(connection.execute(query).fetchone()[0])
        frame[-1] += 1
        altered = encode_postings(token, frame)
        connection.execute("UPDATE postings SET postings = ? WHERE song_id = 2", (altered,))
    assert answer("check", cwd=tmp_path)["ok"]
    complaint(
        fpcore("check", "--full", cwd=tmp_path), "song 2", "`fpcore remove 2`", "restore a backup"
    )


def test_check_notes_songs_that_are_cut_off_and_ends_with_0(tmp_path: Path, database: Path) -> None:
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("UPDATE songs SET complete = 0, stated_s = 60 WHERE id = 2")
    document = answer("check", cwd=tmp_path)
    assert document["ok"] and len(document["notes"]) == 1
    done = fpcore("check", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "all is well with 8 songs" in done.stdout
    assert "decoded 25.0 of 60.0 s" in done.stdout


def test_check_adds_checksums_to_songs_of_an_older_database(tmp_path: Path, database: Path) -> None:
    before = [song["fingerprint_checksum"] for song in answer("songs", cwd=tmp_path)["songs"]]
    make_old(database, load_profile("balanced").fingerprint)
    done = fpcore("check", "--full", cwd=tmp_path)
    assert done.returncode == 0
    assert "all is well with 8 songs" in done.stdout
    assert "8 songs have no checksum to be compared with" in done.stdout
    done = fpcore("check", "--add-checksums", cwd=tmp_path)
    assert done.returncode == 0
    assert "8 songs given a checksum" in done.stdout and "no checksum" not in done.stdout
    after = [song["fingerprint_checksum"] for song in answer("songs", cwd=tmp_path)["songs"]]
    assert after == before and None not in after


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


def test_a_database_on_a_read_only_disk_answers_all_that_reads(
    learned: Learned, noisy_excerpts: dict[str, Path], tmp_path: Path, one_song: Path
) -> None:
    excerpt = noisy_excerpts["song in flac"]
    with small_disk(tmp_path / "disk", megabytes=64) as disk:
        database = ("--db", shutil.copy(learned.database, disk / "x.db"))
        expected = answer("recognize", excerpt, *database, cwd=tmp_path)["results"][0]["match"]
        make_read_only(disk)
        assert answer("songs", *database, cwd=tmp_path)["total"] == len(KINDS)
        assert answer("check", "--full", *database, cwd=tmp_path)["ok"]
        assert answer("stats", *database, cwd=tmp_path)["n_songs"] == len(KINDS)
        assert answer("backup", "copy.db", *database, cwd=tmp_path)
        for options in ((), ("--jobs", 2)):
            found = answer("recognize", excerpt, *options, *database, cwd=tmp_path)["results"]
            assert found[0]["match"] == expected
        assert fpcore("recognize", "--scan", excerpt, *database, cwd=tmp_path).returncode == 0
        assert fpcore("explain", excerpt, "-o", "x.png", *database, cwd=tmp_path).returncode == 0
        said = f"{disk / 'x.db'} is read-only: make the file and its folder writable"
        for refused in (
            ("learn", one_song),
            ("learn", one_song, "--name", "x"),
            ("remove", 1),
            ("remove", "--all", "--yes"),
            ("reindex", "--profile", "balanced"),
            ("check", "--add-checksums"),
        ):
            complaint(fpcore(*refused, *database, cwd=tmp_path), said)
        complaint(fpcore("snapshot", *database, cwd=tmp_path), "x.db", "ead-only")
        assert os.listdir(disk) == ["x.db"]


def test_a_database_of_someone_else_answers_all_that_reads(
    tmp_path: Path, database: Path, one_song: Path
) -> None:
    database.chmod(0o444)
    tmp_path.chmod(0o555)
    done = fpcore_process("songs", cwd=tmp_path, prepare=without_privileges)
    assert done.stdout.endswith(f"{len(KINDS)} songs\n")
    done = fpcore_process("recognize", one_song, cwd=tmp_path, prepare=without_privileges)
    assert (done.returncode, done.stderr) == (3, "")
    refused = fpcore_process("learn", one_song, cwd=tmp_path, prepare=without_privileges)
    complaint(refused, "is read-only: make the file and its folder writable")
    tmp_path.chmod(0o755)
