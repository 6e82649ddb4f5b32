"""``fpcore snapshot``: the same answers, and what the other commands tell of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fpcore.cli.material import KINDS, piece, write_wav
from tests.fpcore.cli.running import answer, complaint, complaints, fpcore


@pytest.fixture(scope="module")
def excerpt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten seconds of a song of the database."""
    path = tmp_path_factory.mktemp("excerpt") / "excerpt.wav"
    return write_wav(path, piece(4, start_s=9.0, duration_s=10.0))


def test_a_snapshot_answers_the_same_and_is_told_of(
    excerpt: Path, tmp_path: Path, database: Path, one_song: Path
) -> None:
    before = answer("recognize", excerpt, cwd=tmp_path)["results"][0]["candidates"]
    assert answer("stats", cwd=tmp_path)["snapshot"] is None
    made = answer("snapshot", cwd=tmp_path)
    assert made.pop("elapsed_s") > 0
    assert made["path"] == f"{database}.segments"
    assert made["n_songs"] == len(KINDS)
    assert answer("recognize", excerpt, cwd=tmp_path)["results"][0]["candidates"] == before
    assert answer("stats", cwd=tmp_path)["snapshot"] == made
    fpcore("learn", one_song, cwd=tmp_path)
    fpcore("remove", "1", cwd=tmp_path)
    shown = fpcore("stats", cwd=tmp_path).stdout
    assert "lacks 1 newer song, has 1 removed song" in shown
    assert fpcore("recognize", one_song, cwd=tmp_path).returncode == 0
    again = fpcore("snapshot", cwd=tmp_path)
    assert again.returncode == 0 and f"segments: {len(KINDS)} songs, " in again.stdout
    assert "lacks" not in fpcore("stats", cwd=tmp_path).stdout


def test_a_damaged_snapshot_is_complained_about_and_not_used(
    excerpt: Path, tmp_path: Path, database: Path
) -> None:
    (path,) = Path(answer("snapshot", cwd=tmp_path)["path"]).glob("*.segment")
    path.write_bytes(path.read_bytes()[:-100])
    reason = "cut short"
    done = fpcore("recognize", excerpt, cwd=tmp_path)
    assert done.returncode == 0
    (line,) = complaints(done)
    assert reason in line and "is made anew from the database" in line
    complaint(fpcore("check", cwd=tmp_path), reason)
    assert reason in fpcore("stats", cwd=tmp_path).stdout
    fpcore("snapshot", cwd=tmp_path)
    assert complaints(fpcore("recognize", excerpt, cwd=tmp_path)) == []
