"""The manifest of a run that has not begun."""

from __future__ import annotations

from pathlib import Path

from experiments import provenance
from experiments.results.run_folder import RunFolder
from experiments.specs.grid import expand
from experiments.sweeps.manifest import first_manifest
from experiments.sweeps.prepared import prepare
from experiments.workers import Workers
from tests.experiments import small


def test_it_says_what_will_be_run_on_what_and_that_all_is_waiting(
    workbench: Path, tmp_path: Path
) -> None:
    spec = small.spec(seed=3)
    prepared, trials = prepare(spec), expand(spec)
    found = first_manifest(RunFolder(tmp_path / "mine"), prepared, trials, Workers(n_jobs=2))
    context = prepared.context
    assert (found.run, found.kind, found.spec, found.seed) == ("mine", "sweep", spec, 3)
    assert (found.corpus, found.corpus_checksum) == (small.CORPUS, context.corpus.checksum)
    assert found.split_sizes == context.parts.sizes()
    assert found.baseline == "t003-fanout5-qfanout15"
    assert (found.versions, found.n_jobs) == (provenance.versions(), 2)
    assert found.swept == {trial.id: dict(trial.swept) for trial in trials}
    assert found.trials == dict.fromkeys(found.swept, "waiting")
    assert (found.status, found.finished) == ("running", None)
    assert not (tmp_path / "mine").exists()


def test_the_checksums_of_sources_are_those_of_their_files(workbench: Path, tmp_path: Path) -> None:
    prepared = prepare(small.spec())
    found = first_manifest(RunFolder(tmp_path), prepared, [], Workers())
    assert found.source_checksums == prepared.context.source_checksums == {}
    assert (found.trials, found.swept) == ({}, {})
