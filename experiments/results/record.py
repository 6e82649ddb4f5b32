"""Record of a run in progress: its manifest, rewritten whenever something changes.

When a run ends, the statuses of its trials are read from their folders. Only one process may write
at a time; `RunFolder.locked` keeps others out, this module does not.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from experiments import provenance
from experiments.errors import RunError
from experiments.results.run_folder import Manifest, RunFolder, check_same
from experiments.results.trial_folder import TrialStatus
from experiments.specs.grid import Trial


class RunRecord:
    """The manifest of a run in progress; `recorded` makes one."""

    def __init__(self, folder: RunFolder, manifest: Manifest) -> None:
        self._folder = folder
        self._manifest = manifest
        self._write()

    def plan(self, trial: Trial) -> None:
        """Record a trial that was not planned when the run began."""
        swept = {**self._manifest.swept, trial.id: dict(trial.swept)}
        self._manifest = self._manifest.model_copy(update={"swept": swept})
        self.note(trial.id, "waiting")

    def note(self, trial_id: str, status: TrialStatus) -> None:
        """Record how a trial stands."""
        trials = {**self._manifest.trials, trial_id: status}
        self._manifest = self._manifest.model_copy(update={"trials": trials})
        self._write()

    def drop_waiting(self) -> None:
        """Forget planned trials that have neither finished nor failed."""
        statuses = self._folder.statuses(list(self._manifest.trials))
        kept = [one for one, status in statuses.items() if status != "waiting"]
        swept = {one: self._manifest.swept[one] for one in kept}
        trials = {one: statuses[one] for one in kept}
        update = {"swept": swept, "trials": trials}
        self._manifest = self._manifest.model_copy(update=update)
        self._write()

    def finish(self, *, interrupted: bool = False) -> None:
        """Record how the run ended; when it is complete, remove its scratch folder."""
        statuses = self._folder.statuses(list(self._manifest.trials))
        is_whole = all(status == "done" for status in statuses.values()) and not interrupted
        status = "complete" if is_whole else "interrupted" if interrupted else "failed"
        update = {"status": status, "trials": statuses, "finished": provenance.now()}
        self._manifest = self._manifest.model_copy(update=update)
        self._write()
        if is_whole:
            shutil.rmtree(self._folder.scratch, ignore_errors=True)

    def _write(self) -> None:
        self._folder.write_manifest(self._manifest)


def note_stopped(folder: RunFolder) -> None:
    """Record that a run was interrupted, where its process was ended before it could do so.

    Nothing is written while a process runs into the folder.
    """
    if folder.holder() is not None or not (folder.path / "manifest.json").is_file():
        return
    manifest = folder.manifest()
    if manifest.status == "running":
        RunRecord(folder, manifest).finish(interrupted=True)


def check_can_run(folder: RunFolder, wanted: Manifest) -> None:
    """Refuse a folder that cannot be run into, before anything is done there.

    Raises
    ------
    RunError
        When another process runs into it, or it holds a run that was started from something
        else.
    """
    folder.check_free()
    recorded_before(folder, wanted)


def recorded_before(folder: RunFolder, wanted: Manifest) -> Manifest | None:
    """Return the manifest that an earlier start of the run left; None when the run is new.

    Raises
    ------
    RunError
        When the folder holds a run that was started from something else, or the rows of a
        finished trial are not as they were written.
    """
    if not (folder.path / "manifest.json").is_file():
        return None
    before = folder.manifest()
    check_same(before, wanted)
    for trial_id in folder.finished(before):
        folder.trial(trial_id).check()
    return before


@contextmanager
def recorded(folder: RunFolder, wanted: Manifest) -> Iterator[RunRecord]:
    """Keep the manifest while a run goes on: how it began, how its trials stand, how it ended.

    Raises
    ------
    RunError
        When the folder holds a run that was started from something else.
    """
    before = recorded_before(folder, wanted)
    if before is not None:
        kept = {"started": before.started, "trials": before.trials, "swept": before.swept}
        wanted = wanted.model_copy(update=kept)
    record = RunRecord(folder, wanted)
    try:
        yield record
    except KeyboardInterrupt:
        record.finish(interrupted=True)
        raise
    except BaseException:
        # What ended the run may also keep its end from being recorded, as a full disk does.
        with suppress(RunError):
            record.finish(interrupted=True)
        raise
    record.finish()
