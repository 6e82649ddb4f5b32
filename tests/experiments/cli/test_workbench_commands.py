from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
import yaml

from experiments.corpora import corpus
from experiments.results.run_folder import FORMAT, RunFolder, run_folder
from experiments.sweeps.runner import sweep
from fpcore.profiles import load_profile, save_profile
from tests.experiments import small
from tests.fpcore.store.disks import small_disk

FPBENCH = "import sys; sys.argv[0] = 'fpbench'; from experiments.cli import main; main()"

HOLD = """
import sys
from experiments.results.run_folder import run_folder
with run_folder(sys.argv[1]).locked():
    print("held", flush=True)
    sys.stdin.read()
"""

EXECUTE = """
import sys
from experiments.sweeps.notebook import execute
from experiments.results.run_folder import run_folder
execute("sweep", run_folder(sys.argv[1]), {"spec": sys.argv[2], "run": sys.argv[1], "jobs": 1})
"""


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", FPBENCH, *arguments]


def environment(**changes: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.getcwd(), "COLUMNS": "200", **changes}


def fpbench(
    *arguments: str, cwd: Path | None = None, **changes: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments),
        cwd=cwd,
        env=environment(**changes),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def spec_file(workbench: Path, tmp_path: Path) -> Path:
    content = {key: value for key, value in small.CONTENT.items() if key != "name"}
    path = tmp_path / "small.yml"
    path.write_text(yaml.safe_dump(content))
    return path


def one_line(text: str) -> bool:
    return text.startswith("fpbench: ") and text.count("\n") == 1


def test_a_sweep_runs_its_notebook_and_gives_the_rows_of_a_sweep_by_hand(
    swept: RunFolder, spec_file: Path
) -> None:
    done = fpbench("sweep", str(spec_file), "--run", "by-command", "--jobs", "2")
    assert done.returncode == 0, done.stderr
    assert "4 trials done of 4" in done.stdout
    assert "fpbench:" not in done.stderr
    run = run_folder("by-command")
    assert small.rows(run) == small.rows(swept)
    notebook = json.loads((run.path / "sweep.ipynb").read_text())
    outputs = [one for cell in notebook["cells"] for one in cell.get("outputs", [])]
    assert not [one for one in outputs if one["output_type"] == "error"]
    assert any("image/png" in one.get("data", {}) for one in outputs)
    assert "t003-fanout5-qfanout15" in json.dumps(outputs)


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_or_sigterm_stops_the_kernel_and_the_same_command_goes_on(
    swept: RunFolder, spec_file: Path, tmp_path: Path, asked: signal.Signals
) -> None:
    name = "stopped" if asked == signal.SIGINT else str(tmp_path / "stopped run")
    arguments = ("sweep", str(spec_file), "--run", name, "--jobs", "2")
    run = run_folder(name)
    with subprocess.Popen(
        command(*arguments),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        while not small.written(run.path) and process.poll() is None:
            pass
        process.send_signal(asked)
        _, complaints = process.communicate()
    assert process.returncode == 130
    assert one_line(complaints)
    assert f"--run {shlex.quote(name)}` goes on" in complaints
    manifest = run.manifest()
    assert manifest.status == "interrupted"
    assert "waiting" in manifest.trials.values()
    assert run.holder() is None
    assert sweep(str(spec_file), run=name, workers=small.ONE, show=small.silent) == run
    assert small.rows(run) == small.rows(swept)


@contextmanager
def held(run: RunFolder) -> Iterator[subprocess.Popen[str]]:
    """Let another process run into a folder while inside."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(run.path)],
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_stopping_a_second_process_leaves_the_one_that_runs_alone(
    workbench: Path, spec_file: Path, tmp_path: Path
) -> None:
    run = run_folder(tmp_path / "run")
    with (
        held(run) as holder,
        subprocess.Popen(
            [sys.executable, "-c", EXECUTE, str(run.path), str(spec_file)],
            env=environment(),
            stderr=subprocess.PIPE,
            text=True,
        ) as second,
    ):
        kernels: list[psutil.Process] = []
        while not kernels and second.poll() is None:
            kernels = [
                child
                for child in psutil.Process(second.pid).children()
                if "ipykernel_launcher" in " ".join(child.cmdline())
            ]
        second.send_signal(signal.SIGTERM)
        _, complaints = second.communicate()
        assert "KeyboardInterrupt" in complaints
        assert holder.poll() is None
        assert run.holder() == holder.pid


def test_a_refused_command_leaves_the_notebook_of_the_run_alone(
    swept: RunFolder, spec_file: Path, tmp_path: Path
) -> None:
    run = RunFolder(tmp_path / "run")
    shutil.copytree(swept.path, run.path)
    notebook = run.path / "sweep.ipynb"
    notebook.write_text("finished")
    arguments = ("sweep", str(spec_file), "--run", str(run.path))
    done = fpbench(*arguments, "--set", "seed=5")
    assert done.returncode == 1
    assert one_line(done.stderr), done.stderr
    assert "seed is 0 there and 5 here" in done.stderr
    with held(run):
        done = fpbench(*arguments)
    assert done.returncode == 1
    assert one_line(done.stderr), done.stderr
    assert "is being run by another process" in done.stderr
    assert notebook.read_text() == "finished"


def test_paths_in_a_spec_are_those_of_the_folder_that_the_command_is_given_in(
    workbench: Path, tmp_path: Path
) -> None:
    shutil.copytree(corpus(small.CORPUS).root, tmp_path / "music")
    save_profile(load_profile("balanced"), tmp_path / "my.json")
    changes = {"profiles": ["./my.json"], "fingerprint": {}, "query": {}, "timed_queries": 0}
    content = {key: value for key, value in small.CONTENT.items() if key != "name"} | changes
    (tmp_path / "mine.yml").write_text(yaml.safe_dump(content))
    done = fpbench(
        "sweep", "mine.yml", "--set", "corpus=folder:music", "--run", "runs/mine", "--jobs", "1",
        cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    manifest = run_folder(tmp_path / "runs" / "mine").manifest()
    assert manifest.status == "complete"
    assert manifest.corpus == f"folder:{tmp_path / 'music'}"


@pytest.mark.parametrize("room_bytes", [30_000, 150_000])
def test_a_full_disk_stops_the_sweep_with_a_sentence_and_the_same_command_goes_on(
    room_bytes: int,
    swept: RunFolder,
    spec_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    arguments = ("sweep", str(spec_file), "--run", "full", "--jobs", "1")
    with small_disk(tmp_path / "disk", megabytes=3) as disk:
        monkeypatch.setenv("FPBENCH_RUNS", str(disk))
        free = os.statvfs(disk)
        ballast = disk / "ballast"
        ballast.write_bytes(bytes(free.f_bavail * free.f_frsize - room_bytes))
        done = fpbench(*arguments)
        assert done.returncode == 1
        assert one_line(done.stderr), done.stderr
        assert "full" in done.stderr or "no room" in done.stderr
        ballast.unlink()
        done = fpbench(*arguments)
        assert done.returncode == 0, done.stderr
        assert small.rows(run_folder("full")) == small.rows(swept)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--set", "pears=1"), "pears: is not a known key"),
        (("--set", "fingerprint.pairs.fan_out=[0]"), "trial t000-fanout0-qfanout10: fingerprint"),
        (("--corpus", "generated:3"), "too few"),
        (("--corpus", "nothing"), "no corpus 'nothing'"),
        (("--run", "a b"), "cannot name a run"),
    ],
)
def test_bad_input_is_one_sentence(
    spec_file: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    done = fpbench("sweep", str(spec_file), *arguments)
    assert done.returncode == 1
    assert done.stdout == ""
    assert one_line(done.stderr), done.stderr
    assert sentence in done.stderr


def test_an_empty_corpus_is_one_sentence(spec_file: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = fpbench("sweep", str(spec_file), "--corpus", f"folder:{tmp_path / 'empty'}")
    assert done.returncode == 1
    assert one_line(done.stderr), done.stderr


def test_a_run_folder_of_another_version_is_one_sentence(spec_file: Path) -> None:
    run = run_folder("older")
    run.path.mkdir(parents=True)
    (run.path / "manifest.json").write_text('{"format": 0}')
    for arguments in (
        ("sweep", str(spec_file), "--run", "older"),
        ("promote", "older", "--trial", "t000", "--name", "mine"),
    ):
        done = fpbench(*arguments)
        assert done.returncode == 1
        assert one_line(done.stderr), done.stderr
        assert f"format 0, this version reads {FORMAT}" in done.stderr


def test_promote_tells_accuracy_with_intervals_and_refuses_to_replace(
    swept: RunFolder, tmp_path: Path
) -> None:
    arguments = ("promote", "swept", "--trial", "t001", "--name", "mine", "--jobs", "1")
    done = fpbench(*arguments, FPCORE_PROFILES=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "pink-m5db" in done.stdout
    assert re.search(r"all: [\d.]+ \([\d.]+ to [\d.]+\) %", done.stdout)
    assert (tmp_path / "mine.json").is_file()
    again = fpbench(*arguments, FPCORE_PROFILES=str(tmp_path))
    assert again.returncode == 1
    assert one_line(again.stderr)
    assert "--force" in again.stderr


def test_tune_runs_its_notebook_and_a_failed_trial_ends_it_with_the_reason(
    spec_file: Path,
) -> None:
    # Nothing is a peak above full scale, so no candidate is ever found there.
    changes = ("--set", "fingerprint={peaks.floor_db: [-90.0, 0.0]}", "--set", "query={}")
    done = fpbench("tune", str(spec_file), "--trials", "4", "--run", "tuned-by-command", *changes)
    run = run_folder("tuned-by-command")
    manifest = run.manifest()
    assert manifest.kind == "tune"
    assert set(manifest.trials.values()) == {"done", "failed"}
    assert (run.path / "tune.ipynb").is_file()
    assert done.returncode == 1
    assert re.search(r"done of \d", done.stdout)
    assert re.search(r"fpbench: t00\d\S* failed: no decision can be fitted", done.stderr)


def test_no_summary_of_a_command_is_cut_short() -> None:
    done = fpbench("--help")
    summaries = done.stdout.partition("Commands:")[2].strip().splitlines()
    assert len(summaries) >= 14
    assert all(summary.endswith(".") and "..." not in summary for summary in summaries)


@pytest.mark.parametrize("name", ["sweep", "tune", "promote"])
def test_every_command_explains_itself(name: str) -> None:
    done = fpbench(name, "--help")
    assert done.returncode == 0
    assert "Example" in done.stdout
