"""The songs of a database: listed, searched, paged, renamed and removed."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.fpcore.cli.conftest import Learned
from tests.fpcore.cli.material import KINDS, SONG_KEYS, piece, write_wav
from tests.fpcore.cli.running import answer, assert_whole, complaint, fpcore
from tests.tagged_files import tagged


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


def test_songs_says_which_are_of_recordings_that_were_cut_off(
    tmp_path: Path, database: Path
) -> None:
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("UPDATE songs SET complete = 0, stated_s = 60 WHERE id = 2")
        connection.execute("UPDATE songs SET complete = 0 WHERE id = 3")
    lines = fpcore("songs", cwd=tmp_path).stdout.splitlines()
    assert [line.rstrip().endswith("cut off, 25.0 of 60.0 s") for line in lines[1:9]] == [
        False, True, *[False] * 6,
    ]  # fmt: skip
    assert lines[3].rstrip().endswith("cut off")
    assert sum("cut off" in line for line in lines) == 2


@pytest.fixture
def twins(tmp_path: Path) -> None:
    """A database of two songs from files with one name, and of one from another."""
    for folder, name, index in (("A", "01", 11), ("B", "01", 12), ("B", "02", 13)):
        (tmp_path / folder).mkdir(exist_ok=True)
        write_wav(tmp_path / folder / f"{name}.wav", piece(index, duration_s=15.0))
    assert fpcore("learn", "A", "B", cwd=tmp_path).returncode == 0


@pytest.mark.usefixtures("twins")
def test_songs_of_one_name_are_told_apart_in_every_answer(tmp_path: Path) -> None:
    files = ("A/01.wav", "B/01.wav", "B/02.wav")
    titles = ["01 (A)", "01 (B)", "02"]
    lines = fpcore("songs", cwd=tmp_path).stdout.splitlines()[1:4]
    assert sorted(re.split(r"\s{2,}", line.strip())[1] for line in lines) == titles
    said = fpcore("recognize", *files, cwd=tmp_path).stdout.splitlines()
    for line, file, title in zip(said, files, titles, strict=True):
        assert line.startswith(f'{file}: "{title}" heard from ')
    results = answer("recognize", *files, cwd=tmp_path)["results"]
    assert [one["match"]["song_name"] for one in results] == titles
    (scanned,) = answer("recognize", "--scan", "B/01.wav", cwd=tmp_path)["results"]
    assert {one["song_name"] for one in scanned["appearances"]} == {"01 (B)"}
    explained = fpcore("explain", "A/01.wav", "--output", "x.png", cwd=tmp_path)
    assert '"01 (A)"' in explained.stdout, explained.stderr


@pytest.mark.usefixtures("twins")
def test_remove_takes_a_name_with_what_tells_its_song_from_others(tmp_path: Path) -> None:
    complaint(fpcore("remove", "01", cwd=tmp_path), '2 songs are called "01"')
    complaint(fpcore("remove", "01 (C)", cwd=tmp_path), '"01 (C)"', "fpcore songs")
    assert fpcore("remove", "01 (B)", cwd=tmp_path).returncode == 0
    (result,) = answer("recognize", "A/01.wav", cwd=tmp_path)["results"]
    assert result["match"]["song_name"] == "01"
    assert_whole(tmp_path, 2)


def test_rename_takes_an_id_or_a_name_and_tells_the_song(
    learned: Learned, tmp_path: Path, database: Path
) -> None:
    song_id = learned.ids["song in mp3"]
    renamed = answer("rename", song_id, "Été", cwd=tmp_path)
    assert set(renamed["renamed"]) == SONG_KEYS
    assert (renamed["renamed"]["id"], renamed["renamed"]["name"]) == (song_id, "Été")
    assert renamed["name_before"] == "song in mp3"
    said = fpcore("rename", "Été", " 02 ", cwd=tmp_path).stdout
    assert said == f'renamed {song_id}: "Été" is " 02 " now\n'
    names = {song["name"]: song["id"] for song in answer("songs", cwd=tmp_path)["songs"]}
    kept = {name: one for name, one in learned.ids.items() if name != "song in mp3"}
    assert names == {**kept, " 02 ": song_id}
    assert answer("check", "--full", cwd=tmp_path)["ok"]


def test_rename_refuses_unknown_songs_and_names_that_say_nothing(
    learned: Learned, tmp_path: Path, database: Path
) -> None:
    complaint(fpcore("rename", "song in", "x", cwd=tmp_path), '"song in"', "fpcore songs")
    refused = fpcore("rename", "song in mp3", " ", cwd=tmp_path)
    assert refused.returncode == 2 and "is empty" in refused.stderr
    songs = answer("songs", cwd=tmp_path)["songs"]
    assert {song["name"]: song["id"] for song in songs} == learned.ids


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
    assert_whole(tmp_path, 7)


def test_songs_are_called_as_their_tags_and_renamed_by_them_but_for_given_names(
    tmp_path: Path, one_song: Path
) -> None:
    file = tmp_path / "A (1999)" / "01.wav"
    file.parent.mkdir()
    file.write_bytes(tagged(one_song.read_bytes(), "Aria", "Ada"))
    assert fpcore("learn", file, "--name-by", "file", cwd=tmp_path).returncode == 0
    (song,) = answer("songs", cwd=tmp_path)["songs"]
    assert song["name"] == "01"
    said = fpcore("rename", "--by-tags", cwd=tmp_path).stdout
    assert said == f'renamed {song["id"]}: "01" is "Ada – Aria" now\nrenamed 1 song\n'
    found = answer("rename", "--by-tags", cwd=tmp_path)
    assert found == {
        "songs": [], "kept": {"named so": 1, "given": 0, "no title": 0, "no file": 0},
    }  # fmt: skip
    twin = tmp_path / "B" / "twin.wav"
    twin.parent.mkdir()
    write_wav(twin, piece(21, duration_s=8.0))
    twin.write_bytes(tagged(twin.read_bytes(), "Aria", "Ada"))
    assert fpcore("learn", twin, cwd=tmp_path).returncode == 0
    lines = fpcore("songs", cwd=tmp_path).stdout
    assert "Ada – Aria (A (1999))" in lines and "Ada – Aria (B)" in lines
    assert fpcore("rename", "Ada – Aria (A (1999))", "mine", cwd=tmp_path).returncode == 0
    kept = fpcore("rename", "--by-tags", cwd=tmp_path).stdout
    assert kept.startswith("renamed 0 songs; ") and "1 with a name that was given" in kept


def test_rename_asks_for_what_is_missing_and_takes_no_song_by_tags(tmp_path: Path) -> None:
    for arguments in ((), ("17",), ("17", "x", "--by-tags")):
        refused = fpcore("rename", *arguments, cwd=tmp_path)
        assert refused.returncode == 2 and "--by-tags" in refused.stderr, refused.stderr
