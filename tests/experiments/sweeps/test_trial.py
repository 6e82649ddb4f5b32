"""What a trial asks: every repeat of its spec."""

from __future__ import annotations

import pandas as pd

from experiments.results.run_folder import RunFolder

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
