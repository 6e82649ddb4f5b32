"""Notebooks that a command executes into a run's folder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from experiments.errors import RunError
from experiments.results.run_folder import run_folder
from experiments.sweeps import notebook
from experiments.sweeps.notebook import NOTEBOOKS
from fpcore import limits
from tests.experiments.holding import held
from tests.experiments.waiting import wait_until

KERNEL = {"name": "python3", "language": "python", "display_name": "Python 3"}

CELLS = (
    "import os; old = open(os.path.join(folder, 'small.ipynb'))",
    "1 + 1",
    "print(old.read())",
)
"""Opens its own executed copy, and prints two cells later what is in the file that it opened."""

SWEEP = """
import sys
from experiments.sweeps.notebook import execute
from experiments.results.run_folder import run_folder
from tests.experiments import small
execute("sweep", run_folder(sys.argv[1]), {"spec": small.CONTENT, "run": sys.argv[1], "jobs": 1})
"""

# A process of its own, as papermill leaves sockets and an event loop behind.
EXECUTE = """
import sys
from pathlib import Path
from experiments.results.run_folder import RunFolder
from experiments.sweeps import notebook

notebook.NOTEBOOKS = Path(sys.argv[1])
notebook.execute("small", RunFolder(Path(sys.argv[2])), {"folder": sys.argv[2]})
"""


def cell(source: str, **more: Any) -> dict[str, Any]:
    """Return a cell of code that was not executed yet."""
    number = sum(map(ord, source))
    content = {"cell_type": "code", "id": f"cell-{number}", "metadata": {}, "source": source}
    return {**content, "execution_count": None, "outputs": [], **more}


def executed(content: dict[str, Any]) -> list[bool]:
    return [cell["execution_count"] is not None for cell in content["cells"][1:]]


def test_a_reader_of_the_executed_copy_keeps_a_whole_one_while_a_newer_is_written(
    tmp_path: Path,
) -> None:
    run = tmp_path / "run"
    parameters = cell("folder = ''", metadata={"tags": ["parameters"]})
    cells = [parameters, *map(cell, CELLS)]
    content = {"cells": cells, "metadata": {"kernelspec": KERNEL}, "nbformat": 4}
    content["nbformat_minor"] = 5
    (tmp_path / "small.ipynb").write_text(json.dumps(content), encoding="utf-8")
    subprocess.run([sys.executable, "-c", EXECUTE, tmp_path, run], check=True)
    made = json.loads((run / "small.ipynb").read_text(encoding="utf-8"))
    assert all(executed(made))
    [printed] = made["cells"][-1]["outputs"]
    seen = json.loads("".join(printed["text"]))
    assert not any(executed(seen)[-3:])
    assert [path.name for path in run.iterdir()] == ["small.ipynb"]


def test_papermill_is_loaded_without_what_takes_longest_to_load() -> None:
    code = (
        "import sys\nfrom experiments.sweeps.notebook import load_papermill\n"
        "print(load_papermill().__name__, 'rfc3987_syntax' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "papermill False\n"


def has_kernel(pid: int) -> bool:
    """Whether a process has started the kernel of a notebook."""
    return any(
        "ipykernel_launcher" in " ".join(child.cmdline())
        for child in psutil.Process(pid).children()
    )


def test_stopping_a_second_process_leaves_the_one_that_runs_alone(
    workbench: Path, tmp_path: Path
) -> None:
    run = run_folder(tmp_path / "run")
    with (
        held(run) as holder,
        subprocess.Popen(
            [sys.executable, "-c", SWEEP, str(run.path)],
            env={**os.environ, "PYTHONPATH": os.getcwd()},
            stderr=subprocess.PIPE,
            text=True,
        ) as second,
    ):
        wait_until(lambda: has_kernel(second.pid), second)
        second.send_signal(signal.SIGTERM)
        _, complaints = second.communicate()
        assert "KeyboardInterrupt" in complaints
        assert holder.poll() is None
        assert run.holder() == holder.pid


@pytest.mark.parametrize("name", ["sweep", "tune", "report", "explain"])
def test_notebooks_are_committed_without_outputs_or_definitions(name: str) -> None:
    import nbformat  # more than a second to import

    file = NOTEBOOKS / f"{name}.ipynb"
    notebook = nbformat.read(file, as_version=4)  # type: ignore[no-untyped-call]
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell for cell in code if "parameters" in cell.metadata.get("tags", [])]
    for cell in code:
        assert cell.outputs == []
        assert cell.execution_count is None
        assert not any(line.startswith(("def ", "class ")) for line in cell.source.splitlines())


class KernelError(Exception):
    """Stands for what papermill raises: an error of the kernel, by its name and value."""

    def __init__(self, ename: str, evalue: str, traceback: str = "") -> None:
        super().__init__(traceback)
        self.ename, self.evalue = ename, evalue


@pytest.mark.parametrize(
    "error",
    [
        KernelError("MemoryError", ""),
        KernelError("SystemError", "error return without exception set"),
        KernelError("ImportError", "libav.so: failed to map segment from shared object"),
        KernelError("CellExecutionError", "", "Unexpected exception formatting exception"),
        RuntimeError("Kernel died before replying to kernel_info"),
    ],
)
def test_want_of_memory_under_a_limit_is_one_sentence(
    error: Exception, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(limits, "memory_limit_bytes", lambda: 800_000_000)
    said = notebook._sentence(error, tmp_path)
    assert said.startswith("there is not enough memory for this within the limit of 800 MB")


def test_want_of_files_is_told_before_a_kernel_starts_and_when_it_meets_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told = notebook._sentence(KernelError("OSError", "[Errno 24] Too many open files"), tmp_path)
    assert told == limits.of_files()
    monkeypatch.setattr(limits, "n_files", lambda: notebook.LEAST_FILES - 1)
    with pytest.raises(RunError, match=r"too few files open at once \(95\): allow more"):
        notebook.execute("sweep", run_folder(str(tmp_path / "run")), {})
    assert not (tmp_path / "run").exists()


def test_other_errors_are_told_as_before(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(limits, "memory_limit_bytes", lambda: 800_000_000)
    assert notebook._sentence(KernelError("RunError", "this is taken"), tmp_path) == "this is taken"
    said = notebook._sentence(KernelError("KeyError", "'x'"), tmp_path)
    assert said == f"the notebook failed (KeyError: 'x'): see {tmp_path}"
