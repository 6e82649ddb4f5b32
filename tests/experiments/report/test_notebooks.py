"""Notebooks as a whole, run as they are by hand: report.ipynb, explain.ipynb, and one of a user."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import nbformat
import pytest
import soundfile
from nbformat import v4

from experiments.results.run_folder import RunFolder
from experiments.sweeps.notebook import NOTEBOOKS
from tests import warm
from tests.fpcore.synthetic import music

EXECUTE = """
import json, sys
from pathlib import Path
from experiments.sweeps import notebook
from experiments.sweeps.notebook import execute
notebook.NOTEBOOKS = Path(sys.argv[3])
from experiments.results.run_folder import RunFolder
for folder, parameters in json.loads(sys.argv[2]).items():
    execute(sys.argv[1], RunFolder(Path(folder)), parameters)
"""


def executed(name: str, runs: dict[Path, dict[str, str]], *, folder: Path = NOTEBOOKS) -> list[Any]:
    """Run a notebook with the parameters of each folder of ``runs``; return what is there then.

    It runs in a process of its own, since papermill leaves sockets to the collector.
    """
    given = json.dumps({str(folder): parameters for folder, parameters in runs.items()})
    done = subprocess.run(
        [warm.python(), "-c", EXECUTE, name, given, str(folder)],
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


FRESH = (
    "from fpcore import Library\n"
    "library = Library.open('fresh.db', create=True)\n"
    "library.learn('music')",
    "library.songs()",
    "library.profile",
    "import soundfile\n"
    "samples, rate_hz = soundfile.read('clip.wav')\n"
    "library.recognize(samples, sample_rate_hz=rate_hz)",
    "library.explain('clip.wav')",
    "from experiments import load_runs\nload_runs({run!r}).leaderboard()",
)
"""The cells of a notebook that somebody begins, and what they expect to see."""


def test_a_fresh_notebook_shows_what_each_of_its_cells_gives(
    real_run: RunFolder, tmp_path: Path
) -> None:
    (tmp_path / "music").mkdir()
    for seed in range(2):
        soundfile.write(tmp_path / "music" / f"song {seed}.flac", music(12, 22_050, seed), 22_050)
    soundfile.write(tmp_path / "clip.wav", music(12, 22_050, 1)[: 8 * 22_050], 22_050)
    lines = (f"import os\nos.chdir({str(tmp_path)!r})", *FRESH)
    cells = [v4.new_code_cell(one.replace("{run!r}", repr(str(real_run.path)))) for one in lines]
    (tmp_path / "fresh.ipynb").write_text(nbformat.writes(v4.new_notebook(cells=cells)), "utf-8")
    [done] = executed("fresh", {tmp_path / "done": {}}, folder=tmp_path)
    learned, songs, profile, recognition, picture, board = [
        cell["outputs"] for cell in done["cells"] if cell["source"] and cell["outputs"]
    ]
    assert "2 learned" in _html(learned)
    assert "<td>song 0</td>" in _html(songs)
    assert "profile balanced" in _html(profile)
    assert "song 1" in _html(recognition)
    assert any("image/png" in one.get("data", {}) for one in picture)
    assert "recall_1pct" in _html(board)


def _html(outputs: list[Any]) -> str:
    return "".join("".join(one.get("data", {}).get("text/html", "")) for one in outputs)
