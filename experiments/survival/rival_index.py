"""Recognition with an index that was thinned by a score instead of by height.

The score that thins an index is fitted on one half of the works and the queries are of the
other, then the halves change places: no query is about a song whose peaks were learned from.
All songs are in both indexes, so there are as many wrong songs to choose as ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from experiments import calibration, evaluation, testbed
from experiments.comparison import Comparison, compare
from experiments.corpora import Track
from experiments.excerpts import seeded_rng
from experiments.outcomes import Answers, rechosen
from experiments.queries import Query
from experiments.splits import Split
from experiments.survival.examples import Examples, described
from experiments.survival.models import Fit, Score
from experiments.survival.survivors import ALL, kept_of_song
from experiments.testbed import Bench
from fpcore import pipeline
from fpcore.store import open_store


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What the queries gave, and how many postings the index has, averaged over both halves."""

    answers: Answers
    n_postings: float


def first_half(works: Sequence[str], *, seed: int) -> frozenset[str]:
    """Return a random half of the works, rounded down."""
    names = sorted(set(works))
    order = seeded_rng(seed, "halves of the works").permutation(len(names))
    return frozenset(names[i] for i in order[: len(names) // 2])


def build_index(bench: Bench, tracks: Sequence[Track], score: Score, *, n_jobs: int = -1) -> int:
    """Learn ``tracks`` into a new database, thinned by ``score``; return how many postings."""
    testbed.build_index(
        bench, tracks, n_jobs=n_jobs, fingerprint=partial(_fingerprint, score=score)
    )
    with open_store(bench.database, None) as store:
        return store.stats().n_postings


def ask(
    bench: Bench,
    parts: Split,
    queries: Sequence[Query],
    *,
    examples: Examples,
    fit: Fit,
    n_jobs: int = -1,
) -> Found:
    """Return the answers of indexes that were thinned by what ``fit`` learns.

    Parameters
    ----------
    bench
        Its ``database`` names a folder that is there; two indexes are made in it.
    queries
        Of calibration tracks.
    examples
        Peaks of calibration tracks; of each work only the queries of the other half profit.
    """
    chosen = first_half([query.track.work for query in queries], seed=bench.seed)
    in_first = np.isin(examples.work, sorted(chosen))
    roles = parts.roles("calibration")
    found, sizes = [], []
    for half in (True, False):
        score = fit(examples, np.flatnonzero(in_first != half))
        one = replace(bench, database=bench.database / f"half-{half:d}.db")
        sizes.append(build_index(one, parts.indexed, score, n_jobs=n_jobs))
        asked = [query for query in queries if (query.track.work in chosen) == half]
        found.append(evaluation.ask(one, asked, roles=roles, n_jobs=n_jobs))
    outcomes = pd.concat([one.outcomes for one in found], ignore_index=True)
    candidates = pd.concat([one.candidates for one in found], ignore_index=True)
    return Found(Answers(outcomes, candidates), float(np.mean(sizes)))


def judged(
    bench: Bench, answers: Answers, *, false_alarm_rate: float
) -> tuple[pd.DataFrame, float]:
    """Return the outcomes under a decision of their own, and its threshold.

    The probabilities come from decisions that saw nothing of the query's work. The threshold
    lets this share of the queries of left-out songs pass.
    """
    candidates = answers.candidates
    held_out = calibration.cross_fitted(candidates)
    decision = calibration.fit(
        candidates, false_alarm_rate=false_alarm_rate, description="", held_out=held_out
    )
    outcomes = rechosen(bench, answers, held_out[held_out["asked_of"] == "whole"])
    return outcomes, decision.threshold


def compared(
    by_height: tuple[pd.DataFrame, float],
    by_score: tuple[pd.DataFrame, float],
    *,
    metric: str,
    seed: int,
) -> dict[str, Comparison]:
    """Return the paired comparison of what `judged` gave twice, over all and by condition.

    ``metric`` is a key of `experiments.metrics.METRICS`.
    """
    sides = (by_height[0], by_score[0])
    found = {}
    for condition in (ALL, *by_height[0]["condition"].unique()):
        a, b = (
            rows if condition == ALL else rows[rows["condition"] == condition] for rows in sides
        )
        found[condition] = compare(
            a,
            b,
            thresholds=(by_height[1], by_score[1]),
            rng=seeded_rng(seed, "bootstrap", metric, condition),
            metric=metric,
        )
    return found


def _fingerprint(bench: Bench, track: Track, score: Score) -> pipeline.Fingerprint:
    config = bench.profile.fingerprint
    maxima, description = described(bench.cache.signal(bench.corpus, track, config), config)
    kept = kept_of_song(maxima, score(description), config)
    return pipeline.fingerprint_from(kept, track.duration_s, config)
