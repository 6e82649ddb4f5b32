"""The lessons: their form, and that they run headless under any sensible parameters."""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
NAMES = [
    "01_sound_to_spectrogram",
    "02_constellation",
    "03_pairs_and_hashes",
    "04_matching",
    "05_noise_and_limits",
    "06_choosing_parameters",
]

SMALL: dict[str, dict[str, Any]] = {
    "01_sound_to_spectrogram": {},
    "02_constellation": {},
    "03_pairs_and_hashes": {},
    "04_matching": {},
    "05_noise_and_limits": {"n_queries": 4, "left_out_share": 0.34, "degradations": ["clean"]},
    "06_choosing_parameters": {"n_queries": 4, "densities": [5.0, 20.0], "left_out_share": 0.34},
}
"""The defaults, but for the corpus and the number of queries."""

OTHER: dict[str, dict[str, Any]] = {
    "01_sound_to_spectrogram": {
        "song": 2, "start_s": 3.0, "duration_s": 4.0, "n_fft": 1024, "hop_length": 512,
    },
    "02_constellation": {
        "song": 1, "start_s": 20.0, "duration_s": 3.0, "max_peaks_per_s": 25.0, "width_s": 0.1,
        "width_hz": 60.0, "snr_db": -10.0,
    },
    "03_pairs_and_hashes": {
        "song": 1, "start_s": 5.0, "duration_s": 3.0, "fan_out": 12, "max_delta_s": 1.0,
        "max_delta_hz": 600.0, "anchor": 10_000, "snr_db": 10.0,
    },
    "04_matching": {"song": 2, "start_s": 1.0, "duration_s": 2.0, "snr_db": -20.0, "n_unknown": 2},
    "05_noise_and_limits": {
        "song": 1, "start_s": 4.0, "duration_s": 3.0, "degradations": ["clipped", "pitch-p1"],
        "clip_lengths_s": [3.0], "n_queries": 3, "left_out_share": 0.34, "snr_db": 0.0, "seed": 5,
    },
    "06_choosing_parameters": {
        "densities": [8.0], "fan_outs": [3, 4], "snr_db": 0.0, "clip_s": 4.0, "n_queries": 3,
        "left_out_share": 0.34, "seed": 5,
    },
}  # fmt: skip

EXECUTE = Path(__file__).with_name("execute.py")


def read(path: Path) -> dict[str, Any]:
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return notebook


def cells(name: str, kind: str) -> list[dict[str, Any]]:
    notebook = read(ROOT / "notebooks" / f"{name}.ipynb")
    return [cell for cell in notebook["cells"] if cell["cell_type"] == kind]


def text(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def parameters_of(name: str) -> dict[str, Any]:
    """Return the committed default parameters."""
    (cell,) = (c for c in cells(name, "code") if "parameters" in c["metadata"].get("tags", ()))
    values: dict[str, Any] = {}
    for statement in ast.parse(text(cell)).body:
        assert isinstance(statement, ast.Assign)
        (target,) = statement.targets
        values[ast.unparse(target)] = ast.literal_eval(statement.value)
    return values


@pytest.mark.parametrize("name", NAMES)
def test_is_committed_as_plain_json_whose_lines_can_be_compared(name: str) -> None:
    path = ROOT / "notebooks" / f"{name}.ipynb"
    as_written = json.dumps(read(path), indent=1, ensure_ascii=False) + "\n"
    assert path.read_text(encoding="utf-8") == as_written


@pytest.mark.parametrize("name", NAMES)
def test_is_committed_without_outputs_or_counts_for_any_python_kernel(name: str) -> None:
    code = cells(name, "code")
    assert code
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    metadata = read(ROOT / "notebooks" / f"{name}.ipynb")["metadata"]
    assert metadata == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }


@pytest.mark.parametrize("name", NAMES)
def test_defines_nothing_in_its_cells(name: str) -> None:
    defining = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
    for cell in cells(name, "code"):
        source = text(cell).replace("%matplotlib inline\n", "")
        found = [node for node in ast.walk(ast.parse(source)) if isinstance(node, defining)]
        assert not found, source


@pytest.mark.parametrize("name", NAMES)
def test_asks_a_question_states_a_trade_off_and_ends_with_exercises_and_sources(name: str) -> None:
    prose = [text(cell) for cell in cells(name, "markdown")]
    assert prose[0].startswith(f"# {int(name[:2])} " if name[0].isdigit() else "# ")
    assert "**The question:**" in prose[0]
    last = prose[-1]
    assert last.index("## Exercises") < last.index("## Sources")
    assert last.count("*Hint:") >= 3
    assert "trade-off" in "".join(prose) or "| buys | costs |" in "".join(prose)


@pytest.mark.parametrize("name", NAMES)
def test_the_other_parameters_of_these_tests_differ_from_all_defaults(name: str) -> None:
    defaults = parameters_of(name)
    kept = {key for key, value in defaults.items() if OTHER[name].get(key, value) == value}
    assert set(OTHER[name]) <= set(defaults)
    assert kept <= {"corpus_name", "song"}


class Executor:
    """The process that executes notebooks, see `execute`."""

    def __init__(self) -> None:
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        self._process = subprocess.Popen(
            [sys.executable, str(EXECUTE)],
            env={**os.environ, "PYTHONPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, source: Path, *runs: tuple[Path, dict[str, Any]]) -> tuple[int, str]:
        """Execute a notebook into each target, and return the exit code and the complaints.

        It runs in the folder of the first target.
        """
        asked = {
            "source": str(source),
            "folder": str(runs[0][0].parent),
            "runs": [(str(target), parameters) for target, parameters in runs],
        }
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        return answer["code"], answer["stderr"]

    def close(self) -> None:
        self._process.communicate()


@pytest.fixture(scope="module")
def executor() -> Iterator[Executor]:
    with closing(Executor()) as executor:
        yield executor


@pytest.mark.parametrize("name", NAMES)
def test_runs_headless_and_shows_pictures_sounds_and_controls(
    name: str, executor: Executor, tmp_path: Path
) -> None:
    targets = [tmp_path / "defaults.ipynb", tmp_path / "other-parameters.ipynb"]
    runs = [
        (target, {"corpus_name": "generated:3", **choice[name]})
        for target, choice in zip(targets, (SMALL, OTHER), strict=True)
    ]
    code, stderr = executor.run(ROOT / "notebooks" / f"{name}.ipynb", *runs)
    assert code == 0, stderr[-3000:]
    for target in targets:
        assert_shows_pictures_sounds_and_controls(read(target), cells(name, "code"))


def assert_shows_pictures_sounds_and_controls(
    executed: dict[str, Any], code: list[dict[str, Any]]
) -> None:
    shown = [kind for output in outputs_of(executed) for kind in output.get("data", {})]
    n_controls = sum(text(cell).count("interact(") for cell in code)
    assert n_controls >= 1
    assert shown.count("application/vnd.jupyter.widget-view+json") == n_controls
    assert shown.count("image/png") > n_controls
    has_sound = any("lessons.player" in text(cell) for cell in code)
    assert ("audio" in json.dumps(executed["cells"])) >= has_sound


def outputs_of(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        output
        for cell in notebook["cells"]
        if cell["cell_type"] == "code"
        for output in cell["outputs"]
    ]


def test_an_error_inside_a_control_fails_the_run(executor: Executor, tmp_path: Path) -> None:
    source = tmp_path / "source.ipynb"
    cell = "import textwrap\nfrom ipywidgets import interact\ninteract(textwrap.dedent, text=3);"
    source.write_text(json.dumps(one_cell(cell)), encoding="utf-8")
    code, stderr = executor.run(source, (tmp_path / "target.ipynb", {}))
    assert code != 0
    assert "TypeError: expected string" in stderr


def one_cell(source: str) -> dict[str, Any]:
    cell: dict[str, Any] = {
        "cell_type": "code", "id": "only", "metadata": {}, "source": source, "outputs": [],
        "execution_count": None,
    }  # fmt: skip
    metadata = {"kernelspec": {"name": "python3", "display_name": "x", "language": "python"}}
    return {"cells": [cell], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
