"""Trial of a sweep, run in any process: it asks an index and writes the rows.

The rows depend on the spec, the corpus and the versions alone: not on the number of workers,
nor on what was in the caches. Libraries for linear algebra are held to one thread: with more, the
order of their sums would depend on how many.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import pandas as pd
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from experiments.calibration import fit
from experiments.calibration.adapt import adapted
from experiments.calibration.thresholds import strangers_of
from experiments.corpora import Track
from experiments.errors import RunError
from experiments.evaluation.ask import ask
from experiments.evaluation.context import Context
from experiments.evaluation.index import build_index
from experiments.evaluation.rows import rechosen
from experiments.files import is_disk_full, write_rows
from experiments.protocol import queries as q
from experiments.protocol.recordings.halves import AskedRecording
from experiments.results.run_folder import RunFolder
from experiments.results.trial_folder import TrialStatus
from experiments.specs.grid import Trial
from experiments.sweeps.latency import Costs, write_costs
from experiments.sweeps.prepared import PreparedSweep
from fpcore import atomic
from fpcore.config import Decision, FingerprintConfig, Profile
from fpcore.errors import FpError, StoreFullError
from fpcore.profiles import save_profile


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """Findings of a trial: rows with out-of-fold probabilities, evidence, the decision."""

    outcomes: pd.DataFrame
    candidates: pd.DataFrame
    strangers: pd.DataFrame
    decision: Decision


def index_path(folder: RunFolder, config: FingerprintConfig) -> Path:
    """Return the file of the index that all trials of one fingerprint share."""
    return folder.scratch / config.digest[:24] / "index.db"


def index_write_s(database: Path) -> float:
    """Return the seconds that it took to write an index of `build_run_index`."""
    return float(json.loads(database.with_suffix(".json").read_text()))


def cache_song(context: Context, profile: Profile, track: Track) -> None:
    """Put the local maxima of a whole track into the cache.

    Parameters
    ----------
    context : Context
        Whose corpus and cache are used.
    profile : Profile
        Whose fingerprint decides what the maxima are.
    track : Track
        The track. One that cannot be decoded is passed over: the trials will record it.
    """
    with _left_to_the_trial():
        context.cache.song_maxima(context.corpus, track, profile.fingerprint)


def cache_queries(context: Context, profile: Profile, asked: Sequence[q.Query]) -> None:
    """Put the maxima and levels of queries into the cache.

    Parameters
    ----------
    context : Context
        Gives the clips of the queries, and the cache.
    profile : Profile
        Whose fingerprint and query configuration decide what the maxima are.
    asked : sequence of Query
        Queries of one track. Those that cannot be made are passed over: the trials will record
        it.
    """
    with _left_to_the_trial():
        for clip in context.clips(asked, profile.fingerprint):
            context.heard(clip, profile)


def cache_recordings(context: Context, profile: Profile, asked: Sequence[AskedRecording]) -> None:
    """Put the maxima and levels of recordings into the cache.

    Parameters
    ----------
    context : Context
        Whose cache is used.
    profile : Profile
        Whose fingerprint and query configuration decide what the maxima are.
    asked : sequence of AskedRecording
        Recordings. Those that cannot be read are passed over: the trials will record it.
    """
    with _left_to_the_trial():
        for recording in asked:
            context.heard_recording(recording, profile)


@contextmanager
def _left_to_the_trial() -> Iterator[None]:
    """Pass over a failure, which the trial meets again and records; but not over a full disk."""
    try:
        yield
    except Exception as error:
        if is_disk_full(error):
            raise


def build_run_index(context: Context, config: FingerprintConfig, folder: RunFolder) -> str:
    """Make the index of a fingerprint unless it is there; return why that failed, "" if not.

    Parameters
    ----------
    context : Context
        Gives the tracks.
    config : FingerprintConfig
        The fingerprint.
    folder : RunFolder
        In whose scratch folder the index is made.

    Raises
    ------
    RunError, OSError
        When the disk is full.
    """
    database = index_path(folder, config)
    if database.is_file():
        return ""
    try:
        with atomic.whole_folder(database.parent) as part:
            started = perf_counter()
            build_index(context, config, part / database.name, n_jobs=1)
            spent_s = json.dumps(perf_counter() - started)
            atomic.write_text(part / database.with_suffix(".json").name, spent_s)
    except Exception as error:
        _raise_if_disk_full(folder, error)
        return reason_of(error)
    return ""


def run_trial(
    prepared: PreparedSweep, trial: Trial, folder: RunFolder, timings: pd.DataFrame, costs: Costs
) -> TrialStatus:
    """Ask all queries of a trial and write its folder; return whether it is done or failed.

    Parameters
    ----------
    prepared : PreparedSweep
        What is asked.
    trial : Trial
        The configuration that asks.
    folder : RunFolder
        The run's folder, with the trial's index in scratch.
    timings : pandas.DataFrame, a row per timed query
        What `latency.time_queries` returned.
    costs : dict
        What `latency.index_costs` returned.

    Returns
    -------
    str, "done" or "failed"

    Raises
    ------
    RunError, OSError
        When the disk is full.
    """
    with folder.trial(trial.id).filled() as target:
        try:
            with threadpool_limits(limits=1):
                judged = judge(prepared, trial, index_path(folder, trial.profile.fingerprint))
            save_profile(trial.profile, target / "profile.json")
            decision = judged.decision.model_dump_json(indent=1)
            (target / "decision.json").write_text(decision + "\n", encoding="utf-8")
            write_rows(judged.outcomes, target / "outcomes.csv")
            write_rows(judged.candidates, target / "candidates.csv")
            write_rows(judged.strangers, target / "strangers.csv")
            write_rows(timings, target / "timings.csv")
            write_costs(costs, target / "index.json")
        except Exception as error:
            _raise_if_disk_full(folder, error)
            for file in target.iterdir():
                file.unlink()
            _write_error(target, reason_of(error))
            return "failed"
    return "done"


def record_failure(folder: RunFolder, trial_id: str, reason: str) -> None:
    """Write the folder of a trial that failed before it was asked.

    Parameters
    ----------
    folder : RunFolder
        The run's folder.
    trial_id : str
        The trial.
    reason : str
        Why it failed.
    """
    with folder.trial(trial_id).filled() as target:
        _write_error(target, reason)


def judge(prepared: PreparedSweep, trial: Trial, database: Path) -> Judged:
    """Ask the calibration queries, recordings among them, and decide by the answers.

    The decision starts from that of the trial's profile (`experiments.calibration.adapt`), or is
    fitted from nothing where that was never calibrated. Answers in the rows are picked out of
    fold: by a decision that saw nothing of the query's work.

    Parameters
    ----------
    prepared : PreparedSweep
        What is asked.
    trial : Trial
        The configuration that asks.
    database : Path
        The index of its fingerprint.

    Returns
    -------
    Judged
        Tables sorted by query.

    Raises
    ------
    RunError
        When the answers do not allow for a fit.
    """
    context = prepared.context
    found = ask(
        context,
        trial.profile,
        database,
        context.queries("calibration"),
        recordings=context.recorded("calibration"),
        n_jobs=1,
    ).untimed
    candidates = found.candidates
    if candidates.empty or candidates["right"].nunique() < 2 or candidates["indexed"].all():
        raise RunError(
            "no decision can be fitted: it needs right and wrong candidates, and candidates for "
            "queries of left-out tracks"
        )
    decision, held_out = _decided(prepared, trial, candidates)
    config = trial.profile.fingerprint
    outcomes = rechosen(context, config, found, held_out[held_out["asked_of"] == "whole"])
    return Judged(_sorted(outcomes), _sorted(candidates), _sorted(strangers_of(held_out)), decision)


def _decided(
    prepared: PreparedSweep, trial: Trial, candidates: pd.DataFrame
) -> tuple[Decision, pd.DataFrame]:
    """Return the trial's decision, and the answers of decisions that had not seen their works."""
    spec, context, base = prepared.spec, prepared.context, trial.profile.decision
    known: dict[str, Any] = {
        "false_alarm_rate": spec.false_alarm_rate,
        "description": f"{spec.name}: calibration tracks of {context.corpus.name}, {trial.id}",
        "n_songs": len(context.parts.indexed),
        "fitted_on": context.fitted_on,
    }
    if base.calibration is None:  # written by hand: there is nothing to start from
        held_out = fit.cross_fitted(candidates)
        return fit.fit(candidates, held_out=held_out, **known), held_out
    found = adapted(candidates, base, **known)
    return found.decision, found.held_out


def reason_of(error: BaseException) -> str:
    """Return the sentence of an error; below it the traceback where the program is at fault."""
    if isinstance(error, FpError):
        return str(error)
    trace = "".join(traceback.format_exception(error))
    return f"{type(error).__name__}: {error}\n\n{trace}"


def _write_error(target: Path, reason: str) -> None:
    (target / "error.txt").write_text(reason.rstrip() + "\n", encoding="utf-8")


def _raise_if_disk_full(folder: RunFolder, error: Exception) -> None:
    if isinstance(error, StoreFullError):
        raise RunError(
            f"the disk is full ({folder.path}): make room and give the same command again; "
            "what is finished is kept"
        ) from None
    if is_disk_full(error):
        raise error


def _sorted(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.sort_values("query", kind="stable", ignore_index=True)
