"""The notebooks report.ipynb and explain.ipynb as a whole, run as they are by hand."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from experiments.results.run_folder import RunFolder
from tests import warm

EXECUTE = """
import json, sys
from pathlib import Path
from experiments.sweeps.notebook import execute
from experiments.results.run_folder import RunFolder
for folder, parameters in json.loads(sys.argv[2]).items():
    execute(sys.argv[1], RunFolder(Path(folder)), parameters)
"""


def executed(name: str, runs: dict[Path, dict[str, str]]) -> list[Any]:
    """Run a notebook with the parameters of each folder, and return what is there afterwards.

    It runs in a process of its own, since papermill leaves sockets to the collector.
    """
    given = json.dumps({str(folder): parameters for folder, parameters in runs.items()})
    done = subprocess.run(
        [warm.python(), "-c", EXECUTE, name, given],
        env=os.environ | warm.with_warm_kernels(),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads((folder / f"{name}.ipynb").read_text("utf-8")) for folder in runs]


def outputs_of(notebook: Any, kind: str) -> list[str]:
    """Return the outputs of one MIME type in an executed notebook."""
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
    return [output["data"][kind] for output in outputs if kind in output.get("data", {})]


def test_report_notebook_runs_by_hand_on_the_newest_run(
    real_run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FPBENCH_RUNS", str(real_run.path.parent))
    [notebook] = executed("report", {real_run.path: {}})
    assert (real_run.path / "report.html").is_file()
    assert (real_run.path / "leaderboard.csv").is_file()
    assert len(outputs_of(notebook, "image/png")) >= 6


def test_explain_notebook_runs_with_its_defaults_and_with_others(
    real_run: RunFolder, tmp_path: Path
) -> None:
    of_a_run = {"run": str(real_run.path), "trial": "t000"}
    for notebook in executed("explain", {tmp_path / "1": {}, tmp_path / "2": of_a_run}):
        assert len(outputs_of(notebook, "image/png")) == 1
        players = [html for html in outputs_of(notebook, "text/html") if "<audio" in "".join(html)]
        assert len(players) == 2
