"""``fpbench tune``: its notebook, and how it ends."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from experiments.results.run_folder import run_folder
from tests.experiments.cli.running import fpbench, fpbench_process, is_one_line


def test_tune_runs_its_notebook_and_a_failed_trial_ends_it_with_the_reason(
    spec_file: Path,
) -> None:
    # Nothing is a peak above full scale, so no candidate is ever found there.
    changes = ("--set", "fingerprint={peaks.floor_db: [-90.0, 0.0]}", "--set", "query={}")
    arguments = (
        "tune",
        spec_file,
        "--trials",
        "4",
        "--jobs",
        "1",
        "--run",
        "tuned-by-command",
        *changes,
    )
    done = fpbench_process(*arguments)
    run = run_folder("tuned-by-command")
    manifest = run.manifest()
    assert manifest.kind == "tune"
    assert set(manifest.trials.values()) == {"done", "failed"}
    assert (run.path / "tune.ipynb").is_file()
    assert done.returncode == 1
    assert re.search(r"done of \d", done.stdout)
    assert re.search(r"fpbench: t00\d\S* failed: no decision can be fitted", done.stderr)


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("--trials", "0"), 2, "Input should be greater than or equal to 1"),
        (("--sampler", "random"), 2, "--sampler"),
        (("--corpus", "generated:3"), 1, "too few"),
    ],
)
def test_what_cannot_be_tuned_is_refused_before_a_run_begins(
    spec_file: Path, arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    done = fpbench("tune", spec_file, "--run", "refused", *arguments)
    assert done.returncode == code
    assert sentence in done.stderr
    assert code == 2 or is_one_line(done.stderr)
    assert not run_folder("refused").path.exists()
