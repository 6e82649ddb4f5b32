"""Tuning: what is tried, how it goes on, and what it refuses."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.errors import RunError
from experiments.results.run_folder import run_folder
from experiments.specs.grid import expand
from experiments.sweeps.tuning import objectives, tune
from tests import warm
from tests.experiments import small
from tests.experiments.waiting import wait_until

KILLED = """
import os, signal, sys
from experiments.sweeps.tuning import tune
from tests.experiments import small

def kill_after(step):
    if step.n_done == 2:
        os.kill(os.getpid(), signal.SIGKILL)

tune(small.spec(), run=sys.argv[1], n_trials=3, workers=small.ONE, show=kill_after)
"""

TUNE = """
import sys
from experiments.sweeps.tuning import tune
from tests.experiments import small
tune(small.spec(), run=sys.argv[1], n_trials=2, workers=small.ONE, show=small.silent)
"""


def test_tuning_tries_the_baseline_first_and_stays_within_the_grids(workbench: Path) -> None:
    spec = small.spec()
    run = tune(spec, run="tuned", n_trials=3, workers=small.ONE, show=small.silent)
    manifest = run.manifest()
    assert manifest.kind == "tune"
    assert manifest.status == "complete"
    assert manifest.baseline == next(iter(manifest.trials)) == "t000-fanout5-qfanout15"
    allowed = [dict(trial.swept) for trial in expand(spec)]
    assert manifest.swept
    assert all(swept in allowed for swept in manifest.swept.values())
    for trial in manifest.trials:
        accuracy, bytes_per_hour, query_s = objectives(run, trial)
        assert 0 <= accuracy <= 1
        assert bytes_per_hour > 0
        assert query_s > 0


def test_a_killed_study_goes_on_with_what_it_had(workbench: Path) -> None:
    died = subprocess.run(
        [warm.python(), "-c", KILLED, "tune-killed"],
        env={**os.environ, "PYTHONPATH": os.getcwd()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert died.returncode == -signal.SIGKILL, died.stderr
    run = run_folder("tune-killed")
    kept = {path.name: (path / "done").stat().st_ino for path in small.written(run.path)}
    assert kept
    tune(small.spec(), run=run.path, n_trials=3, workers=small.ONE, show=small.silent)
    after = {path.name: (path / "done").stat().st_ino for path in small.written(run.path)}
    assert kept.items() <= after.items()
    assert run.manifest().status == "complete"


def test_a_baseline_that_was_interrupted_is_taken_up_again(workbench: Path) -> None:
    run = run_folder("tune-interrupted")
    with subprocess.Popen(
        [sys.executable, "-c", TUNE, run.name],
        env={**os.environ, "PYTHONPATH": os.getcwd()},
        text=True,
    ) as process:
        wait_until(
            lambda: (run.path / "manifest.json").is_file() and run.manifest().trials, process
        )
        process.kill()
    assert run.manifest().trials == {"t000-fanout5-qfanout15": "waiting"}
    tune(small.spec(), run=run.path, n_trials=2, workers=small.ONE, show=small.silent)
    manifest = run.manifest()
    assert manifest.status == "complete"
    assert manifest.baseline == next(iter(manifest.trials))
    assert set(manifest.trials.values()) == {"done"}


def test_a_study_that_is_extended_draws_other_choices(workbench: Path) -> None:
    spec = small.spec(fingerprint={}, query={"fan_out": list(range(5, 30))})
    for n_trials in (3, 5):
        tune(spec, run="extended", n_trials=n_trials, workers=small.ONE, show=small.silent)
    tried = list(run_folder("extended").manifest().swept.values())
    assert len(tried) == 5


def test_an_unknown_sampler_and_no_times_to_weigh_are_refused(workbench: Path) -> None:
    with pytest.raises(RunError, match="sampler tpe or nsga2"):
        tune(small.spec(), run="none", sampler="random")  # type: ignore[arg-type]
    with pytest.raises(RunError, match="timed_queries"):
        tune(small.spec(timed_queries=0), run="none-timed", show=small.silent)
