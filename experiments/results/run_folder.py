"""Run folders: each holds all that one sweep was, did and found.

::

    runs/<run>/manifest.json      what was run, on what, with which versions, and how far it is
               progress.json      how far the work is right now; for progress bars only
               sweep.ipynb        the executed notebook
               trials/<trial>/    one folder a trial, see below
               scratch/           indexes while they are needed; removed when a run completes

    trials/<trial>/profile.json   the profile that was asked with
                   decision.json  fitted on all calibration rows of the trial
                   outcomes.csv   a row per query, without times; sorted by query
                   candidates.csv a row per query and song, with the evidence
                   strangers.csv  a row per answer to a stranger, which the threshold rests on
                   timings.csv    seconds of some queries, stage by stage, without any cache
                   index.json     size and cost of the index
                   checksums.json of the files above; read files must have them
                   error.txt      why the trial failed; then there is nothing else
                   done           last: the trial is finished

A trial's folder is filled under another name and then renamed, so a killed run leaves only whole
trials, and the next start goes on with the others. A manifest states its own checksum. Floats
are written so that they read back the same. Times of day are in UTC.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from experiments.errors import RunError
from experiments.files import writing
from experiments.folders import runs_folder
from experiments.results.trial_folder import TrialFolder, TrialStatus
from experiments.specs.spec import SweepSpec
from fpcore.atomic import write_text
from fpcore.config import Strict, diff

FORMAT = 3
"""Raised when run folders of older versions can no longer be read."""

_LONG = 60
"""Values with more characters than this are not repeated in a sentence."""

Status = Literal["running", "complete", "failed", "interrupted"]


class RecordingsAsked(Strict):
    """Recordings of a run: a checksum of all that the rows of each depend on, by its query's id.

    ``conditions`` are those that they have in the rows, sorted. ``n_listed`` counts the rows of
    their list, also those that cannot be asked.
    """

    asked: dict[str, str]
    conditions: tuple[str, ...]
    n_listed: int


class Manifest(Strict):
    """The description of a run: what was run, on what, and how far it is.

    ``spec`` is complete, with the profiles and degradations that it names. ``swept`` and
    ``trials`` map the ids of trials to the values that distinguish each and to its status.
    ``source_checksums`` are of the audio that degradations draw from, by its name; None in runs
    that did not record them. ``recordings`` is None, and left out of the file, in runs of a spec
    that names none.
    """

    format: int = FORMAT
    run: str
    kind: Literal["sweep", "tune"] = "sweep"
    spec: SweepSpec
    settings: dict[str, Any] = Field(default_factory=dict)
    seed: int
    corpus: str
    corpus_checksum: str
    source_checksums: dict[str, str] | None = None
    recordings: RecordingsAsked | None = Field(default=None, exclude_if=lambda one: one is None)
    split_sizes: dict[str, int]
    baseline: str | None
    versions: dict[str, str]
    git_commit: str | None
    host: dict[str, Any]
    n_jobs: int
    started: str
    finished: str | None = None
    status: Status = "running"
    swept: dict[str, dict[str, Any]]
    trials: dict[str, TrialStatus]

    @property
    def recorded_conditions(self) -> tuple[str, ...]:
        """Names of the conditions that recordings have."""
        return self.recordings.conditions if self.recordings else ()


@dataclass(frozen=True)
class RunFolder:
    """The folder of one run, and what can be read in it."""

    path: Path

    @property
    def name(self) -> str:
        """What the run is called."""
        return self.path.name

    def manifest(self) -> Manifest:
        """Return the manifest.

        Raises
        ------
        RunError
            When there is none, or it is of another version of the format.
        """
        file = self.path / "manifest.json"
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
            version = content.get("format")
        except OSError as error:
            raise RunError(
                f"there is no run {self.name!r} ({file}: {error.strerror}): the runs at hand are "
                f"{', '.join(run_names(self.path.parent)) or 'none'}"
            ) from None
        except (ValueError, AttributeError):
            raise RunError(f"{file} is damaged: remove the folder and run it again") from None
        if version != FORMAT:
            raise RunError(
                f"{self.path} was written in format {version}, this version reads {FORMAT}: use "
                "the version that wrote it, or run again under another name (--run)"
            )
        stated = content.pop("checksum", None)  # manifests of before have none
        if stated is not None and stated != _checksum(content):
            raise RunError(
                f"{file} is not as it was written: remove the folder and run it again, or put back "
                "a good copy of the file"
            )
        try:
            return Manifest.model_validate(content)
        except ValidationError as error:
            fault = error.errors()[0]
            key = ".".join(str(part) for part in fault["loc"])
            raise RunError(f"{file} is damaged at {key}: {fault['msg']}") from None

    def write_manifest(self, manifest: Manifest) -> None:
        """Replace the manifest, whole or not at all."""
        content = manifest.model_dump(mode="json")
        text = json.dumps({**content, "checksum": _checksum(content)}, indent=1) + "\n"
        with writing(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
            write_text(self.path / "manifest.json", text, durable=True)

    @property
    def scratch(self) -> Path:
        """Folder for what is needed only while the run goes on."""
        return self.path / "scratch"

    @property
    def trials(self) -> Path:
        """Folder of the trials' folders."""
        return self.path / "trials"

    def trial(self, trial_id: str) -> TrialFolder:
        """Return the folder of a trial, which need not exist."""
        return TrialFolder(self.trials / trial_id)

    def statuses(self, trial_ids: list[str]) -> dict[str, TrialStatus]:
        """Return how each trial stands, as its folder says."""
        return {trial_id: self.trial(trial_id).status for trial_id in trial_ids}

    def finished(self, manifest: Manifest) -> list[str]:
        """Return the trials of its manifest that are done, as their folders say."""
        return [
            one for one, status in self.statuses(list(manifest.trials)).items() if status == "done"
        ]

    def unchecked(self, manifest: Manifest) -> list[str]:
        """Return those of the finished trials that have no checksums, so that damage is unseen."""
        return [one for one in self.finished(manifest) if not self.trial(one).has_checksums]

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from running into this folder; a killed one frees it.

        The file ``lock`` holds the id of the process.

        Raises
        ------
        RunError
            When another process holds it.
        """
        with writing(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise self._held() from None
            os.truncate(handle, 0)
            os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
            yield
            os.truncate(handle, 0)
        finally:
            os.close(handle)

    def check_free(self) -> None:
        """Refuse a folder that another process runs into.

        Raises
        ------
        RunError
            When one does.
        """
        if self.holder() is not None:
            raise self._held()

    def _held(self) -> RunError:
        return RunError(
            f"the run {self.name!r} is being run by another process: wait for it, or take "
            "another name (--run)"
        )

    def holder(self) -> int | None:
        """Return the id of the process that runs into this folder, if one does."""
        try:
            with (self.path / "lock").open() as stream:
                text = stream.read().strip()
                fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(text) if text else None
        except OSError:
            return None
        return None


def _checksum(content: Mapping[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def run_names(folder: Path | None = None) -> list[str]:
    """Return the names of the runs at hand, sorted."""
    return sorted(path.parent.name for path in (folder or runs_folder()).glob("*/manifest.json"))


def new_run_name(spec_name: str) -> str:
    """Return ``<spec>-<YYYYMMDD-HHMMSS>``, by the clock of this machine."""
    return f"{spec_name}-{datetime.now():%Y%m%d-%H%M%S}"


def run_folder(name_or_path: str | Path) -> RunFolder:
    """Return the folder of a run by its name, or by its path where a slash is in it.

    Raises
    ------
    RunError
        When a name could not be that of a folder.
    """
    path = Path(name_or_path)
    if len(path.parts) > 1 or path.is_absolute():
        return RunFolder(path.resolve())
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", str(name_or_path)):
        raise RunError(
            f"{str(name_or_path)!r} cannot name a run: use letters, digits, dots and dashes"
        )
    return RunFolder(runs_folder() / path)


def changed_audio(
    recorded: Manifest, corpus_checksum: str, source_checksums: Mapping[str, str] | None
) -> list[str]:
    """Return in words which audio has other files than it had in a recorded run.

    Parameters
    ----------
    recorded : Manifest
        The run.
    corpus_checksum : str
        Checksum of the corpus now.
    source_checksums : mapping of str to str, or None
        Checksums of the sources now, by name. A source that only one of the two sides knows is
        not compared.

    Returns
    -------
    list of str
        Parts of a sentence, such as "the corpus has other files"; empty when all is as it was.
    """
    changes = []
    if recorded.corpus_checksum != corpus_checksum:
        changes.append("the corpus has other files")
    before = recorded.source_checksums or {}
    for name, checksum in (source_checksums or {}).items():
        if before.get(name, checksum) != checksum:
            changes.append(f"the source {name} has other files")
    return changes


def changed_recordings(before: RecordingsAsked | None, now: RecordingsAsked | None) -> list[str]:
    """Return in words which recordings are others than in a recorded run, by their files' names.

    Parameters
    ----------
    before, now : RecordingsAsked or None
        Those of the run, and those that the same spec names now.

    Returns
    -------
    list of str
        Parts of a sentence, such as "the recording bar.wav has other content"; empty when all is
        as it was.
    """
    was, is_now = (one.asked if one else {} for one in (before, now))
    new_names = {_file_of(query) for query in is_now if query not in was}
    old_names = {_file_of(query) for query in was if query not in is_now}
    changes = [f"the recording {name} has other content" for name in sorted(old_names & new_names)]
    for names, how in ((old_names - new_names, "fewer"), (new_names - old_names, "more")):
        if names:
            changes.append(f"the list has {how} recordings ({', '.join(sorted(names)[:3])})")
    for query in was:
        if is_now.get(query, was[query]) != was[query]:
            changes.append(f"the list says something else of the recording {_file_of(query)}")
    return changes


def _file_of(query: str) -> str:
    """Return the name of a recording's file from the id of its query."""
    return query.rpartition("@")[0]


def check_same(recorded: Manifest, wanted: Manifest) -> None:
    """Refuse to go on with a run that was started from something else.

    Raises
    ------
    RunError
        When spec, corpus, sources or versions differ, so that its rows could not be compared.
    """
    changes = [
        f"{key} is {before!r} there and {after!r} here"
        if len(f"{before}{after}") < _LONG
        else f"{key} differs"
        for key, (before, after) in diff(recorded.spec, wanted.spec).items()
    ]
    if recorded.kind != wanted.kind or recorded.settings != wanted.settings:
        changes.append(f"it is a {recorded.kind} with {recorded.settings or 'no settings'}")
    changes += changed_audio(recorded, wanted.corpus_checksum, wanted.source_checksums)
    changes += changed_recordings(recorded.recordings, wanted.recordings)
    for name in sorted({*recorded.versions, *wanted.versions}):
        before, after = recorded.versions.get(name), wanted.versions.get(name)
        if before != after:
            changes.append(f"{name} was {before} and is {after}")
    if changes:
        shown = "; ".join(changes[:3]) + ("; …" if len(changes) > 3 else "")
        raise RunError(
            f"the run {recorded.run!r} was started from something else ({shown}): "
            "take another name (--run)"
        )
