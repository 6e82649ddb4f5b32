"""Notebooks that a command executes into a run's folder."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
from nbformat import v4

KERNEL = {"name": "python3", "language": "python", "display_name": "Python 3"}

CELLS = (
    "import os; old = open(os.path.join(folder, 'small.ipynb'))",
    "1 + 1",
    "print(old.read())",
)
"""Opens its own executed copy, and prints two cells later what is in the file that it opened."""

# A process of its own, as papermill leaves sockets and an event loop behind.
EXECUTE = """
import sys
from pathlib import Path
from experiments.results.run_folder import RunFolder
from experiments.sweeps import notebook

notebook.NOTEBOOKS = Path(sys.argv[1])
notebook.execute("small", RunFolder(Path(sys.argv[2])), {"folder": sys.argv[2]})
"""


def executed(content: dict[str, Any]) -> list[bool]:
    return [cell["execution_count"] is not None for cell in content["cells"][1:]]


def test_a_reader_of_the_executed_copy_keeps_a_whole_one_while_a_newer_is_written(
    tmp_path: Path,
) -> None:
    run = tmp_path / "run"
    parameters = v4.new_code_cell("folder = ''", metadata={"tags": ["parameters"]})
    cells = [parameters, *(v4.new_code_cell(source) for source in CELLS)]
    content = v4.new_notebook(cells=cells, metadata={"kernelspec": KERNEL})
    nbformat.write(content, tmp_path / "small.ipynb")
    subprocess.run([sys.executable, "-c", EXECUTE, tmp_path, run], check=True)
    made = json.loads((run / "small.ipynb").read_text(encoding="utf-8"))
    assert all(executed(made))
    [printed] = made["cells"][-1]["outputs"]
    seen = json.loads("".join(printed["text"]))
    assert not any(executed(seen)[-3:])
    assert [path.name for path in run.iterdir()] == ["small.ipynb"]
