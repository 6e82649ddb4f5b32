"""The benchmark of sharing: equal rows, stages that run once, and what it refuses."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from experiments.corpora import corpus
from experiments.errors import RunError
from experiments.evaluation.stage_cache import StageCache
from experiments.progress import Step
from experiments.specs.spec import SweepSpec
from experiments.studies.benchmarks import sweep as bench_sweep
from experiments.studies.benchmarks.sweep import figures, measure_sharing
from experiments.sweeps.runner import sweep
from fpcore import audio, pipeline
from fpcore.stages import peaks
from tests.experiments import small

CONTENT: dict[str, Any] = {
    **small.CONTENT,
    "name": "sharing",
    "fingerprint": {"pairs.fan_out": [3, 5], "pairs.max_delta_s": [1.0, 2.0]},
    "query": {"thorough": [None], "playback": [None]},
    "timed_queries": 0,
}


def test_trials_alone_give_the_same_rows_and_are_set_against_the_sweep(workbench: Path) -> None:
    steps: list[Step] = []

    def note(step: Step) -> None:
        steps.append(step)

    sharing = measure_sharing(CONTENT, n_alone=2, show=note)
    assert (sharing.n_trials, sharing.n_alone) == (4, 2)
    assert steps == [Step("trials alone", 1, 2), Step("trials alone", 2, 2)]
    whole, alone, factor = figures(sharing)
    assert whole.value == sharing.sweep_s > 0
    assert alone.value == sharing.alone_s / 2 > 0
    assert factor.value == pytest.approx(4 * alone.value / whole.value)
    assert (factor.reach, factor.at_least) == (10.0, True)


def test_a_sweep_over_pairs_decodes_transforms_and_picks_peaks_once(
    workbench: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: Counter[str] = Counter()

    def counted(module: Any, name: str) -> None:
        function = getattr(module, name)

        def count(*args: Any, **options: Any) -> Any:
            calls[name] += 1
            return function(*args, **options)

        monkeypatch.setattr(module, name, count)

    counted(audio, "load")
    counted(peaks, "local_maxima_of_tiles")
    counted(pipeline, "hear")
    spec = small.spec(**CONTENT)
    cache = StageCache(tmp_path / "cache")
    run = sweep(spec, run=tmp_path / "run", cache=cache, workers=small.ONE, show=small.silent)
    assert len(run.manifest().trials) == 4
    n_queries = len(run.trial(next(iter(run.manifest().trials))).outcomes)
    n_tracks = len(corpus(small.CORPUS).tracks)
    assert calls["load"] <= n_tracks
    assert 0 < calls["local_maxima_of_tiles"] <= n_tracks
    assert calls["hear"] == n_queries > 0


def test_rows_that_differ_are_refused(workbench: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    only = bench_sweep._only

    def another(spec: SweepSpec, number: int) -> SweepSpec:
        return only(spec, number).model_copy(update={"seed": 1})

    monkeypatch.setattr(bench_sweep, "_only", another)
    with pytest.raises(RunError, match="differs between sweep and trial alone"):
        measure_sharing({**CONTENT, "fingerprint": {"pairs.fan_out": [3, 5]}}, n_alone=1)


def test_a_trial_that_fails_is_named_with_its_reason(workbench: Path) -> None:
    # Nothing is a peak above full scale, so no candidate is ever found.
    silent = {**CONTENT, "fingerprint": {"peaks.floor_db": [0.0, -90.0]}}
    with pytest.raises(RunError, match=r"trial t000\S* failed: no decision can be fitted"):
        measure_sharing(silent, n_alone=1)
