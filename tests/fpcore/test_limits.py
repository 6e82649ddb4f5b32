"""Limits of the system are told in one sentence with the remedy, under the limits themselves."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from fpcore import limits
from fpcore.bulk.worker_pool import WorkerPool
from fpcore.limits import LEAST_BYTES, sentence_of
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
        ("ulimit -v 200000", "not enough memory for this within the limit of 204 MB (ulimit -v)"),
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


@pytest.fixture
def limited(monkeypatch: pytest.MonkeyPatch) -> None:
    """A limit of the address space that the code sees and the system does not."""
    monkeypatch.setattr(limits, "memory_limit_bytes", lambda: LEAST_BYTES)


@pytest.mark.usefixtures("limited")
def test_under_a_limit_of_memory_more_errors_come_of_it() -> None:
    lost = ImportError("libx.so: failed to map segment from shared object")
    for error in (MemoryError(), SystemError("error return without exception set"), lost):
        assert str(sentence_of(error)).startswith(
            "there is not enough memory for this within the limit of 520 MB (ulimit -v): raise it"
        )
    assert sentence_of(ConnectionRefusedError(111, "Connection refused")) == limits.of_memory()
    assert sentence_of(FileNotFoundError(2, "No such file", "a.wav")) is None
    assert sentence_of(ImportError("no such name")) is None


def test_without_a_limit_they_are_of_something_else() -> None:
    assert sentence_of(SystemError("error return without exception set")) is None
    assert sentence_of(ConnectionRefusedError(111, "Connection refused")) is None
    limits.check_memory()


def test_too_small_an_address_space_is_refused_before_anything_is_loaded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "memory_limit_bytes", lambda: LEAST_BYTES - 1)
    with pytest.raises(MemoryError, match=r"within the limit of 519 MB \(ulimit -v\)"):
        limits.check_memory()
    with pytest.raises(MemoryError, match="519 MB"):
        WorkerPool(len, 1, preload="fpcore.limits")


def test_less_is_loaded_only_where_there_is_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    limits.spare_memory()
    assert "OPENBLAS_NUM_THREADS" not in os.environ
    monkeypatch.setattr(limits, "memory_limit_bytes", lambda: LEAST_BYTES)
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "3")
    limits.spare_memory()
    assert os.environ["OPENBLAS_NUM_THREADS"] == "3"
    monkeypatch.delenv("OPENBLAS_NUM_THREADS")
    limits.spare_memory()
    assert os.environ["OPENBLAS_NUM_THREADS"] == "1"
