"""From a trial to a profile: its decision frozen, then judged once on the test tracks.

A sweep asks calibration tracks only. Promotion takes the decision fitted on all of them, asks
the test tracks of the same split with it, and writes what came out into the profile: the
model card, which nothing was tuned on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
from pydantic import ValidationError

from experiments.calibration.model_card import card_of, plain
from experiments.degradations import checksums
from experiments.errors import RunError
from experiments.evaluation import ask, context
from experiments.progress import Show, Step, silent
from experiments.protocol.queries import Query, by_track
from experiments.results.run_folder import Manifest, RunFolder, changed_audio, run_folder
from experiments.sweeps.prepared import Setting, prepare
from experiments.sweeps.trial import TIMES
from experiments.sweeps.workers import Workers
from fpcore.config import Decision, Profile, describe
from fpcore.errors import ConfigError
from fpcore.profiles import profiles_folder, save_profile
from fpcore.store import open_store


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
    run
        Name or path of a run.
    trial
        Id of a finished trial, or the number that it begins with.
    name
        Of the profile; its file lies beside the others.
    force
        Replace a profile of that name.

    Raises
    ------
    RunError
        When the run or the trial is not there or not finished, or the corpus or a source has
        changed.
    ConfigError
        When the name is taken or is none.
    """
    target = profiles_folder() / f"{name}.json"
    _check_name(name, target, force=force)
    folder = run_folder(run)
    manifest = folder.manifest()
    trial_id = find_trial(folder, manifest, trial)
    setting = prepare(manifest.spec)
    changes = changed_audio(manifest, setting.corpus.checksum, checksums(setting.sources))
    if changes:
        raise RunError(f"{changes[0]} than when {folder.name} ran: sweep again, then promote")
    profile = _asked_with(folder, trial_id, name, setting)
    outcomes = ask_test(setting, profile, n_jobs=n_jobs, note=note)
    card = _card(outcomes, profile, folder, setting, trial_id)
    profile = profile.model_copy(update={"provenance": card})
    save_profile(profile, target)
    return profile, target


def find_trial(folder: RunFolder, manifest: Manifest, trial: str) -> str:
    """Return the id of the finished trial that ``trial`` is, or that has its number.

    Raises
    ------
    RunError
        When there is none or more than one, or it has not finished.
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
    return found[0]


def ask_test(setting: Setting, profile: Profile, *, n_jobs: int, note: Show) -> pd.DataFrame:
    """Return the outcome rows of the test tracks under a profile with its decision."""
    rows = []
    with TemporaryDirectory(prefix="fpbench-") as scratch:
        database = Path(scratch) / "index.db"
        workers = Workers(n_jobs)
        first = replace(setting.bench(profile, database), keeps_queries=False)
        context.build_index(first, setting.parts.indexed, n_jobs=n_jobs)
        for repeat in range(setting.spec.repeats):
            bench = replace(first, seed=setting.plan(repeat).seed)
            groups = list(by_track(setting.queries("test", repeat=repeat)))
            tasks = [(_asked, (setting, bench, group, repeat)) for group in groups]
            with workers.ready():
                for n, found in enumerate(workers.each(tasks), start=1):
                    rows.append(found)
                    note(Step("asking test tracks", n, len(groups)))
    return pd.concat(rows).sort_values("query", kind="stable", ignore_index=True)


def _asked(
    setting: Setting, bench: context.Bench, queries: Sequence[Query], repeat: int
) -> pd.DataFrame:
    with open_store(bench.database, bench.profile.fingerprint) as store:
        found = ask.ask_in_turn(bench, store, queries, roles=setting.parts.roles("test"))
    rows = found.outcomes.drop(columns=TIMES)
    return rows.assign(query=rows["query"] + f"~{repeat}") if repeat else rows


def _asked_with(folder: RunFolder, trial_id: str, name: str, setting: Setting) -> Profile:
    trial = folder.trial(trial_id)
    swept = ", ".join(f"{key} {value}" for key, value in folder.manifest().swept[trial_id].items())
    return trial.profile.model_copy(
        update={
            "name": name,
            "description": f"Promoted from {trial_id} of {folder.name} on {setting.corpus.name}"
            + (f": {swept}." if swept else "."),
            "decision": trial.decision,
        }
    )


def _check_name(name: str, target: Path, *, force: bool) -> None:
    try:
        Profile(name=name, decision=Decision(intercept=0, weights={}, threshold=0.5))
    except ValidationError as error:
        raise ConfigError(f"this cannot be the name of a profile: {describe(error)}") from None
    if target.exists() and not force:
        raise ConfigError(
            f"there is a profile {name!r} already ({target}): take another name, or replace it "
            "with --force"
        )


def _card(
    outcomes: pd.DataFrame, profile: Profile, folder: RunFolder, setting: Setting, trial_id: str
) -> dict[str, Any]:
    """Return the model card of a promoted profile, with the run that it comes from."""
    spec, index = setting.spec, folder.trial(trial_id).index
    threshold = profile.decision.threshold
    card = card_of(outcomes, threshold, setting.corpus, setting.plan(), repeats=spec.repeats)
    return {
        "run": folder.name,
        "trial": trial_id,
        **card,
        "stated_false_alarm_rate": spec.false_alarm_rate,
        "postings_per_s": plain(index["postings_per_s"]),
        "bytes_per_hour": plain(index["bytes_per_hour"]),
    }
