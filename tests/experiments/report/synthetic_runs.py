"""Run folders with made-up rows: whole in form, quick to write, and with a known truth.

What a trial gets right depends on its fan-out and density, on the condition, on the clip length
and on the work, so that figures have something to show. Rows follow from the seed.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from experiments import provenance
from experiments.files import write_rows
from experiments.metrics import cost
from experiments.results.run_folder import Manifest, RunFolder
from experiments.results.trial_folder import TrialStatus
from experiments.specs.grid import Trial, baseline, expand
from experiments.specs.spec import SweepSpec, load_spec
from experiments.sweeps.latency import Costs, write_costs
from fpcore.config import Decision

HARDNESS = {"clean": -1.5, "white-0db": 0.3, "pink-m5db": 1.6, "telephone": 0.8, "room": 1.2}


def spec(**changes: Any) -> SweepSpec:
    content: dict[str, Any] = {
        "name": "made-up",
        "question": "What do fan-out and density do?",
        "corpus": "generated:24",
        "profiles": ["balanced"],
        "degradations": ["clean", "white-0db", "pink-m5db", "telephone"],
        "clip_lengths_s": [3, 8],
        "fingerprint": {"pairs.fan_out": [3, 5, 10], "peaks.max_peaks_per_s": [5.0, 10.0, 20.0]},
        "excerpts": {"indexed": 60, "left_out": 60},
    }
    return load_spec({**content, **changes})


def write_run(
    folder: Path,
    sweep: SweepSpec | None = None,
    *,
    failing: Collection[str] = (),
    n_works: int = 30,
    seed: int = 1,
    corpus_checksum: str = "0" * 64,
) -> RunFolder:
    """Write a complete run of ``sweep`` into ``folder``; ``failing`` are ids of failed trials."""
    sweep = sweep or spec()
    run = RunFolder(folder)
    statuses: dict[str, TrialStatus] = {}
    for trial in expand(sweep):
        with run.trial(trial.id).filled() as inside:
            inside.joinpath("profile.json").write_text(trial.profile.model_dump_json())
            if trial.id in failing:
                inside.joinpath("error.txt").write_text("ValueError: made to fail\n")
            else:
                _write_trial(inside, trial, sweep, n_works, seed)
        statuses[trial.id] = run.trial(trial.id).status
    run.write_manifest(
        Manifest(
            run=folder.name,
            spec=sweep,
            seed=sweep.seed,
            corpus=sweep.corpus,
            corpus_checksum=corpus_checksum,
            split_sizes={
                "calibration_indexed": 20,
                "calibration_left_out": 10,
                "test_indexed": 20,
                "test_left_out": 10,
            },
            baseline=baseline(sweep),
            versions=provenance.versions(),
            git_commit="a" * 40,
            host=provenance.host(),
            n_jobs=2,
            started="2025-01-01T10:00:00+00:00",
            finished="2025-01-01T10:02:30+00:00",
            status="failed" if failing else "complete",
            swept={trial.id: dict(trial.swept) for trial in expand(sweep)},
            trials=statuses,
        )
    )
    return run


def _write_trial(inside: Path, trial: Trial, sweep: SweepSpec, n_works: int, seed: int) -> None:
    pairs, peaks = trial.profile.fingerprint.pairs, trial.profile.fingerprint.peaks
    density = peaks.max_peaks_per_s or 30.0
    strength = np.log(pairs.fan_out * density / 50) + 1.0
    rows = outcomes(sweep, strength, n_works=n_works, seed=seed)
    write_rows(rows, inside / "outcomes.csv")
    decision = Decision(
        intercept=-3.0, weights={"log_votes": 1.0}, threshold=0.62, calibration="made up"
    )
    inside.joinpath("decision.json").write_text(decision.model_dump_json())
    rng = np.random.default_rng(seed)
    base = np.array([2e-3, 9e-3, 1e-4 * pairs.fan_out * density, 3e-3])
    seconds = base * rng.lognormal(0, 0.3, (20, 4))
    timings = pd.DataFrame(seconds, columns=["decode_s", "fingerprint_s", "lookup_s", "align_s"])
    timings.insert(0, "query", rows["query"].iloc[:20].to_numpy())
    write_rows(timings, inside / "timings.csv")
    n_postings = round(0.95 * pairs.fan_out * density * 7200)
    costs: Costs = {
        "n_songs": 40,
        "audio_s": 7200.0,
        "n_postings": n_postings,
        "file_bytes": 27 * n_postings,
        "build_s": 9.0,
        **cost(audio_s=7200.0, n_postings=n_postings, file_bytes=27 * n_postings, build_s=9.0),
    }
    write_costs(costs, inside / "index.json")


def outcomes(sweep: SweepSpec, strength: float, *, n_works: int, seed: int) -> pd.DataFrame:
    """Return outcome rows whose probabilities are calibrated."""
    rng = np.random.default_rng([seed, round(1e3 * abs(strength))])
    rows = []
    for indexed, n in ((True, sweep.excerpts.indexed), (False, sweep.excerpts.left_out)):
        works = rng.normal(0, 0.7, n_works)
        for number in range(n):
            luck = rng.normal(0, 0.8)
            for clip_s in sweep.clip_lengths_s:
                for condition in sweep.degradations:
                    ease = strength + works[number % n_works] + luck + np.log(clip_s / 3)
                    chance = 1 / (1 + np.exp(2 * (HARDNESS[condition.name] - ease)))
                    right = indexed and rng.random() < chance
                    probability = rng.beta(6, 1.1) if right else rng.beta(0.4, 6)
                    kind = "indexed" if indexed else "unknown"
                    track = f"{kind} song {number % n_works:02d}"
                    rows.append(
                        {
                            "query": f"{track}#{number // n_works}/{clip_s:g}s/{condition.name}",
                            "track": track,
                            "work": track,
                            "condition": condition.name,
                            "clip_s": clip_s,
                            "start_s": 1.25 * number,
                            "indexed": indexed,
                            "role": "calibration",
                            "answer": track if right else "another song",
                            "probability": probability,
                            "votes": int(40 * probability),
                            "right": right,
                            "offset_error_s": rng.normal(0, 0.01) if right else np.nan,
                            "same_passage": right,
                            "n_hashes": 500,
                            "confidence_probability": probability,
                        }
                    )
    return pd.DataFrame(rows).sort_values("query", ignore_index=True)
