"""Study: the finished trials of one or more runs, read from their folders.

Reading changes nothing there. Trials that failed or have not run are counted, not read.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from experiments.calibration.thresholds import KINDS, Strangers, Tail, pooled_threshold
from experiments.errors import RunError
from experiments.folders import runs_folder
from experiments.metrics.rows import probability_of
from experiments.report.pairing import alike_in_all, asked_by_all, asked_otherwise
from experiments.results.run_folder import Manifest, RunFolder, run_folder, run_names
from fpcore.config import Profile


@dataclass(frozen=True, eq=False)
class Result:
    """A finished trial: rows, times and size, as they were stored.

    ``key`` names it within the report, ``manifest`` is its run's. ``swept`` are the values that
    set it apart from the other trials of its run. ``index`` has at least postings_per_s,
    bytes_per_hour and ingest_x_real_time. ``profile`` carries the decision fitted on the rows.
    ``strangers`` are the answers to strangers that its threshold rests on
    (`experiments.calibration.thresholds.strangers_of`), and ``tail`` how often those of the
    profile that it starts from reach any log-odds; None where that was never calibrated.
    """

    key: str
    run: str
    manifest: Manifest
    trial: str
    profile: Profile
    swept: Mapping[str, Any]
    outcomes: pd.DataFrame
    timings: pd.DataFrame
    index: Mapping[str, float]
    strangers: pd.DataFrame
    tail: Tail | None

    @property
    def false_alarm_rate(self) -> float:
        """The rate that the threshold is set for."""
        return self.profile.decision.false_alarm_rate or self.manifest.spec.false_alarm_rate

    @property
    def threshold(self) -> float:
        """The probability from which the trial accepts."""
        return self.profile.decision.threshold


@dataclass(frozen=True, eq=False)
class Study:
    """The runs of a report.

    Parameters
    ----------
    manifests : mapping of str to Manifest
        What each run recorded of itself, by the run's name.
    folders : mapping of str to Path
        Where each run is.
    results : sequence of Result
        All finished trials, in the order of the runs and of their trials.
    failed : mapping of str to str
        Error of each trial that failed, by its key.
    baseline : str or None
        Key of the result that the others are compared with; None when it did not finish.
    left_out : mapping of str to int
        How many queries of each run are left out, because not all of the runs asked them.
    """

    manifests: Mapping[str, Manifest]
    folders: Mapping[str, Path]
    results: Sequence[Result]
    failed: Mapping[str, str]
    baseline: str | None
    left_out: Mapping[str, int] = field(default_factory=dict)

    def find(self, key: str | None) -> Result | None:
        """Return the result called ``key``; None when there is none."""
        return next((result for result in self.results if result.key == key), None)

    def trial(self, trial: str) -> Result:
        """Return the result of a trial, by its id or by an unambiguous beginning of it.

        Raises
        ------
        RunError
            When there is no such finished trial, or several.
        """
        found = [one for one in self.results if one.trial == trial] or [
            one for one in self.results if one.trial.startswith(trial)
        ]
        if len(found) != 1:
            ids = ", ".join(result.trial for result in self.results)
            few = "more than one" if found else "no"
            runs = ", ".join(self.manifests)
            raise RunError(f"{few} finished trial of {runs} is called {trial!r}: it has {ids}")
        return found[0]

    @property
    def swept(self) -> tuple[str, ...]:
        """Parameters that take more than one value in these runs, in the order of the specs."""
        seen: dict[str, list[Any]] = {}
        for result in self.results:
            for path, one in result.swept.items():
                values = seen.setdefault(path, [])
                if one not in values:
                    values.append(one)
        return tuple(path for path, values in seen.items() if len(values) > 1)

    @property
    def false_alarm_rate(self) -> float:
        """The rate that all thresholds are set for: of several runs the smallest."""
        return min(manifest.spec.false_alarm_rate for manifest in self.manifests.values())

    @property
    def n_waiting(self) -> int:
        """How many trials have neither finished nor failed."""
        n_trials = sum(len(manifest.trials) for manifest in self.manifests.values())
        return n_trials - len(self.results) - len(self.failed)


def load(runs: Sequence[str | Path]) -> Study:
    """Return the finished trials of runs, given by name or path.

    The baseline is that of the first run that has one which finished. Of several runs only the
    queries are kept that all of them asked, and all thresholds are set for one rate: what ranks
    trials ranks like with like.

    Raises
    ------
    RunError
        When no run is named or one comes twice, a run cannot be read, files of a finished trial
        are not as they were written, no trial has finished, or the runs have no query in common.
    """
    if not runs:
        raise RunError("name at least one run")
    folders = {folder.name: folder for folder in map(run_folder, runs)}
    if len(folders) < len(runs):
        raise RunError("a run is named twice: name each run once, and runs apart")
    manifests = {name: folder.manifest() for name, folder in folders.items()}
    results: list[Result] = []
    failed: dict[str, str] = {}
    for name, folder in folders.items():
        prefix = f"{name}/" if len(folders) > 1 else ""
        results += _finished(folder, manifests[name], prefix)
        for trial in manifests[name].trials:
            if folder.trial(trial).status == "failed":
                failed[prefix + trial] = folder.trial(trial).error
    if not results:
        first = next((f" ({one} failed: {why})" for one, why in _reasons(failed)), "")
        raise RunError(
            f"no trial of {', '.join(folders)} has finished{first}: there is nothing to report"
        )
    left_out: dict[str, int] = {}
    if len(manifests) > 1:
        results, left_out = _on_equal_terms(results, manifests)
    bases = {(name, manifest.baseline) for name, manifest in manifests.items()}
    baseline = next((one.key for one in results if (one.run, one.trial) in bases), None)
    return Study(
        manifests=manifests,
        folders={name: folder.path for name, folder in folders.items()},
        results=results,
        failed=failed,
        baseline=baseline,
        left_out=left_out,
    )


def _on_equal_terms(
    results: Sequence[Result], manifests: Mapping[str, Manifest]
) -> tuple[list[Result], dict[str, int]]:
    """Return results with the queries that all asked, at one rate; and how many each run lost."""
    first, *others = manifests.values()
    for other in others:
        if reasons := asked_otherwise(first, other):
            raise RunError(
                f"{first.run} and {other.run} were asked queries {' and '.join(reasons)}, which "
                "cannot stand in one ranking: make a report of each"
            )
    common = asked_by_all([result.outcomes for result in results])
    conditions = alike_in_all(list(manifests.values()))
    rate = min(manifest.spec.false_alarm_rate for manifest in manifests.values())
    kept, left_out = [], {}
    for result in results:
        rows = result.outcomes
        chosen = rows[rows["query"].isin(common) & rows["condition"].isin(conditions)]
        left_out[result.run] = len(rows) - len(chosen)
        kept.append(at_rate(replace(result, outcomes=chosen.reset_index(drop=True)), rate))
    if not any(result.outcomes["indexed"].any() for result in kept):
        raise RunError(
            f"the runs {', '.join(manifests)} have no query in common (corpus, excerpts, condition "
            "and clip length): make a report of each"
        )
    return kept, left_out


def at_rate(result: Result, rate: float) -> Result:
    """Return a result whose threshold is set for a rate, where its strangers were recorded."""
    if result.tail is None or rate == result.false_alarm_rate:
        return result
    threshold = pooled_threshold(Strangers.of(result.strangers), result.tail, rate)
    changed = {"threshold": threshold, "false_alarm_rate": rate}
    decision = result.profile.decision.model_copy(update=changed)
    return replace(result, profile=result.profile.model_copy(update={"decision": decision}))


def _reasons(failed: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield failed trials, each with the first line of why."""
    for trial, error in failed.items():
        yield trial, (error.splitlines() or ["for an unknown reason"])[0]


def newest_run() -> str:
    """Return the name of the run that was started last.

    Raises
    ------
    RunError
        When there is none.
    """
    names = run_names()
    if not names:
        raise RunError("there are no runs yet: make one, such as `fpbench sweep fanout`")
    return max(names, key=lambda name: run_folder(name).manifest().started)


def report_folder(study: Study) -> Path:
    """Return the folder of a report: the run's own, or for several runs one named after them."""
    if len(study.folders) == 1:
        return next(iter(study.folders.values()))
    return runs_folder() / "+".join(study.folders)[:100]


def _finished(folder: RunFolder, manifest: Manifest, prefix: str) -> list[Result]:
    results = []
    for trial in folder.finished(manifest):
        stored = folder.trial(trial)
        stored.check()
        decision, outcomes = stored.decision, stored.outcomes
        strangers, base = stored.strangers, stored.profile.decision
        # Thresholds of older runs, and of decisions fitted from nothing, rest on own rows alone.
        pooled = strangers is not None and base.calibration is not None
        own = _left_out(outcomes) if strangers is None else strangers
        results.append(
            Result(
                key=prefix + trial,
                run=folder.name,
                manifest=manifest,
                trial=trial,
                profile=stored.profile.model_copy(update={"decision": decision}),
                swept=manifest.swept[trial],
                outcomes=outcomes,
                timings=stored.timings,
                index={
                    name: math.nan if known is None else known
                    for name, known in stored.index.items()
                },
                strangers=own,
                tail=Tail.of(base).carried_over(own) if pooled else None,
            )
        )
    return results


def _left_out(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Return the strangers of a run that recorded none apart: its queries of left-out songs."""
    rows = outcomes[~outcomes["indexed"]]
    columns = ["query", "condition", "clip_s", "work", "kind", "probability"]
    known = rows.assign(kind=KINDS["whole"], probability=probability_of(rows))
    return known[columns].reset_index(drop=True)
