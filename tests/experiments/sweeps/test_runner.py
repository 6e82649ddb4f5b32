"""Runs of a sweep: their rows, however they are run, and what keeps them from going on."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from experiments import metrics
from experiments.corpora import corpus
from experiments.errors import CorpusError, RunError
from experiments.evaluation.stage_cache import StageCache
from experiments.files import write_rows
from experiments.progress import Step
from experiments.results.run_folder import RunFolder, run_folder
from experiments.specs.grid import expand
from experiments.specs.spec import SweepSpec
from experiments.sweeps.prepared import prepare
from experiments.sweeps.promotion import promote
from experiments.sweeps.runner import sweep
from experiments.workers import Workers
from fpcore import atomic
from tests import warm
from tests.experiments import small
from tests.experiments.sweeps import noise

KILLED = """
import os, signal, sys
from experiments.sweeps.promotion import promote
from experiments.sweeps.runner import sweep
from tests.experiments import small
from tests.experiments.sweeps import noise

def kill_after(step):
    if len(small.written(small.run_path(sys.argv[1]))) >= int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)

sweep(small.spec(), run=sys.argv[1], workers=small.ONE, show=kill_after)
"""


def test_a_sweep_records_every_trial_and_what_it_was(swept: RunFolder) -> None:
    manifest = swept.manifest()
    assert manifest.status == "complete"
    assert set(manifest.trials.values()) == {"done"}
    assert list(manifest.trials) == [trial.id for trial in expand(small.spec())]
    assert manifest.baseline == "t003-fanout5-qfanout15"
    assert not swept.scratch.exists()
    for trial in expand(small.spec()):
        folder = swept.trial(trial.id)
        assert folder.profile == trial.profile
        assert folder.index["postings_per_s"] > 0
        assert len(folder.timings) == small.N_TIMED
        assert (folder.timings[["fingerprint_s", "lookup_s", "align_s"]] > 0).all(axis=None)


def test_only_calibration_tracks_are_asked_and_answers_are_judged_out_of_fold(
    swept: RunFolder,
) -> None:
    parts = prepare(small.spec()).context.parts
    asked = {track.id for tracks in parts.half("calibration") for track in tracks}
    for trial in swept.manifest().trials:
        rows = swept.trial(trial).outcomes
        assert set(rows["track"]) <= asked
        assert len(rows) == 2 * 2 * small.N_EXCERPTS
        assert list(rows["query"]) == sorted(rows["query"])
        assert rows["confidence_probability"].between(0, 1).all()
        assert metrics.overall(rows, 0.0)["share"]["top1"] > 0.8


def test_trials_differ_in_their_rows(swept: RunFolder) -> None:
    rows = small.rows(swept)
    outcomes = [content for name, content in rows.items() if name.endswith("outcomes.csv")]
    assert len(set(outcomes)) == len(outcomes) == 4


def test_rows_read_back_as_they_were_written(swept: RunFolder, tmp_path: Path) -> None:
    for name in ("outcomes", "candidates"):
        folder = swept.trial("t000-fanout3-qfanout10")
        write_rows(getattr(folder, name), tmp_path / f"{name}.csv")
        again = (tmp_path / f"{name}.csv").read_bytes()
        assert again == (folder.path / f"{name}.csv").read_bytes()


def test_two_workers_and_an_empty_cache_give_the_same_bytes(
    swept: RunFolder, tmp_path: Path
) -> None:
    other = sweep(
        small.spec(),
        run=tmp_path / "run",
        cache=StageCache(tmp_path / "cache"),
        workers=Workers(n_jobs=2),
        show=small.silent,
    )
    assert small.rows(other) == small.rows(swept)


@pytest.mark.parametrize("n_finished", [0, 2])
def test_a_killed_sweep_goes_on_and_gives_the_same_bytes(swept: RunFolder, n_finished: int) -> None:
    name = f"killed-{n_finished}"
    died = subprocess.run(
        [warm.python(), "-c", KILLED, name, str(n_finished)],
        env={**os.environ, "PYTHONPATH": os.getcwd()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert died.returncode == -signal.SIGKILL, died.stderr
    run = run_folder(name)
    finished = small.written(run.path)
    assert len(finished) == n_finished
    assert run.manifest().status == "running"
    before = [(path / "done").stat().st_ino for path in finished]
    atomic.part_of(run.path / "trials" / "t000").mkdir(parents=True)
    run.scratch.mkdir(exist_ok=True)
    atomic.part_of(run.scratch / "index.db").touch()
    sweep(small.spec(), run=name, workers=small.ONE, show=small.silent)
    assert [(path / "done").stat().st_ino for path in finished] == before
    assert run.manifest().status == "complete"
    assert small.rows(run) == small.rows(swept)
    assert atomic.parts_in(run.path / "trials") == []


def test_a_finished_sweep_has_nothing_left_to_do(swept: RunFolder) -> None:
    rows = small.rows(swept)
    steps: list[Step] = []

    def note(step: Step) -> None:
        steps.append(step)

    sweep(small.spec(), run=swept.path, workers=small.ONE, show=note)
    assert steps == []
    assert swept.manifest().status == "complete"
    assert small.rows(swept) == rows


def test_ctrl_c_leaves_a_run_that_says_so_and_goes_on(swept: RunFolder, tmp_path: Path) -> None:
    def stop(step: Step) -> None:
        if small.written(tmp_path / "run"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep(small.spec(), run=tmp_path / "run", workers=small.ONE, show=stop)
    run = run_folder(tmp_path / "run")
    assert run.manifest().status == "interrupted"
    assert sorted(run.manifest().trials.values()) == ["done", "waiting", "waiting", "waiting"]
    sweep(small.spec(), run=run.path, workers=small.ONE, show=small.silent)
    assert small.rows(run) == small.rows(swept)


def test_a_trial_that_fails_is_recorded_and_the_others_go_on(workbench: Path) -> None:
    # Nothing is a peak above full scale, so no candidate is ever found.
    grid = {"peaks.floor_db": [0.0, -90.0]}
    spec = small.spec(fingerprint=grid, query={})
    run = sweep(spec, run="failing", workers=small.ONE, show=small.silent)
    manifest = run.manifest()
    assert manifest.status == "failed"
    assert list(manifest.trials.values()) == ["failed", "done"]
    failed, done = (run.trial(trial) for trial in manifest.trials)
    assert "no decision can be fitted" in failed.error
    assert sorted(path.name for path in failed.path.iterdir()) == ["error.txt"]
    assert done.error == ""


def test_a_run_is_not_gone_on_with_under_another_spec_corpus_or_version(
    swept: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(RunError, match=r"'swept' was started .*seed is 0 there and 1 here"):
        sweep(small.spec(seed=1), run=swept.path, workers=small.ONE, show=small.silent)
    with pytest.raises(RunError, match="the corpus has other files"):
        sweep(small.spec(corpus="generated:9"), run=swept.path, workers=small.ONE)
    found = {**swept.manifest().versions, "numpy": "1.0"}
    monkeypatch.setattr("experiments.provenance.versions", lambda: found)
    with pytest.raises(RunError, match=r"numpy was .* and is 1\.0"):
        sweep(small.spec(), run=swept.path, workers=small.ONE)


def test_a_corpus_too_small_for_the_split_is_refused_before_anything_runs(
    workbench: Path,
) -> None:
    with pytest.raises(CorpusError, match=r"too (few|small)"):
        sweep(small.spec(corpus="generated:4"), run="tiny", show=small.silent)
    assert not run_folder("tiny").path.exists()


def test_repeats_ask_other_excerpts(workbench: Path) -> None:
    spec = small.spec(repeats=2, fingerprint={}, query={}, timed_queries=0)
    run = sweep(spec, run="repeated", workers=small.ONE, show=small.silent)
    rows = run.trial("t000").outcomes
    again = rows["query"].str.endswith("~1")
    assert again.sum() == len(rows) / 2 == 2 * 2 * small.N_EXCERPTS
    assert set(rows.loc[again, "start_s"]).isdisjoint(rows.loc[~again, "start_s"])


def noisy_spec(source: str) -> SweepSpec:
    hum = {"name": "hum", "chain": [{"kind": "recording", "snr_db": -12}]}
    return small.spec(
        degradations=["clean", hum],
        fingerprint={},
        query={},
        sources={"noise": source},
        timed_queries=0,
    )


def test_noise_of_another_folder_is_other_noise_though_its_files_are_called_the_same(
    workbench: Path, tmp_path: Path
) -> None:
    found = []
    for seed, name in enumerate("ab"):
        spec = noisy_spec(noise.folder_of(tmp_path / name, seed))
        run = sweep(spec, run=tmp_path / f"run-{name}", workers=small.ONE, show=small.silent)
        assert run.manifest().status == "complete"
        found.append(run.trial("t000").outcomes.set_index("query"))
    heard = [rows[rows["condition"] == "hum"]["n_hashes"] for rows in found]
    assert (heard[0] != heard[1]).mean() > 0.9


def test_a_run_is_not_gone_on_with_or_promoted_after_its_noise_has_changed(
    workbench: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = noisy_spec(noise.folder_of(tmp_path / "noise", 0))
    monkeypatch.setenv("FPCORE_PROFILES", str(tmp_path / "profiles"))
    run = sweep(spec, run=tmp_path / "run", workers=small.ONE, show=small.silent)
    noise.write(tmp_path / "noise", 1)
    with pytest.raises(RunError, match="the source noise has other files"):
        sweep(spec, run=run.path, workers=small.ONE, show=small.silent)
    with pytest.raises(RunError, match=r"the source noise has other files than when run ran"):
        promote(run.path, "t000", name="mine", n_jobs=1)
    run.write_manifest(run.manifest().model_copy(update={"source_checksums": None}))
    sweep(spec, run=run.path, workers=small.ONE, show=small.silent)
    assert run.manifest().status == "complete"


def _folder_of_songs(folder: Path) -> Path:
    """Copy the generated songs into a folder whose files may be replaced."""
    found = corpus(small.CORPUS)
    folder.mkdir()
    for track in found.tracks:
        shutil.copy(found.path_of(track), folder)
    return folder


def test_music_that_is_replaced_while_a_sweep_runs_fails_the_trials_and_is_not_kept(
    workbench: Path, tmp_path: Path
) -> None:
    music = _folder_of_songs(tmp_path / "music")
    spec = small.spec(corpus=f"folder:{music}", fingerprint={}, query={})
    cache = StageCache(tmp_path / "cache")
    indexed = prepare(spec).context.parts.indexed
    last, other = music / indexed[-1].path, music / indexed[0].path
    right = last.read_bytes()

    def synchronise(step: Step) -> None:
        if step.n_done == 1:
            shutil.copy(other, last)

    run = sweep(spec, run=tmp_path / "run", cache=cache, workers=small.ONE, show=synchronise)
    assert run.manifest().status == "failed"
    assert f"{last} has other content than when the corpus was surveyed" in run.trial("t000").error
    last.write_bytes(right)
    sweep(spec, run=run.path, cache=cache, workers=small.ONE, show=small.silent)
    fresh = StageCache(tmp_path / "fresh")
    alone = sweep(spec, run=tmp_path / "alone", cache=fresh, workers=small.ONE, show=small.silent)
    assert run.manifest().status == "complete"
    assert small.rows(run) == small.rows(alone)


def test_noise_that_is_replaced_while_a_sweep_runs_fails_the_trials(
    workbench: Path, tmp_path: Path
) -> None:
    spec = noisy_spec(noise.folder_of(tmp_path / "noise", 0))

    def synchronise(step: Step) -> None:
        noise.write(tmp_path / "noise", 1)

    cache = StageCache(tmp_path / "cache")
    run = sweep(spec, run=tmp_path / "run", cache=cache, workers=small.ONE, show=synchronise)
    assert "noise.wav has other content than when" in run.trial("t000").error


def test_a_run_with_damaged_rows_is_not_gone_on_with_until_they_are_removed(
    swept: RunFolder, tmp_path: Path
) -> None:
    run = run_folder(shutil.copytree(swept.path, tmp_path / "run"))
    trial = run.trial(expand(small.spec())[1].id)
    rows = trial.path / "outcomes.csv"
    rows.write_bytes(rows.read_bytes().replace(b"1", b"2", 1))
    with pytest.raises(RunError, match=r"outcomes\.csv is not as it was written: remove"):
        sweep(small.spec(), run=run.path, workers=small.ONE, show=small.silent)
    shutil.rmtree(trial.path)
    sweep(small.spec(), run=run.path, workers=small.ONE, show=small.silent)
    assert small.rows(run) == small.rows(swept)


def test_a_cluster_gives_the_same_bytes_though_a_worker_is_killed(
    swept: RunFolder, tmp_path: Path
) -> None:
    import dask
    from distributed import Client, LocalCluster

    killed: list[int] = []
    with (
        # From the process that all tests fork workers from, and which has loaded what they need.
        dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"}),
        LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0"
        ) as cluster,
        Client(cluster) as client,  # type: ignore[no-untyped-call]
    ):
        workers = client.run(os.getpid)

        def kill_one(step: Step) -> None:
            if not killed and step.n_done == 2:
                killed.append(next(iter(workers.values())))
                os.kill(killed[0], signal.SIGKILL)

        run = sweep(
            small.spec(),
            run=tmp_path / "run",
            cache=StageCache(tmp_path / "cache"),
            workers=Workers(dask_address=cluster.scheduler_address),
            show=kill_one,
        )
    assert killed
    assert run.manifest().status == "complete"
    assert small.rows(run) == small.rows(swept)


def test_a_cluster_that_is_not_there_is_named(workbench: Path, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no Dask scheduler answers at nowhere"):
        sweep(
            small.spec(),
            run=tmp_path / "run",
            workers=Workers(dask_address="nowhere"),
            show=small.silent,
        )
    shutil.rmtree(tmp_path / "run")
