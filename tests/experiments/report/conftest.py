"""A small real run, made once, and folders of made-up ones."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from experiments.progress import silent
from experiments.report import study
from experiments.results.run_folder import RunFolder
from experiments.sweeps.runner import sweep
from experiments.workers import Workers
from tests.experiments.report import synthetic_runs

SMALL = {
    "name": "small",
    "question": "Does a wider fan pay?",
    "corpus": "generated:12",
    "profiles": ["balanced"],
    # Under the hiss some are not recognised, so that there are failures to explain.
    "degradations": ["clean", {"name": "hiss", "chain": [{"kind": "white", "snr_db": -20}]}],
    "clip_lengths_s": [3],
    "fingerprint": {"pairs.fan_out": [1, 5]},
    "excerpts": {"indexed": 8, "left_out": 8},
    "left_out_share": 0.34,
    "timed_queries": 4,
}


@pytest.fixture(scope="session")
def real_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunFolder]:
    """Return a finished run of real queries on twelve generated songs."""
    with pytest.MonkeyPatch.context() as patch:
        if "FPBENCH_CACHE" not in os.environ:
            patch.setenv("FPBENCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        run = tmp_path_factory.mktemp("runs") / "small-1"
        yield sweep(SMALL, run=run, workers=Workers(1), show=silent)


@pytest.fixture
def made_up_run(tmp_path: Path) -> RunFolder:
    """Return a run of nine made-up trials."""
    return synthetic_runs.write_run(tmp_path / "made-up-1")


@pytest.fixture
def made_up(made_up_run: RunFolder) -> study.Study:
    """Return the study of a made-up run."""
    return study.load([made_up_run.path])
