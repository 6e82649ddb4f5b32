"""Reading runs: what finished, what failed, what was swept, what cannot be read."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import pytest

from experiments.calibration.thresholds import Tail
from experiments.errors import RunError
from experiments.report import study
from experiments.results.run_folder import RunFolder
from experiments.specs.grid import expand
from tests.experiments.report import synthetic_runs


def test_a_run_gives_its_trials_with_values_decision_and_baseline(made_up: study.Study) -> None:
    assert [result.trial[:4] for result in made_up.results] == [f"t{i:03d}" for i in range(9)]
    assert made_up.swept == ("fingerprint.pairs.fan_out", "fingerprint.peaks.max_peaks_per_s")
    first = made_up.results[0]
    assert dict(first.swept) == {
        "fingerprint.pairs.fan_out": 3,
        "fingerprint.peaks.max_peaks_per_s": 5.0,
    }
    assert first.threshold == 0.62  # of decision.json, not of the profile that asked
    assert made_up.baseline == "t004-fanout5-density10"
    assert made_up.n_waiting == 0


def test_failed_and_waiting_trials_are_told_apart(tmp_path: Path) -> None:
    run = synthetic_runs.write_run(tmp_path / "run", failing=["t001-fanout3-density10"])
    (run.trial("t002-fanout3-density20").path / "done").unlink()
    found = study.load([run.path])
    assert found.failed == {"t001-fanout3-density10": "ValueError: made to fail"}
    assert found.n_waiting == 1
    assert len(found.results) == 7


def test_several_runs_keep_their_trials_apart(tmp_path: Path) -> None:
    runs = [synthetic_runs.write_run(tmp_path / name).path for name in ("one", "two")]
    found = study.load(runs)
    assert len(found.results) == 18
    assert found.results[9].key == "two/t000-fanout3-density5"
    assert found.baseline == "one/t004-fanout5-density10"
    assert study.report_folder(found).name == "one+two"


def test_several_runs_are_ranked_on_the_queries_that_all_of_them_asked(tmp_path: Path) -> None:
    """A run of clean clips alone would stand above one that was asked in noise too."""
    every = synthetic_runs.write_run(tmp_path / "every")
    clean = synthetic_runs.write_run(
        tmp_path / "clean", synthetic_runs.spec(degradations=["clean"], clip_lengths_s=[3])
    )
    found = study.load([every.path, clean.path])
    [asked] = {frozenset(result.outcomes["query"]) for result in found.results}
    assert len(asked) == 120
    assert all(query.endswith("/3s/clean") for query in asked)
    assert found.left_out == {"every": 960 - 120, "clean": 0}


def test_runs_without_a_query_in_common_are_not_ranked_together(tmp_path: Path) -> None:
    one = synthetic_runs.write_run(tmp_path / "one")
    other_music = synthetic_runs.write_run(tmp_path / "two", corpus_checksum="1" * 64)
    with pytest.raises(RunError, match="of other files in the corpus generated:24, which cannot"):
        study.load([one.path, other_music.path])
    other_condition = synthetic_runs.write_run(
        tmp_path / "three", synthetic_runs.spec(degradations=["room"])
    )
    with pytest.raises(RunError, match="one, three have no query in common"):
        study.load([one.path, other_condition.path])


def test_a_threshold_is_set_anew_for_another_rate(made_up: study.Study) -> None:
    tail = Tail(log_odds=0.5, rate=0.003)
    result = dataclasses.replace(made_up.results[0], tail=tail)
    stricter = study.at_rate(result, result.false_alarm_rate / 5)
    assert stricter.threshold > study.at_rate(result, result.false_alarm_rate * 2).threshold
    assert stricter.false_alarm_rate == result.false_alarm_rate / 5
    fixed = made_up.results[0]  # of a run that recorded no strangers
    assert study.at_rate(fixed, 0.001) is fixed


def test_a_trial_is_found_by_the_beginning_of_its_id(made_up: study.Study) -> None:
    assert made_up.trial("t003").trial == "t003-fanout5-density5"
    with pytest.raises(RunError, match="no finished trial of made-up-1 is called 't099'"):
        made_up.trial("t099")
    with pytest.raises(RunError, match="more than one finished trial"):
        made_up.trial("t00")


def test_what_gives_no_report_is_refused(tmp_path: Path, own_run: RunFolder) -> None:
    with pytest.raises(RunError, match="name at least one run"):
        study.load([])
    with pytest.raises(RunError, match="there is no run 'nothing'"):
        study.load([tmp_path / "nothing"])
    with pytest.raises(RunError, match="a run is named twice"):
        study.load([own_run.path, own_run.path])
    for trial in own_run.manifest().trials:
        (own_run.trial(trial).path / "done").unlink()
    with pytest.raises(RunError, match="no trial of made-up-1 has finished"):
        study.load([own_run.path])


def test_a_run_without_a_finished_trial_tells_why_the_first_one_failed(tmp_path: Path) -> None:
    every = [trial.id for trial in expand(synthetic_runs.spec())]
    run = synthetic_runs.write_run(tmp_path / "run", failing=every)
    why = r"no trial of run has finished \(t000-\S+ failed: ValueError: made to fail\)"
    with pytest.raises(RunError, match=why):
        study.load([run.path])


def test_the_newest_run_is_the_one_started_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FPBENCH_RUNS", os.fspath(tmp_path))
    with pytest.raises(RunError, match="there are no runs yet"):
        study.newest_run()
    for name, day in (("b", "02"), ("a", "03"), ("c", "01")):
        run = synthetic_runs.write_run(tmp_path / name)
        started = f"2025-01-{day}T00:00:00+00:00"
        run.write_manifest(run.manifest().model_copy(update={"started": started}))
    assert study.newest_run() == "a"
