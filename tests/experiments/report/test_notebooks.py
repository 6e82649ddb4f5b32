"""The notebooks report.ipynb and explain.ipynb as a whole, run as they are by hand."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from experiments.results.run_folder import RunFolder


def executed(name: str, folder: Path, parameters: dict[str, str]) -> Any:
    """Run a notebook in a process of its own, since papermill leaves sockets to the collector."""
    import nbformat  # more than a second to import

    code = (
        "import json, sys\nfrom pathlib import Path\n"
        "from experiments.sweeps.notebook import execute\n"
        "from experiments.results.run_folder import RunFolder\n"
        "execute(sys.argv[1], RunFolder(Path(sys.argv[2])), json.loads(sys.argv[3]))"
    )
    command = [sys.executable, "-c", code, name, str(folder), json.dumps(parameters)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    return nbformat.read(folder / f"{name}.ipynb", as_version=4)


def outputs_of(notebook: Any, kind: str) -> list[str]:
    """Return the outputs of one MIME type in an executed notebook."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return [output["data"][kind] for output in outputs if kind in output.get("data", {})]


def test_report_notebook_runs_by_hand_on_the_newest_run(
    real_run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FPBENCH_RUNS", str(real_run.path.parent))
    notebook = executed("report", real_run.path, {})
    assert (real_run.path / "report.html").is_file()
    assert (real_run.path / "leaderboard.csv").is_file()
    assert len(outputs_of(notebook, "image/png")) >= 6


def test_explain_notebook_runs_with_its_defaults_and_with_others(
    real_run: RunFolder, tmp_path: Path
) -> None:
    for name, parameters in {
        "defaults": {},
        "of-a-run": {"run": str(real_run.path), "trial": "t000"},
    }.items():
        notebook = executed("explain", tmp_path / name, parameters)
        assert len(outputs_of(notebook, "image/png")) == 1
        players = [html for html in outputs_of(notebook, "text/html") if "<audio" in html]
        assert len(players) == 2
