"""Trial folders: whole or not there, and what is read from them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from experiments.errors import RunError
from experiments.results.trial_folder import TrialFolder
from fpcore.config import Decision
from fpcore.errors import FpError
from fpcore.profiles import load_profile, save_profile


def test_a_trial_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    trial = TrialFolder(tmp_path / "trials" / "t000")
    with pytest.raises(ValueError, match="stop"), trial.filled() as folder:
        (folder / "outcomes.csv").touch()
        raise ValueError("stop")
    assert trial.status == "waiting"
    assert list((tmp_path / "trials").iterdir()) == []
    with trial.filled() as folder:
        (folder / "error.txt").write_text("it failed\n")
    assert (trial.status, trial.error) == ("failed", "it failed")
    with trial.filled() as folder:
        (folder / "outcomes.csv").touch()
    assert (trial.status, trial.error) == ("done", "")


def test_of_two_that_fill_the_same_trial_the_first_that_is_done_counts(tmp_path: Path) -> None:
    trial = TrialFolder(tmp_path / "trials" / "t000")
    with trial.filled() as second:
        (second / "second").touch()
        with trial.filled() as first:
            (first / "first").touch()
    assert sorted(path.name for path in trial.path.iterdir()) == ["done", "first"]
    assert [path.name for path in (tmp_path / "trials").iterdir()] == ["t000"]


def test_costs_that_were_not_measured_are_nan(tmp_path: Path) -> None:
    (tmp_path / "index.json").write_text(json.dumps({"build_s": None, "n_songs": 3}))
    costs = TrialFolder(tmp_path).index
    assert costs["n_songs"] == 3
    assert costs["build_s"] != costs["build_s"]


def test_profile_and_decision_are_those_of_their_files(tmp_path: Path) -> None:
    profile = load_profile("balanced")
    save_profile(profile, tmp_path / "profile.json")
    decision = Decision(intercept=-1.0, weights={"log_votes": 0.1 + 0.2}, threshold=0.9)
    (tmp_path / "decision.json").write_text(decision.model_dump_json())
    trial = TrialFolder(tmp_path)
    assert (trial.profile, trial.decision) == (profile, decision)


def test_a_file_that_is_missing_or_damaged_is_one_sentence(tmp_path: Path) -> None:
    trial = TrialFolder(tmp_path)
    for read in (lambda: trial.decision, lambda: trial.index, lambda: trial.outcomes):
        with pytest.raises(RunError, match=r"^cannot read \S+: No such file or directory$"):
            read()
    (tmp_path / "decision.json").write_text("{")
    with pytest.raises(FpError, match=r"decision\.json"):
        _ = trial.decision


def test_a_trial_that_is_done_has_no_error(tmp_path: Path) -> None:
    assert (TrialFolder(tmp_path).status, TrialFolder(tmp_path).error) == ("waiting", "")
    (tmp_path / "done").touch()
    (tmp_path / "index.json").write_text(json.dumps({"build_s": 1.5}))
    assert (TrialFolder(tmp_path).status, TrialFolder(tmp_path).error) == ("done", "")
    assert TrialFolder(tmp_path).index == {"build_s": 1.5}
