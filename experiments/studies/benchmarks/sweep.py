"""Benchmark of sharing stages between trials: a sweep against each of its trials alone.

Both run the same code in this process, on one core, and their rows are compared byte by byte.
Alone means with an empty cache, without what other trials left there. Work that trials cannot share
is left out: timing queries for the record, and the passes after the first, whose hashes are
each trial's own. A sweep of a profile with these passes gains less.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from experiments.errors import RunError
from experiments.evaluation.stage_cache import StageCache
from experiments.folders import temporary_folder
from experiments.progress import Show, Step, silent
from experiments.results.run_folder import RunFolder
from experiments.specs.grid import expand
from experiments.specs.spec import SweepSpec, load_spec
from experiments.studies.benchmarks.core import Figure
from experiments.sweeps.runner import sweep
from experiments.workers import Workers

CONTENT = {
    "name": "sharing",
    "question": "How much faster is a sweep than its trials alone?",
    "profiles": ["balanced"],
    "degradations": ["phone-in-a-bar-synthetic", "room-babble-3db-opus-16k-synthetic"],
    "clip_lengths_s": [10],
    "fingerprint": {
        "pairs.fan_out": [2, 3, 5, 8, 12],
        "pairs.max_delta_s": [0.5, 1.0, 1.5, 2.0, 3.0],
    },
    "query": {"thorough": [None], "playback": [None]},
    "excerpts": {"indexed": 16, "left_out": 16},
    "timed_queries": 0,
}
"""Fan-out × Δt limits, five values each."""


@dataclass(frozen=True, slots=True)
class Sharing:
    """Seconds of a sweep, and of ``n_alone`` of its trials one by one with empty caches."""

    n_trials: int
    sweep_s: float
    n_alone: int
    alone_s: float

    @property
    def factor(self) -> float:
        """How many times faster the sweep is than all of its trials alone."""
        return self.alone_s / self.n_alone * self.n_trials / self.sweep_s


REACH = 10.0
"""How many times faster a sweep of `CONTENT` is to be than its trials alone."""


def figures(sharing: Sharing) -> list[Figure]:
    """Return what was measured, as figures."""
    n = sharing.n_trials
    return [
        Figure(f"sweep of {n} trials, fan-out × Δt limits, one core", sharing.sweep_s, "s"),
        Figure(
            f"one of them alone, mean of {sharing.n_alone}", sharing.alone_s / sharing.n_alone, "s"
        ),
        Figure(
            f"all {n} alone over the sweep, with equal rows", sharing.factor, "×", REACH,
            at_least=True,
        ),
    ]  # fmt: skip


def measure_sharing(
    content: Mapping[str, Any] = CONTENT, *, n_alone: int = 5, show: Show = silent
) -> Sharing:
    """Return how much faster a sweep is than its trials alone.

    Parameters
    ----------
    content : mapping, optional
        Content of the sweep's spec.
    n_alone : int, from 1 to the number of trials, optional
        How many trials are run alone, spread over the sweep: they differ little in cost.
    show : Show, optional
        Is told how far the trials alone are.

    Raises
    ------
    RunError
        When the rows of a trial differ between the two, or a trial fails.
    """
    spec = load_spec(content)
    alone_s = 0.0
    with temporary_folder() as folder:
        _timed(_only(spec, 0), folder / "warm-up")  # loads and compiles what both need
        together, sweep_s = _timed(spec, folder / "sweep")
        trials = expand(spec)
        for step in range(n_alone):
            number = (2 * step + 1) * len(trials) // (2 * n_alone)
            trial = trials[number]
            run, seconds = _timed(_only(spec, number), folder / "alone" / trial.id)
            alone_s += seconds
            [alone] = expand(_only(spec, number))
            for name in ("outcomes.csv", "candidates.csv"):
                one, other = together.trial(trial.id).path, run.trial(alone.id).path
                if (one / name).read_bytes() != (other / name).read_bytes():
                    raise RunError(f"{name} of {trial.id} differs between sweep and trial alone")
            show(Step("trials alone", step + 1, n_alone))
    return Sharing(len(trials), sweep_s, n_alone, alone_s)


def _timed(spec: SweepSpec, folder: Path) -> tuple[RunFolder, float]:
    started = perf_counter()
    run = sweep(
        spec,
        run=folder / "run",
        cache=StageCache(folder / "cache"),
        workers=Workers(n_jobs=1),
        show=silent,
    )
    seconds = perf_counter() - started
    for trial in expand(spec):
        if run.trial(trial.id).status != "done":
            raise RunError(f"trial {trial.id} failed: {run.trial(trial.id).error}")
    return run, seconds


def _only(spec: SweepSpec, number: int) -> SweepSpec:
    """Return the spec of one trial of another spec."""
    trial = expand(spec)[number]
    profile = trial.profile.model_copy(update={"name": spec.profiles[0].name})
    return spec.model_copy(update={"profiles": (profile,), "fingerprint": {}, "query": {}})
