"""``fpbench sweep``: its notebook, how it ends and goes on, and what it refuses."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
import yaml

from experiments.corpora import corpus
from experiments.results.run_folder import FORMAT, RunFolder, run_folder
from experiments.sweeps.runner import sweep
from fpcore.profiles import load_profile, save_profile
from tests.experiments import small
from tests.experiments.cli.running import (
    command,
    environment,
    fpbench,
    fpbench_process,
    is_one_line,
)
from tests.experiments.holding import held
from tests.experiments.waiting import wait_until
from tests.fpcore.store.disks import small_disk


def test_a_sweep_runs_its_notebook_and_gives_the_rows_of_a_sweep_by_hand(
    swept: RunFolder, spec_file: Path
) -> None:
    done = fpbench_process("sweep", str(spec_file), "--run", "by-command", "--jobs", "2")
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
        wait_until(lambda: small.written(run.path), process)
        process.send_signal(asked)
        _, complaints = process.communicate()
    assert process.returncode == 130
    assert is_one_line(complaints)
    assert f"--run {shlex.quote(name)}` goes on" in complaints
    manifest = run.manifest()
    assert manifest.status == "interrupted"
    assert "waiting" in manifest.trials.values()
    assert run.holder() is None
    assert sweep(str(spec_file), run=name, workers=small.ONE, show=small.silent) == run
    assert small.rows(run) == small.rows(swept)


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
    assert is_one_line(done.stderr), done.stderr
    assert "seed is 0 there and 5 here" in done.stderr
    with held(run):
        done = fpbench(*arguments)
    assert done.returncode == 1
    assert is_one_line(done.stderr), done.stderr
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
    done = fpbench_process(
        "sweep", "mine.yml", "--set", "corpus=folder:music", "--run", "runs/mine", "--jobs", "1",
        cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    manifest = run_folder(tmp_path / "runs" / "mine").manifest()
    assert manifest.status == "complete"
    assert manifest.corpus == f"folder:{tmp_path / 'music'}"


@pytest.mark.parametrize("room_bytes", [30_000, 150_000])
def test_a_full_disk_stops_the_sweep_with_a_sentence_and_the_same_sweep_goes_on(
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
        done = fpbench_process(*arguments)
        assert done.returncode == 1
        assert is_one_line(done.stderr), done.stderr
        assert "full" in done.stderr or "no room" in done.stderr
        ballast.unlink()
        run = sweep(str(spec_file), run="full", workers=small.ONE, show=small.silent)
        assert small.rows(run) == small.rows(swept)


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
    assert is_one_line(done.stderr), done.stderr
    assert sentence in done.stderr


def test_an_empty_corpus_is_one_sentence(spec_file: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = fpbench("sweep", str(spec_file), "--corpus", f"folder:{tmp_path / 'empty'}")
    assert done.returncode == 1
    assert is_one_line(done.stderr), done.stderr


def test_a_run_folder_of_another_version_is_one_sentence(spec_file: Path) -> None:
    run = run_folder("older")
    run.path.mkdir(parents=True)
    (run.path / "manifest.json").write_text('{"format": 0}')
    done = fpbench("sweep", spec_file, "--run", "older")
    assert done.returncode == 1
    assert is_one_line(done.stderr), done.stderr
    assert f"format 0, this version reads {FORMAT}" in done.stderr
