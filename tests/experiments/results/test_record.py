"""The manifest of a run while it goes on: how it begins, goes on and ends."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from experiments.errors import RunError
from experiments.results.record import (
    RunRecord,
    check_can_run,
    note_stopped,
    recorded,
    recorded_before,
)
from experiments.results.run_folder import Manifest, RunFolder
from experiments.specs.grid import Trial, expand
from tests.experiments import small
from tests.experiments.holding import held

SPEC = small.spec()
TRIALS = expand(SPEC)


def manifest_of(run: RunFolder, trials: list[Trial], **changes: object) -> Manifest:
    """Return the manifest of a run that has not begun."""
    first = Manifest(
        run=run.name,
        spec=SPEC,
        seed=0,
        corpus=small.CORPUS,
        corpus_checksum="0" * 64,
        split_sizes={},
        baseline=None,
        versions={"numpy": "2.0"},
        git_commit=None,
        host={},
        n_jobs=1,
        started="2025-01-01T10:00:00+00:00",
        swept={trial.id: dict(trial.swept) for trial in trials},
        trials={trial.id: "waiting" for trial in trials},
    )
    return first.model_copy(update=changes)


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path / "run")


def finish(run: RunFolder, trial: Trial, *, failing: bool = False) -> None:
    """Let a trial's folder say that it is done, or failed."""
    with run.trial(trial.id).filled() as folder:
        (folder / ("error.txt" if failing else "outcomes.csv")).write_text("made up\n")


def test_what_is_recorded_is_on_the_disk_at_once(run: RunFolder) -> None:
    record = RunRecord(run, manifest_of(run, TRIALS[:1]))
    assert run.manifest().status == "running"
    record.note(TRIALS[0].id, "done")
    assert run.manifest().trials == {TRIALS[0].id: "done"}
    record.plan(TRIALS[1])
    assert run.manifest().trials == {TRIALS[0].id: "done", TRIALS[1].id: "waiting"}
    assert run.manifest().swept[TRIALS[1].id] == dict(TRIALS[1].swept)


@pytest.mark.parametrize(("failing", "status"), [(False, "complete"), (True, "failed")])
def test_a_run_ends_as_its_trials_did_and_keeps_its_indexes_unless_all_are_done(
    run: RunFolder, failing: bool, status: str
) -> None:
    with recorded(run, manifest_of(run, TRIALS[:2])):
        run.scratch.mkdir()
        finish(run, TRIALS[0])
        finish(run, TRIALS[1], failing=failing)
    manifest = run.manifest()
    assert manifest.status == status
    assert list(manifest.trials.values()) == ["done", "failed" if failing else "done"]
    assert manifest.finished is not None
    assert run.scratch.exists() == failing


@pytest.mark.parametrize("error", [KeyboardInterrupt, RunError, SystemExit])
def test_a_run_that_is_ended_early_says_so_and_passes_the_reason_on(
    run: RunFolder, error: type[BaseException]
) -> None:
    with pytest.raises(error), recorded(run, manifest_of(run, TRIALS[:2])):
        finish(run, TRIALS[0])
        raise error
    assert run.manifest().status == "interrupted"
    assert list(run.manifest().trials.values()) == ["done", "waiting"]


def test_planned_trials_that_never_ran_are_forgotten_on_request(run: RunFolder) -> None:
    record = RunRecord(run, manifest_of(run, TRIALS[:3]))
    finish(run, TRIALS[0])
    finish(run, TRIALS[2], failing=True)
    record.drop_waiting()
    assert run.manifest().trials == {TRIALS[0].id: "done", TRIALS[2].id: "failed"}
    assert list(run.manifest().swept) == [TRIALS[0].id, TRIALS[2].id]


def test_going_on_keeps_when_it_began_and_what_was_recorded_of_trials(run: RunFolder) -> None:
    with pytest.raises(KeyboardInterrupt), recorded(run, manifest_of(run, TRIALS)) as record:
        record.note(TRIALS[0].id, "done")
        finish(run, TRIALS[0])
        raise KeyboardInterrupt
    later = manifest_of(run, TRIALS, started="2025-01-02T10:00:00+00:00", n_jobs=7)
    with recorded(run, later):
        assert run.manifest().started == "2025-01-01T10:00:00+00:00"
        assert (run.manifest().n_jobs, run.manifest().status) == (7, "running")
        assert run.manifest().trials[TRIALS[0].id] == "done"


def test_a_folder_of_something_else_is_refused_before_anything_is_written(run: RunFolder) -> None:
    assert recorded_before(run, manifest_of(run, TRIALS)) is None
    run.write_manifest(manifest_of(run, TRIALS))
    other = manifest_of(run, TRIALS, corpus_checksum="1" * 64)
    with pytest.raises(RunError, match="the corpus has other files"), recorded(run, other):
        pass
    assert run.manifest() == manifest_of(run, TRIALS)
    assert recorded_before(run, manifest_of(run, TRIALS)) == run.manifest()


def test_a_folder_that_another_process_runs_into_is_refused(run: RunFolder) -> None:
    check_can_run(run, manifest_of(run, TRIALS))
    with held(run), pytest.raises(RunError, match="is being run by another process"):
        check_can_run(run, manifest_of(run, TRIALS))


def test_a_run_whose_process_was_killed_is_noted_as_interrupted_once_nobody_runs(
    swept: RunFolder, tmp_path: Path
) -> None:
    run = RunFolder(tmp_path / "killed")
    note_stopped(run)
    assert not run.path.exists()
    shutil.copytree(swept.path, run.path)
    run.write_manifest(swept.manifest().model_copy(update={"status": "running"}))
    with run.locked():
        note_stopped(run)
        assert run.manifest().status == "running"
    note_stopped(run)
    assert run.manifest().status == "interrupted"
    note_stopped(swept)
    assert swept.manifest().status == "complete"
