"""Fixtures of the workbench's tests: a small corpus of their own, and a finished sweep."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from experiments.results.run_folder import RunFolder
from experiments.sweeps.runner import sweep
from tests import songs
from tests.experiments import small
from tests.once import made_once


@pytest.fixture(scope="session")
def workbench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Folder of corpora, caches and runs, named in the environment for other processes too.

    What is in the cache of stages is found by content and never changed, so that all processes of
    the tests share it.
    """
    folder = tmp_path_factory.mktemp("workbench")
    with pytest.MonkeyPatch.context() as patch:
        shutil.copytree(songs.prepared(tmp_path_factory), folder / "cache" / "corpora")
        stages = made_once(tmp_path_factory, "workbench-stages", lambda _: None)
        (folder / "cache" / "stages").symlink_to(stages)
        patch.setenv("FPBENCH_CACHE", str(folder / "cache"))
        patch.setenv("FPBENCH_RUNS", str(folder / "runs"))
        yield folder


@pytest.fixture(scope="session")
def swept(workbench: Path, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A sweep of four trials that ran in one go."""

    def make(folder: Path) -> None:
        sweep(small.spec(), run=folder / "swept", workers=small.ONE, show=small.silent)

    made = made_once(tmp_path_factory, "workbench-swept", make) / "swept"
    return RunFolder(Path(shutil.copytree(made, workbench / "runs" / "swept")))


@pytest.fixture(scope="session")
def real_run(workbench: Path, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A sweep of two trials, some of whose queries are not recognised, alone in its folder."""

    def make(folder: Path) -> None:
        sweep(small.WITH_FAILURES, run=folder / "small-1", workers=small.ONE, show=small.silent)

    made = made_once(tmp_path_factory, "workbench-failures", make)
    run = tmp_path_factory.mktemp("runs") / "small-1"
    return RunFolder(Path(shutil.copytree(made / "small-1", run)))
