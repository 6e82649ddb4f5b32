from __future__ import annotations

from pathlib import Path

import pytest

from experiments.folders import CACHE_VARIABLE, RUNS_VARIABLE, cache_folder, runs_folder

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
