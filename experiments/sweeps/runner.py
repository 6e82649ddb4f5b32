"""Runner of sweeps, over the cores of this machine or a Dask cluster.

A run goes through four phases: (1) the audio and the local maxima of songs and queries go into the
stage cache, (2) an index is made for every distinct fingerprint, (3) some queries are timed on
it, one at a time and all trials in turn, (4) each trial asks all queries. All phases but the third
use all workers. Each trial is on the disk as soon as it has finished. Whatever ends the run early,
running it again does what is left; the rows are those of a run that was never interrupted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from experiments.errors import CorpusError
from experiments.evaluation.ask import by_work
from experiments.evaluation.context import Context
from experiments.evaluation.stage_cache import StageCache, maxima_part
from experiments.progress import Reporter, Show, shown
from experiments.protocol.queries import by_track
from experiments.results.record import RunRecord, recorded
from experiments.results.run_folder import RunFolder, new_run_name, run_folder
from experiments.results.trial_folder import TrialStatus
from experiments.specs.grid import Trial, expand
from experiments.specs.spec import SweepSpec, load_spec
from experiments.sweeps import latency
from experiments.sweeps.manifest import first_manifest
from experiments.sweeps.prepared import PreparedSweep, prepare
from experiments.sweeps.trial import (
    build_run_index,
    cache_queries,
    cache_recordings,
    cache_song,
    index_path,
    index_write_s,
    record_failure,
    run_trial,
)
from experiments.workers import Workers
from fpcore import atomic
from fpcore.config import FingerprintConfig, Profile
from fpcore.errors import AudioError


def sweep(
    spec: str | Path | Mapping[str, Any] | SweepSpec,
    *,
    run: str | Path | None = None,
    workers: Workers | None = None,
    cache: StageCache | None = None,
    show: Show | None = None,
    beside: Sequence[Trial] = (),
) -> RunFolder:
    """Run a sweep, or what is left of it, and return its folder.

    Parameters
    ----------
    spec : str, Path, mapping or SweepSpec
        What `experiments.specs.spec.load_spec` takes, or what it returned.
    run : str or Path, optional
        Name or path of the run; one that is there is continued. By default a new one, named
        after the spec and the time.
    workers : Workers, optional
        By default one process for each core.
    cache : StageCache, optional
        Where stages are kept; by default in the project's cache folder.
    show : Show, optional
        Where progress is shown; by default a bar in the terminal or notebook.
    beside : sequence of Trial, optional
        Trials that are run beside those of the spec.

    Raises
    ------
    ConfigError, CorpusError
        When the spec or the corpus does not allow for a sweep; then nothing was done.
    RunError
        When the folder cannot be written or continued. A trial that fails does not raise: see
        the manifest.
    """
    loaded = spec if isinstance(spec, SweepSpec) else load_spec(spec)
    prepared = prepare(loaded, cache=cache)
    folder = run_folder(run if run is not None else new_run_name(loaded.name))
    trials = [*expand(loaded), *beside]
    workers = workers or Workers()
    wanted = first_manifest(folder, prepared, trials, workers)
    with folder.locked(), recorded(folder, wanted) as record, showing(show) as here:
        run_trials(prepared, trials, folder, workers=workers, record=record, show=here)
    return folder


@contextmanager
def showing(show: Show | None) -> Iterator[Show]:
    """Yield ``show``, or what shows progress here when it is None."""
    if show is not None:
        yield show
        return
    with shown() as here:
        yield here


def run_trials(
    prepared: PreparedSweep,
    trials: Sequence[Trial],
    folder: RunFolder,
    *,
    workers: Workers,
    record: RunRecord,
    show: Show,
) -> None:
    """Run those of the trials that have not finished, and record how each stands.

    Parameters
    ----------
    prepared : PreparedSweep
        What the trials are asked.
    trials : sequence of Trial
        All trials; finished ones are passed over.
    folder : RunFolder
        The run's folder, locked by this process.
    workers : Workers
        Who does the work.
    record : RunRecord
        The run's manifest.
    show : Show
        Where progress is shown.

    Raises
    ------
    RunError, OSError
        When the disk is full, or a worker process was killed. A trial that fails does not raise.
    """
    for written in (folder.trials, folder.scratch):
        atomic.discard_parts(written)
    left = [trial for trial in trials if folder.trial(trial.id).status != "done"]
    caching = _caching(prepared.context, left)
    configs = (trial.profile.fingerprint for trial in left)
    by_digest = {config.digest: config for config in configs}
    reporter = Reporter(folder.path, len(caching) + len(by_digest) + 2 * len(left), show)
    with workers.ready():
        for _ in workers.each(caching):
            reporter.advance("decoding, transforming, picking peaks")
        faults: dict[str, str] = {}
        for digest, fault in workers.each(
            [(_built, (prepared.context, config, folder)) for config in by_digest.values()]
        ):
            faults[digest] = fault
            reporter.advance("building indexes")
        clock = _Clock(prepared, folder)
        whole = []
        for trial in left:
            fault = faults[trial.profile.fingerprint.digest] or clock.add(trial.profile)
            if fault:
                record_failure(folder, trial.id, fault)
                record.note(trial.id, "failed")
                reporter.advance("timing queries", 2)
            else:
                whole.append(trial)
        measured = clock.measure(lambda: reporter.advance("timing queries"))
        asking = [
            (_ran, (prepared, trial, folder, *found))
            for trial, found in zip(whole, measured, strict=True)
        ]
        for trial_id, status in workers.each(asking):
            record.note(trial_id, status)
            reporter.advance("asking queries")


def _built(context: Context, config: FingerprintConfig, folder: RunFolder) -> tuple[str, str]:
    return config.digest, build_run_index(context, config, folder)


def _ran(
    prepared: PreparedSweep, trial: Trial, folder: RunFolder, *measured: Any
) -> tuple[str, TrialStatus]:
    return trial.id, run_trial(prepared, trial, folder, *measured)


def _caching(
    context: Context, trials: Sequence[Trial]
) -> list[tuple[Callable[..., None], tuple[Any, ...]]]:
    """Return the tasks that fill the cache.

    There is one for each track, each asked track, and each work that recordings are of.
    """
    tasks: list[tuple[Callable[..., None], tuple[Any, ...]]] = []
    songs = {_key(trial.profile.fingerprint): trial.profile for trial in trials}
    for profile in songs.values():
        for track in context.parts.indexed:
            tasks.append((cache_song, (context, profile, track)))
    asked = {
        (_key(trial.profile.fingerprint), trial.profile.query.n_shifts): trial.profile
        for trial in trials
    }
    recorded = list(by_work(context.recorded("calibration")))
    for profile in asked.values():
        for group in by_track(context.queries("calibration")):
            tasks.append((cache_queries, (context, profile, group)))
        for together in recorded:
            tasks.append((cache_recordings, (context, profile, together)))
    return tasks


def _key(config: Any) -> str:
    return repr(sorted(maxima_part(config).items()))


class _Clock:
    """Clock that times all trials in turn; what several of them share is made once."""

    def __init__(self, prepared: PreparedSweep, folder: RunFolder) -> None:
        self._context = prepared.context
        self._n_timed = prepared.spec.timed_queries
        self._folder = folder
        self._recordings: dict[tuple[int, str], list[latency.WavQuery]] = {}
        self._extract_s: dict[str, float] = {}
        self._timed: list[latency.Timed] = []

    def add(self, profile: Profile) -> str:
        """Take up a trial; return why its recordings cannot be timed, "" where they can."""
        config = profile.fingerprint
        key = (config.sample_rate_hz, config.resampler)
        try:
            if key not in self._recordings:
                self._recordings[key] = latency.recordings(self._context, config, self._n_timed)
            if _key(config) not in self._extract_s:
                self._extract_s[_key(config)] = self._time_ingest(config)
        except (AudioError, CorpusError) as error:
            return str(error)
        database = index_path(self._folder, config)
        self._timed.append(latency.Timed(profile, database, self._recordings[key]))
        return ""

    def measure(self, note: Callable[[], None]) -> list[tuple[pd.DataFrame, latency.Costs]]:
        """Return the timings and the costs of each trial; ``note`` is called for each."""
        timings = latency.time_queries(self._timed, note)
        return [(rows, self._costs(one)) for rows, one in zip(timings, self._timed, strict=True)]

    def _costs(self, one: latency.Timed) -> latency.Costs:
        return latency.index_costs(
            one.database,
            write_s=index_write_s(one.database),
            extract_s_per_s=self._extract_s[_key(one.profile.fingerprint)],
        )

    def _time_ingest(self, config: FingerprintConfig) -> float:
        if not self._n_timed:
            return float("nan")
        return latency.time_ingest(self._context.corpus, self._context.parts.indexed, config)
