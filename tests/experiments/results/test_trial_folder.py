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
    names = sorted(path.name for path in trial.path.iterdir())
    assert names == ["checksums.json", "done", "first"]
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


def _filled(folder: Path) -> TrialFolder:
    trial = TrialFolder(folder)
    with trial.filled() as part:
        for name in ("outcomes.csv", "candidates.csv", "timings.csv"):
            (part / name).write_text(f"query,n\n{folder.name},1\nb,2\n")
        (part / "index.json").write_text("{}")
    return trial


@pytest.mark.parametrize("table", ["outcomes", "candidates", "timings"])
@pytest.mark.parametrize("damage", ["half its lines", "a flipped bit", "another trial's", "gone"])
def test_rows_that_are_not_as_they_were_written_are_refused(
    tmp_path: Path, table: str, damage: str
) -> None:
    trial, other = _filled(tmp_path / "t000"), _filled(tmp_path / "t001")
    assert len(getattr(trial, table)) == 2
    trial.check()
    file = trial.path / f"{table}.csv"
    content = file.read_bytes()
    if damage == "half its lines":
        file.write_bytes(content[: content.index(b"b,")])
    elif damage == "a flipped bit":
        file.write_bytes(content.replace(b"2", b"3"))
    elif damage == "another trial's":
        file.write_bytes((other.path / file.name).read_bytes())
    else:
        file.unlink()
    sentence = rf"{table}\.csv( is not as it was written: remove the folder|: No such file)"
    for read in (lambda: getattr(trial, table), trial.check):
        with pytest.raises(RunError, match=sentence):
            read()
    other.check()


def test_a_folder_that_is_another_trials_is_refused(tmp_path: Path) -> None:
    _filled(tmp_path / "t000").path.rename(tmp_path / "t001")
    with pytest.raises(RunError, match=r"checksums\.json is of the trial t000: remove the folder"):
        _ = TrialFolder(tmp_path / "t001").outcomes


def test_damaged_checksums_are_refused_and_none_are_taken_for_an_older_version(
    tmp_path: Path,
) -> None:
    trial = _filled(tmp_path / "t000")
    assert trial.has_checksums
    (trial.path / "checksums.json").write_text('{"trial": "t000"')
    with pytest.raises(RunError, match=r"checksums\.json is not as it was written"):
        trial.check()
    (trial.path / "checksums.json").unlink()
    trial.check()
    assert not trial.has_checksums
    assert len(trial.outcomes) == 2
