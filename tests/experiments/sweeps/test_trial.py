"""What a trial asks: every repeat of a spec is asked, tuned with and promoted."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from experiments.results.run_folder import RunFolder
from experiments.sweeps.promotion import promote
from experiments.sweeps.tuning import tune
from tests.experiments import small

N_ASKED = 8 * 2 * 2
"""Eight excerpts of either kind under two conditions."""

TRIAL = "t000-fanout5-qfanout15"


@pytest.fixture(scope="module")
def repeated(workbench: Path) -> RunFolder:
    """A tuning run of one trial that asks everything three times."""
    return tune(
        small.spec(repeats=3), run="asked-thrice", n_trials=1, workers=small.ONE, show=small.silent
    )


def _repeat_of(rows: pd.DataFrame) -> pd.Series:
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


def test_promotion_asks_the_test_tracks_as_often_as_the_sweep_its_own(
    repeated: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FPCORE_PROFILES", str(tmp_path / "profiles"))
    profile, _ = promote(repeated.path, TRIAL, name="mine", n_jobs=1)
    assert profile.provenance is not None
    assert profile.provenance["n_queries"] == 3 * N_ASKED
    assert profile.provenance["seeds"] == {"seed": repeated.manifest().seed, "repeats": 3}
