from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from experiments.folders import (
    CACHE_VARIABLE,
    RUNS_VARIABLE,
    cache_folder,
    runs_folder,
    temporary_folder,
)

ROOT = Path(__file__).resolve().parents[2]


def test_caches_and_runs_are_the_projects_unless_their_variables_name_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in (CACHE_VARIABLE, RUNS_VARIABLE):
        monkeypatch.delenv(variable, raising=False)
    assert cache_folder() == ROOT / ".cache"
    assert runs_folder() == ROOT / "experiments" / "runs"
    monkeypatch.setenv("FPBENCH_CACHE", str(tmp_path / "c"))
    monkeypatch.setenv("FPBENCH_RUNS", str(tmp_path / "r"))
    assert (cache_folder(), runs_folder()) == (tmp_path / "c", tmp_path / "r")


def test_a_temporary_folder_is_removed_at_the_end_and_after_a_kill_by_the_next_command(
    tmp_path: Path,
) -> None:
    program = (
        "import os, pathlib, sys; from experiments.folders import temporary_folder\n"
        "with temporary_folder(pathlib.Path(sys.argv[1])) as folder:\n"
        "    (folder / 'index.db').touch(); os.kill(os.getpid(), 9)"
    )
    theirs = tmp_path / "fpbench-mine" / "index.db"
    theirs.parent.mkdir()
    theirs.touch()
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)
    [left] = set(tmp_path.glob("fpbench-*/*/index.db"))
    with temporary_folder(tmp_path) as folder:
        assert not left.exists()
        (folder / "index.db").touch()
    assert list(tmp_path.iterdir()) == [theirs.parent]
    assert theirs.exists()
