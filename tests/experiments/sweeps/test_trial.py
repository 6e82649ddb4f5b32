"""What a trial asks, every repeat of its spec, and on how many threads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from experiments.results.run_folder import RunFolder, run_folder
from experiments.specs.grid import expand
from experiments.sweeps import trial as module
from experiments.sweeps.prepared import prepare
from tests.experiments import small

N_ASKED = 4 * 2 * 2
"""Four excerpts of either kind under two conditions."""

TRIAL = "t000-fanout5-qfanout15"


def _repeat_of(rows: pd.DataFrame) -> pd.Series[int]:
    """Return the number behind the ``~`` of each query, 0 without one."""
    return rows["query"].str.partition("~")[2].replace("", "0").astype(int)


def test_a_trial_asks_every_repeat_of_its_spec(repeated: RunFolder) -> None:
    trial = repeated.trial(TRIAL)
    for rows in (trial.outcomes, trial.candidates):
        assert sorted(_repeat_of(rows).unique()) == [0, 1, 2]
    assert len(trial.outcomes) == 3 * N_ASKED
    assert not trial.outcomes["query"].duplicated().any()


def test_repeats_ask_other_excerpts_of_the_same_tracks(repeated: RunFolder) -> None:
    rows = repeated.trial(TRIAL).outcomes
    repeats = [one for _, one in rows.groupby(_repeat_of(rows))]
    assert len({tuple(sorted(one["start_s"])) for one in repeats}) == 3
    assert len({tuple(sorted(one["track"].unique())) for one in repeats}) == 1


def test_linear_algebra_of_a_trial_has_one_thread(
    workbench: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    n_threads: set[int] = set()

    def note(*_: object) -> Any:
        n_threads.update(one["num_threads"] for one in threadpool_info())
        raise ValueError("that is all")

    monkeypatch.setattr(module, "judge", note)
    spec = small.spec()
    with threadpool_limits(2):
        module.run_trial(prepare(spec), expand(spec)[0], run_folder(tmp_path), pd.DataFrame(), {})
    assert n_threads == {1}
