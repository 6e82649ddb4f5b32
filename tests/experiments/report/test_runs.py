"""Runs as data frames: their rows, what stands in them, and how they are shown."""

from __future__ import annotations

import pytest

import experiments
from experiments import load_runs, metrics
from experiments.errors import RunError
from experiments.report.runs import LoadedRuns, short_leaderboard
from experiments.results.run_folder import RunFolder


@pytest.fixture(scope="module")
def runs(swept: RunFolder) -> LoadedRuns:
    return load_runs(swept.path)


def test_a_leaderboard_is_a_table_for_a_paper_in_two_lines(runs: LoadedRuns) -> None:
    board = runs.leaderboard()
    assert len(board) == 4
    assert board["accuracy"].is_monotonic_decreasing
    assert r"\toprule" in board[["settings", "accuracy"]].to_latex(index=False)


def test_rows_tell_trial_values_and_what_was_accepted(runs: LoadedRuns) -> None:
    rows, board = runs.rows(), runs.leaderboard()
    assert len(rows) == sum(len(one.outcomes) for one in runs.study.results)
    for result in runs.study.results:
        own = rows[rows["trial"] == result.trial]
        share = (own["accepted"] & own["right"])[own["indexed"]].mean()
        expected = metrics.overall(result.outcomes, result.threshold).loc["accepted_right"]
        assert share == pytest.approx(expected["share"])
        assert share == pytest.approx(board.loc[result.key, "accuracy"])
        for path, one in result.swept.items():
            assert set(own[path].astype(str)) == {str(one)}


def test_trials_are_told_in_their_order_with_what_became_of_them(runs: LoadedRuns) -> None:
    trials = runs.trials()
    assert list(trials["trial"]) == [result.trial for result in runs.study.results]
    assert set(trials["status"]) == {"done"}
    assert trials.loc[3, "fingerprint.pairs.fan_out"] == 5


def test_a_short_leaderboard_has_the_baseline_in_any_case(
    runs: LoadedRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("experiments.report.runs.SHOWN_TRIALS", 1)
    board = runs.leaderboard()
    short = short_leaderboard(board)
    assert runs.study.baseline in set(short["trial"])
    assert 1 <= len(short) <= 1 + (board["baseline"] | board["recommended"]).sum()
    assert "baseline" in " ".join(short[""])


def test_a_notebook_shows_runs_as_their_leaderboard(runs: LoadedRuns) -> None:
    assert repr(runs) == "<Runs swept: 4 finished trials>"
    assert "t003-fanout5-qfanout15" in runs._repr_html_()


def test_what_is_no_run_is_told(workbench: object) -> None:
    with pytest.raises(RunError, match="there is no run 'nothing'"):
        load_runs("nothing")
    with pytest.raises(RunError, match="name at least one run"):
        load_runs()
    with pytest.raises(AttributeError, match="no attribute 'load_run'"):
        _ = experiments.load_run
