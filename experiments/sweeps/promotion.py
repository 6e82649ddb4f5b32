"""Promotion of a trial to a profile: its decision frozen, then judged once on the test tracks.

A sweep asks calibration tracks only. Promotion takes the decision fitted on all of them, asks
the test tracks of the same split with it, and their recordings where the spec names some, and
writes what came out into the profile as its model card: nothing was tuned on these tracks. The
profile that the trial varies is asked them too, and a trial that is clearly worse is refused
(`experiments.sweeps.protection`).
"""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import ValidationError

from experiments.calibration.model_card import card_of, plain
from experiments.calibration.thresholds import Strangers, Tail, stated_rate
from experiments.errors import RunError
from experiments.evaluation.ask import index_and_ask
from experiments.evaluation.context import Context
from experiments.progress import Show, silent
from experiments.results.run_folder import (
    Manifest,
    RunFolder,
    changed_audio,
    changed_recordings,
    run_folder,
)
from experiments.sweeps.manifest import recordings_asked
from experiments.sweeps.prepared import prepare
from experiments.sweeps.protection import answers_alike, objections
from fpcore.config import Decision, Profile, describe
from fpcore.errors import ConfigError
from fpcore.profiles import preset_names, profiles_folder, save_profile


def promote(
    run: str | Path,
    trial: str,
    *,
    name: str,
    force: bool = False,
    n_jobs: int = -1,
    note: Show = silent,
) -> tuple[Profile, Path]:
    """Write the profile of a trial and return it with its file.

    Parameters
    ----------
    run : str or Path
        Name or path of a run.
    trial : str
        Id of a finished trial, or the number that it begins with, such as ``t003``.
    name : str
        Name of the profile, whose file lies in the user's folder of profiles; none of a preset.
    force : bool, optional
        Replace a profile of the user's of that name, and promote what is worse than its base.
    n_jobs : int, optional
        Processes; -1 takes one for each core.
    note : Show, optional
        Where progress is shown.

    Returns
    -------
    profile : Profile
    path : Path

    Raises
    ------
    RunError
        When the run or the trial is not there or not finished, the corpus or a source has
        changed, or the test songs speak against the trial.
    ConfigError
        When the name is taken, is a preset's or is none.
    """
    target = profiles_folder() / f"{name}.json"
    _check_name(name, target, force=force)
    folder = run_folder(run)
    trial_id = find_trial(folder, folder.manifest(), trial)
    profile = promoted_profile(folder, trial_id, name=name, force=force, n_jobs=n_jobs, note=note)
    save_profile(profile, target)
    return profile, target


def promoted_profile(
    folder: RunFolder,
    trial_id: str,
    *,
    name: str,
    force: bool = False,
    n_jobs: int = -1,
    note: Show = silent,
) -> Profile:
    """Return the profile of a finished trial with its model card; nothing is written.

    Parameters
    ----------
    folder : RunFolder
        The run's folder.
    trial_id : str
        Id of a finished trial.
    name : str
        Name of the profile.
    force : bool, optional
        Promote what is worse than its base.
    n_jobs : int, optional
        Processes; -1 takes one for each core.
    note : Show, optional
        Where progress is shown.

    Raises
    ------
    RunError
        When the corpus, a source or a recording has changed, or the test songs speak against the
        trial.
    """
    manifest = folder.manifest()
    prepared = prepare(manifest.spec)
    context = prepared.context
    changes = changed_audio(manifest, context.corpus.checksum, context.source_checksums)
    changes += changed_recordings(manifest.recordings, recordings_asked(prepared))
    if changes:
        raise RunError(f"{changes[0]} than when {folder.name} ran: sweep again, then promote")
    profile = _asked_with(folder, trial_id, name, context.corpus.name)
    outcomes = ask_test(context, profile, n_jobs=n_jobs, note=note)
    if not force:
        base = base_of(manifest, trial_id)
        as_base = (
            outcomes
            if answers_alike(profile, base)
            else ask_test(context, base, n_jobs=n_jobs, note=note)
        )
        _refuse_worse(trial_id, objections(profile, base, outcomes, as_base))
    card = card_of(outcomes, profile.decision.threshold, context)
    card |= _origin(folder, manifest, trial_id)
    return profile.model_copy(update={"provenance": card})


def base_of(manifest: Manifest, trial_id: str) -> Profile:
    """Return the profile that a trial varies, as it was when the run began."""
    profiles = manifest.spec.profiles
    name = manifest.swept[trial_id].get("profile", profiles[0].name)
    return next(profile for profile in profiles if profile.name == name)


def _refuse_worse(trial_id: str, reasons: list[str]) -> None:
    if reasons:
        raise RunError(
            f"{trial_id} is not promoted, since the test songs speak against it: "
            f"{'; '.join(reasons)}. Keep the profile that it starts from, or promote it all the "
            "same with --force"
        )


def find_trial(folder: RunFolder, manifest: Manifest, trial: str) -> str:
    """Return the id of a finished trial, given by its id or by its number.

    Parameters
    ----------
    folder : RunFolder
        The run's folder.
    manifest : Manifest
        The run's manifest.
    trial : str
        Id of a trial, or the number that it begins with.

    Raises
    ------
    RunError
        When there is none or more than one, it has not finished, or its files are not as they
        were written.
    """
    found = [one for one in manifest.trials if one == trial or one.startswith(f"{trial}-")]
    if len(found) != 1:
        raise RunError(
            f"{'no trial' if not found else 'more than one trial'} of {folder.name} is called "
            f"{trial!r}: choose one of {', '.join(manifest.trials)}"
        )
    status = folder.trial(found[0]).status
    if status != "done":
        what = "failed" if status == "failed" else "has not finished"
        raise RunError(f"{found[0]} of {folder.name} {what}: run the sweep again, or take another")
    folder.trial(found[0]).check()
    return found[0]


def ask_test(context: Context, profile: Profile, *, n_jobs: int, note: Show) -> pd.DataFrame:
    """Return the outcome rows of the test half, sorted by query and without times.

    Recordings of its songs are among them.

    Parameters
    ----------
    context : Context
        The corpus and the plan.
    profile : Profile
        The configuration that asks, with the decision that picks the answers.
    n_jobs : int
        Processes; -1 takes one for each core.
    note : Show
        Where progress is shown.

    Returns
    -------
    pandas.DataFrame
        Columns as in `experiments.evaluation.rows`.
    """
    once = replace(context, keeps_queries=False)
    asked = index_and_ask(once, profile, "test", n_jobs=n_jobs, show=note)
    return asked.untimed.outcomes.sort_values("query", kind="stable", ignore_index=True)


def _asked_with(folder: RunFolder, trial_id: str, name: str, corpus: str) -> Profile:
    trial = folder.trial(trial_id)
    swept = ", ".join(f"{key} {value}" for key, value in folder.manifest().swept[trial_id].items())
    return trial.profile.model_copy(
        update={
            "name": name,
            "description": f"Promoted from {trial_id} of {folder.name} on {corpus}"
            + (f": {swept}." if swept else "."),
            "decision": trial.decision,
        }
    )


def _check_name(name: str, target: Path, *, force: bool) -> None:
    try:
        Profile(name=name, decision=Decision(intercept=0, weights={}, threshold=0.5))
    except ValidationError as error:
        raise ConfigError(f"this cannot be the name of a profile: {describe(error)}") from None
    if name in preset_names():
        raise ConfigError(
            f"{name!r} is the name of a preset, which a promoted profile may not hide: take "
            "another name"
        )
    if target.exists() and not force:
        raise ConfigError(
            f"there is a profile {name!r} already ({target}): take another name, or replace it "
            "with --force"
        )


def _origin(folder: RunFolder, manifest: Manifest, trial_id: str) -> dict[str, Any]:
    """Return which trial a promoted profile comes from, and what its index costs."""
    index = folder.trial(trial_id).index
    return {
        "run": folder.name,
        "trial": trial_id,
        "stated_false_alarm_rate": manifest.spec.false_alarm_rate,
        "stated_by": _stated_by(folder, trial_id),
        "postings_per_s": plain(index["postings_per_s"]),
        "bytes_per_hour": plain(index["bytes_per_hour"]),
    }


def _stated_by(folder: RunFolder, trial_id: str) -> dict[str, Any] | None:
    """Return which strangers stand behind the stated rate; None where that was not recorded."""
    trial = folder.trial(trial_id)
    base, strangers = trial.profile.decision, trial.strangers
    if strangers is None or base.calibration is None:
        return None
    own, tail = Strangers.of(strangers), Tail.of(base).carried_over(strangers)
    found = stated_rate(own, tail, trial.decision.threshold)
    return {**plain(asdict(found)), "own": plain(strangers["kind"].value_counts().to_dict())}
