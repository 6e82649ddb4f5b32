"""Tuning: Optuna chooses the next configuration by the results of those before.

There are three objectives at once: accuracy at the spec's false-alarm rate, bytes of index per
hour, and the median time of a query. Optuna is told them as they are counted; how certain they are
stands in the report (`experiments.report.equal_terms`). The choices are the values in the grids of
a spec. The run folder is that of a sweep, with Optuna's journal beside the trials; `tune` goes on
with one that was interrupted. Times differ from run to run, so the same seed need not choose the
same trials: the journal tells which were chosen.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from experiments import metrics
from experiments.errors import RunError
from experiments.evaluation.stage_cache import StageCache
from experiments.progress import Show, Step, silent
from experiments.results.record import RunRecord, recorded
from experiments.results.run_folder import Manifest, RunFolder, new_run_name, run_folder
from experiments.specs.grid import Trial, baseline, choices, expand, trial_of
from experiments.specs.spec import SweepSpec, load_spec
from experiments.sweeps.manifest import first_manifest
from experiments.sweeps.prepared import PreparedSweep, prepare
from experiments.sweeps.runner import run_trials, showing
from experiments.workers import Workers

if TYPE_CHECKING:
    import optuna

Sampler = Literal["tpe", "nsga2"]

DIRECTIONS: tuple[Literal["maximize", "minimize"], ...] = ("maximize", "minimize", "minimize")
"""Directions of accuracy, bytes per hour, and query time."""

_TRIAL = "trial"
"""Under this name Optuna's journal keeps the id of the trial's folder."""

_NUMBER = "number"
"""Under this name it keeps the number in that id, where it is not that of Optuna's own trial."""


def tune(
    spec: str | Path | Mapping[str, Any] | SweepSpec,
    *,
    run: str | Path | None = None,
    n_trials: int = 20,
    sampler: Sampler = "tpe",
    workers: Workers | None = None,
    cache: StageCache | None = None,
    show: Show | None = None,
) -> RunFolder:
    """Try configurations of a spec that Optuna chooses, and return the folder of the run.

    Parameters
    ----------
    spec : str, Path, mapping or SweepSpec
        What `experiments.specs.spec.load_spec` takes, or what it returned.
    run : str or Path, optional
        Name or path of the run; one that is there is continued. By default a new one, named
        after the spec and the time.
    n_trials : int, at least 1, optional
        Configurations in all. Those that an interrupted run finished count; so does a choice
        that was tried before, which is not tried again.
    sampler : str, "tpe" or "nsga2", optional
        ``tpe`` for up to a few hundred trials, ``nsga2`` for more.
    workers : Workers, optional
        By default one process for each core.
    cache : StageCache, optional
        Where stages are kept; by default in the project's cache folder.
    show : Show, optional
        Where progress is shown; by default a bar in the terminal or notebook.

    Raises
    ------
    ConfigError, CorpusError, RunError
        As for `experiments.sweeps.runner.sweep`; and when ``n_trials`` or ``sampler`` is out of
        range, or the spec times no queries.
    """
    if n_trials < 1 or sampler not in get_args(Sampler):
        raise RunError(
            f"tuning needs at least 1 trial and the sampler tpe or nsga2, got {n_trials} and "
            f"{sampler!r}"
        )
    loaded = spec if isinstance(spec, SweepSpec) else load_spec(spec)
    prepared = prepare(loaded, cache=cache)
    folder = run_folder(run if run is not None else new_run_name(f"{loaded.name}-tune"))
    workers = workers or Workers()
    wanted = manifest_of(folder, prepared, workers, sampler)
    with folder.locked(), recorded(folder, wanted) as record, showing(show) as here:
        study = _study(loaded, folder, sampler)
        _take_up_unfinished(study, folder)
        while (n_told := _n_told(study)) < n_trials:
            here(Step("tuning", n_told, n_trials))
            _try_next(study, prepared, folder, workers, record)
        record.drop_waiting()
        here(Step("tuning", n_trials, n_trials))
    return folder


def manifest_of(
    folder: RunFolder, prepared: PreparedSweep, workers: Workers, sampler: Sampler
) -> Manifest:
    """Return the manifest of a tuning run that has not begun.

    Parameters
    ----------
    folder : RunFolder
        Where the run will lie.
    prepared : PreparedSweep
        What is tuned on what.
    workers : Workers
        Who will do the work.
    sampler : str, "tpe" or "nsga2"
        How configurations will be chosen.
    """
    return first_manifest(folder, prepared, [], workers).model_copy(
        update={
            "kind": "tune",
            "settings": {"sampler": sampler},
            "baseline": _first_id(prepared.spec),
        }
    )


def objectives(folder: RunFolder, trial_id: str) -> tuple[float, float, float]:
    """Return accuracy, bytes of index per hour, and seconds of a query of a finished trial."""
    trial = folder.trial(trial_id)
    rows = trial.outcomes
    found = metrics.verdicts(rows, trial.decision.threshold)["accepted_right"]
    seconds = metrics.latency(trial.timings)["p50_s"]
    return (
        float(found[rows["indexed"]].mean()),
        trial.index["bytes_per_hour"],
        float(seconds["total"]),
    )


def _study(spec: SweepSpec, folder: RunFolder, sampler: Sampler) -> optuna.Study:
    """Return the study of a run; a new one begins with the baseline."""
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    if not spec.timed_queries:
        raise RunError("tuning weighs query times: let timed_queries be at least 1")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        study_name="tuning",
        storage=JournalStorage(JournalFileBackend(str(folder.path / "optuna.journal"))),
        directions=list(DIRECTIONS),
        load_if_exists=True,
    )
    n_before = len(study.get_trials(deepcopy=False))
    seed = _sampler_seed(spec.seed, n_before)
    study.sampler = (
        optuna.samplers.NSGAIISampler(seed=seed)
        if sampler == "nsga2"
        else optuna.samplers.TPESampler(seed=seed, n_startup_trials=8)
    )
    first = baseline(spec)
    if not n_before and first is not None:
        [swept] = [trial.swept for trial in expand(spec) if trial.id == first]
        study.enqueue_trial({path: _word(value) for path, value in swept.items()})
    return study


def _sampler_seed(seed: int, n_before: int) -> int:
    """Return a seed for what follows ``n_before`` trials: the same one would draw them again."""
    if not n_before:
        return seed
    return int(np.random.SeedSequence([seed, n_before]).generate_state(1)[0])


def _first_id(spec: SweepSpec) -> str | None:
    """Return the id that the baseline gets: it is tried first."""
    first = baseline(spec)
    swept = next((trial.swept for trial in expand(spec) if trial.id == first), None)
    return None if swept is None else trial_of(spec, 0, swept).id


def _word(value: Any) -> str:
    """Return a value as Optuna keeps it: choices may be lists and mappings, which it refuses."""
    return json.dumps(value, sort_keys=True)


def _take_up_unfinished(study: optuna.Study, folder: RunFolder) -> None:
    """Tell the values of trials that a killed run left untold, and let unfinished ones be next.

    Optuna takes no trial up again, so a new one gets the same choices, under the number of the
    old one.
    """
    from optuna.trial import TrialState

    for one in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        trial_id = one.user_attrs.get(_TRIAL)
        if trial_id and folder.trial(trial_id).status == "done":
            study.tell(one.number, objectives(folder, trial_id))
        else:
            study.tell(one.number, state=TrialState.FAIL)
    last = {_number(one): one for one in study.get_trials(deepcopy=False)}
    for number, one in last.items():
        if one.state == TrialState.FAIL and "error" not in one.user_attrs:
            chosen = one.params or one.system_attrs.get("fixed_params", {})
            study.enqueue_trial(chosen, user_attrs={_NUMBER: number})


def _number(trial: optuna.Trial | optuna.trial.FrozenTrial) -> int:
    """Return the number that a trial's folder has or gets."""
    return int(trial.user_attrs.get(_NUMBER, trial.number))


def _n_told(study: optuna.Study) -> int:
    """Return how many choices were tried: those that gave values, or failed by themselves."""
    from optuna.trial import TrialState

    ended = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.FAIL))
    return sum(one.state == TrialState.COMPLETE or "error" in one.user_attrs for one in ended)


def _try_next(
    study: optuna.Study,
    prepared: PreparedSweep,
    folder: RunFolder,
    workers: Workers,
    record: RunRecord,
) -> None:
    from optuna.trial import TrialState

    asked = study.ask()
    swept = {
        path: json.loads(asked.suggest_categorical(path, [_word(value) for value in values]))
        for path, values in choices(prepared.spec).items()
    }
    before = _tried(study, asked.params)
    if before is not None:
        asked.set_user_attr(_TRIAL, before)
        study.tell(asked, objectives(folder, before))
        return
    trial: Trial = trial_of(prepared.spec, _number(asked), swept)
    asked.set_user_attr(_TRIAL, trial.id)
    record.plan(trial)
    run_trials(prepared, [trial], folder, workers=workers, record=record, show=silent)
    if folder.trial(trial.id).status == "done":
        study.tell(asked, objectives(folder, trial.id))
    else:
        asked.set_user_attr("error", folder.trial(trial.id).error)
        study.tell(asked, state=TrialState.FAIL)


def _tried(study: optuna.Study, params: Mapping[str, Any]) -> str | None:
    """Return the trial that was asked with the same choices, if one gave values."""
    from optuna.trial import TrialState

    for one in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)):
        if one.params == params:
            return str(one.user_attrs[_TRIAL])
    return None
