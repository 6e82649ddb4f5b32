"""Fixtures of the workbench's tests: a small corpus of their own, and a finished sweep."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from experiments.corpora import corpus
from experiments.results.run_folder import RunFolder
from experiments.sweeps.runner import sweep
from tests.experiments import small


@pytest.fixture(scope="session")
def workbench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Folder of corpora, caches and runs, named in the environment for other processes too."""
    folder = tmp_path_factory.mktemp("workbench")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FPBENCH_CACHE", str(folder / "cache"))
        patch.setenv("FPBENCH_RUNS", str(folder / "runs"))
        corpus(small.CORPUS)
        yield folder


@pytest.fixture(scope="session")
def swept(workbench: Path) -> RunFolder:
    """A sweep of four trials that ran in one go."""
    return sweep(small.spec(), run="swept", workers=small.ONE, show=small.silent)


@pytest.fixture(scope="session")
def real_run(workbench: Path, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A sweep of two trials, some of whose queries are not recognised, alone in its folder."""
    run = tmp_path_factory.mktemp("runs") / "small-1"
    return sweep(small.WITH_FAILURES, run=run, workers=small.ONE, show=small.silent)
