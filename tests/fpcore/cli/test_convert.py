"""``fpcore convert``: a database of the classic layout, in that of today."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from fpcore import Library
from fpcore.profiles import load_profile
from tests.fpcore.cli.material import piece, write_wav
from tests.fpcore.cli.running import answer, complaint, fpcore

DATABASE = "music_recognition.db"


def _classic(folder: Path) -> Path:
    """Make a database of two songs in the classic layout, and return an excerpt of the second."""
    songs = [write_wav(folder / f"song {number}.wav", piece(number)) for number in (3, 4)]
    profile = load_profile("balanced").model_copy(update={"name": "own"})
    with Library.open(folder / DATABASE, profile, create=True, layout="classic") as library:
        for song in songs:
            library.learn(song)
    return write_wav(folder / "excerpt.wav", piece(4, start_s=9.0, duration_s=10.0))


def test_a_converted_database_answers_the_same_and_is_converted_once(tmp_path: Path) -> None:
    excerpt = _classic(tmp_path)
    before = answer("recognize", excerpt, cwd=tmp_path)["results"][0]["candidates"]
    done = fpcore("convert", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.startswith(f"{DATABASE}: 2 songs converted, now ")
    assert list((tmp_path / f"{DATABASE}.segments").glob("*.segment"))
    assert answer("recognize", excerpt, cwd=tmp_path)["results"][0]["candidates"] == before
    assert answer("check", "--full", cwd=tmp_path)["problems"] == []
    assert answer("stats", cwd=tmp_path)["profile"] == "own"
    again = fpcore("convert", cwd=tmp_path)
    assert again.stdout == f"{DATABASE}: has the layout of today already\n"
    assert answer("convert", cwd=tmp_path)["converted"] is False


def test_a_database_in_use_or_none_at_all_is_told(tmp_path: Path) -> None:
    _classic(tmp_path)
    with closing(sqlite3.connect(tmp_path / DATABASE)) as other:
        other.execute("SELECT count(*) FROM songs").fetchone()
        done = fpcore("convert", "--wait", "0.1", cwd=tmp_path)
        assert done.returncode == 1
        complaint(done, "open in another program", "give the same command again")
    done = fpcore("convert", "--db", "none.db", cwd=tmp_path)
    assert done.returncode == 1
    complaint(done, "none.db")
