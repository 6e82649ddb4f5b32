"""A tuning run that asks everything three times, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.results.run_folder import RunFolder
from experiments.sweeps.tuning import tune
from tests.experiments import small


@pytest.fixture(scope="session")
def repeated(workbench: Path) -> RunFolder:
    """A tuning run of one trial that asks everything three times."""
    spec = small.spec(repeats=3, excerpts={"indexed": 4, "left_out": 4}, timed_queries=1)
    return tune(spec, run="asked-thrice", n_trials=1, workers=small.ONE, show=small.silent)
