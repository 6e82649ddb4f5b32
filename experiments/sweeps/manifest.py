"""Manifest of a run that has not begun: what is run, on what, with which versions."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from experiments import provenance
from experiments.results.run_folder import Manifest, RecordingsAsked, RunFolder
from experiments.specs.grid import Trial, baseline
from experiments.sweeps.prepared import PreparedSweep
from experiments.workers import Workers


def first_manifest(
    folder: RunFolder, prepared: PreparedSweep, trials: Sequence[Trial], workers: Workers
) -> Manifest:
    """Return the manifest of a run that has not begun.

    Parameters
    ----------
    folder : RunFolder
        Where the run will lie.
    prepared : PreparedSweep
        What is swept on what.
    trials : sequence of Trial
        Those that are planned.
    workers : Workers
        Who will do the work.
    """
    spec, context = prepared.spec, prepared.context
    return Manifest(
        run=folder.name,
        spec=spec,
        seed=spec.seed,
        corpus=context.corpus.name,
        corpus_checksum=context.corpus.checksum,
        source_checksums=context.source_checksums,
        recordings=recordings_asked(prepared),
        split_sizes=context.parts.sizes(),
        baseline=baseline(spec),
        versions=provenance.versions(),
        git_commit=provenance.git_commit(),
        host=provenance.host(),
        n_jobs=workers.n_jobs,
        started=provenance.now(),
        swept={trial.id: dict(trial.swept) for trial in trials},
        trials={trial.id: "waiting" for trial in trials},
    )


def recordings_asked(prepared: PreparedSweep) -> RecordingsAsked | None:
    """Return which recordings are asked, and a checksum of what rows depend on of each.

    None where the spec names no list.
    """
    if prepared.spec.queries is None:
        return None
    asked = {}
    for one in prepared.context.recordings:
        recorded = one.recorded
        told = [
            *(recorded.checksum, one.song, one.work, str(recorded.start_s), one.condition_name),
            *(one.role, one.indexed, one.clip_s, one.duration_s),
        ]
        asked[one.id] = hashlib.sha256(json.dumps(told).encode()).hexdigest()
    conditions = tuple(sorted({one.condition_name for one in prepared.context.recordings}))
    return RecordingsAsked(asked=asked, conditions=conditions, n_listed=prepared.n_listed)
