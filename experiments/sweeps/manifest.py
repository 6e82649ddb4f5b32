"""Manifest of a run that has not begun: what is run, on what, with which versions."""

from __future__ import annotations

from collections.abc import Sequence

from experiments import provenance
from experiments.degradations import checksums
from experiments.results.run_folder import Manifest, RunFolder
from experiments.specs.grid import Trial, baseline
from experiments.sweeps.prepared import Setting
from experiments.sweeps.workers import Workers


def first_manifest(
    folder: RunFolder, setting: Setting, trials: Sequence[Trial], workers: Workers
) -> Manifest:
    """Return the manifest of a run that has not begun."""
    return Manifest(
        run=folder.name,
        spec=setting.spec,
        seed=setting.spec.seed,
        corpus=setting.corpus.name,
        corpus_checksum=setting.corpus.checksum,
        source_checksums=checksums(setting.sources),
        split_sizes=setting.parts.sizes(),
        baseline=baseline(setting.spec),
        versions=provenance.versions(),
        git_commit=provenance.git_commit(),
        host=provenance.host(),
        n_jobs=workers.n_jobs,
        started=provenance.now(),
        swept={trial.id: dict(trial.swept) for trial in trials},
        trials={trial.id: "waiting" for trial in trials},
    )
