"""``fpbench report`` and ``fpbench compare`` on a real run."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from experiments.results.run_folder import RunFolder
from tests.experiments.cli.running import fpbench, fpbench_process


def test_report_command_writes_page_table_figures_and_notebook(
    real_run: RunFolder, tmp_path: Path
) -> None:
    done = fpbench_process("report", real_run.path, "--out", tmp_path / "there", "--failures", 1,
                           "--json")  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert "of the queries of indexed songs" in told["verdict"]
    assert sum(row["recommended"] for row in told["leaderboard"]) == 1
    for name in ("report.html", "leaderboard.csv", "report.ipynb"):
        assert str(tmp_path / "there" / name) in told["files"]
        assert (tmp_path / "there" / name).is_file()
    assert list((tmp_path / "there" / "figures").glob("failure-*.png"))


def test_compare_command_answers_in_words_and_in_json(real_run: RunFolder) -> None:
    run = real_run.path
    arguments = ("compare", run, run, "--trial-a", "t000", "--trial-b", "t001")
    done = fpbench(*arguments)
    assert done.returncode == 0
    assert "exact McNemar p" in done.stdout
    done = fpbench(*arguments, "--json")
    document = json.loads(done.stdout)
    assert done.returncode == 0
    found = document["metrics"]["accepted_right"]
    assert found["n"] == found["both"] + found["only_a"] + found["only_b"] + found["neither"] == 16
    assert document["verdict"]
    assert document["b"]["trial"].startswith("t001")


def test_unknown_runs_and_trials_are_one_sentence(real_run: RunFolder, tmp_path: Path) -> None:
    done = fpbench("report", tmp_path / "nothing")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("fpbench: there is no run 'nothing'")
    assert len(done.stderr.splitlines()) == 1
    done = fpbench("compare", real_run.path, real_run.path, "--trial-a", "t9")
    assert done.returncode == 1
    assert "no finished trial of small-1 is called 't9'" in done.stderr


@pytest.mark.parametrize("command", ["report", "compare", "promote"])
def test_damaged_rows_are_refused_in_one_sentence(
    real_run: RunFolder, tmp_path: Path, command: str
) -> None:
    run = RunFolder(shutil.copytree(real_run.path, tmp_path / "run"))
    rows = next(run.trials.iterdir()) / "outcomes.csv"
    lines = rows.read_bytes().splitlines(keepends=True)
    rows.write_bytes(b"".join(lines[: len(lines) // 2]))
    trial = rows.parent.name
    rest = {"compare": [run.path], "promote": ["--trial", trial, "--name", "mine"]}
    done = fpbench(command, run.path, *rest.get(command, []))
    assert done.returncode == 1
    assert f"{trial}/outcomes.csv is not as it was written: remove the folder" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_run_without_checksums_is_compared_and_that_is_told(
    real_run: RunFolder, tmp_path: Path
) -> None:
    run = RunFolder(shutil.copytree(real_run.path, tmp_path / "old"))
    for file in run.trials.glob("*/checksums.json"):
        file.unlink()
    done = fpbench("compare", run.path, run.path)
    assert done.returncode == 0
    assert done.stderr.count("the run 'old' was made before rows had checksums") == 1
