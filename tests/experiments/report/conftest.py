"""A made-up run and its study, written and read once; a test that changes one takes a copy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from experiments.report import study, tables
from experiments.results.run_folder import RunFolder
from tests.experiments.report import synthetic_runs


@pytest.fixture(scope="session")
def made_up_run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run of nine made-up trials, which no test may change."""
    return synthetic_runs.write_run(tmp_path_factory.mktemp("runs") / "made-up-1")


@pytest.fixture
def own_run(made_up_run: RunFolder, tmp_path: Path) -> RunFolder:
    """A copy of the made-up run, which a test may change."""
    return RunFolder(Path(shutil.copytree(made_up_run.path, tmp_path / made_up_run.name)))


@pytest.fixture(scope="session")
def made_up(made_up_run: RunFolder) -> study.Study:
    """The study of the made-up run."""
    return study.load([made_up_run.path])


@pytest.fixture(scope="session")
def board(made_up: study.Study) -> pd.DataFrame:
    """The leaderboard of the made-up run."""
    return tables.leaderboard(made_up)
