"""The picture of a recognition: drawn for any outcome, and over nothing but pictures."""

from __future__ import annotations

import os
from pathlib import Path

import av
import numpy as np
import pytest

from tests.fpcore.cli.conftest import EXCERPT_S, Learned
from tests.fpcore.cli.material import STRANGER, piece, write_wav
from tests.fpcore.cli.running import answer, complaint, fpcore


@pytest.mark.parametrize("known", [True, False])
def test_explain_draws_success_and_failure(
    excerpt: Path, stranger: Path, tmp_path: Path, database: Path, known: bool
) -> None:
    file = excerpt if known else stranger
    document = answer("explain", file, "-o", "why.png", cwd=tmp_path)
    assert set(document) == {"file", "picture", "match", "cut", "remixed"}
    assert (document["match"] is not None) is known
    with av.open(str(tmp_path / "why.png")) as picture:
        pixels = next(picture.decode(video=0)).to_ndarray(format="rgb24")
    assert pixels.shape[0] > 300 and pixels.shape[1] > 300
    assert len(np.unique(pixels.astype(np.uint32) @ [1 << 16, 1 << 8, 1])) > 50


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


def test_explain_writes_no_png_under_another_name(
    excerpt: Path, tmp_path: Path, database: Path
) -> None:
    done = fpcore("explain", excerpt, "-o", "why.jpg", cwd=tmp_path)
    assert done.returncode == 1
    assert "why.jpg" in done.stderr and "name it why.png" in done.stderr
    assert not (tmp_path / "why.jpg").exists()
