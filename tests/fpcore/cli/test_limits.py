"""Limits of the system are told in one sentence with the remedy, under the limits themselves."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from fpcore.cli.limits import sentence_of
from tests.fpcore.cli.running import ROOT

LEARN = '"$0" -m fpcore learn music --db songs.db --jobs 2'


def learned(tmp_path: Path, before: str) -> subprocess.CompletedProcess[str]:
    """Learn a folder in a shell that first runs a command."""
    (tmp_path / "music").mkdir()
    noise = np.random.default_rng(0).standard_normal(5 * 8000) / 8
    soundfile.write(tmp_path / "music" / "a.wav", noise, 8000)
    return subprocess.run(
        ["sh", "-c", f"{before}; {LEARN}", sys.executable],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("before", "sentence"),
    [
        ("ulimit -n 20", "may have too few files open at once (20): allow more with `ulimit -n"),
        ("ulimit -v 400000", "not enough memory for this within the limit of 409 MB (ulimit -v)"),
        (
            f"mkdir -p {'x' * 120} && export TMPDIR=$PWD/{'x' * 120}",
            "the path of the folder for temporary files is too long",
        ),
    ],
)
def test_a_limit_is_one_sentence(tmp_path: Path, before: str, sentence: str) -> None:
    done = learned(tmp_path, before)
    assert done.returncode == 1
    assert done.stderr.startswith("fpcore: ")
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1


def test_what_comes_from_no_limit_is_left_to_others() -> None:
    assert sentence_of(FileNotFoundError(2, "No such file")) is None
    assert sentence_of(ImportError("no such name")) is None
    assert "fewer --jobs" in str(sentence_of(MemoryError()))
