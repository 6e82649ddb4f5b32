"""Ask an index about queries whose answers are known; `rows` tells what comes out.

All queries are asked of the whole index, those of calibration tracks of a part of it as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import joblib
import pandas as pd

from experiments.corpora import Corpus
from experiments.evaluation.context import Bench, bench_of, build_index, cuts, kept_heard
from experiments.evaluation.rows import Answers, candidate_rows, outcome_row
from experiments.evaluation.sub_index import PartOfIndex, Remembered, random_part
from experiments.progress import Show, Step, silent
from experiments.protocol import queries as q
from experiments.protocol.plan import Plan
from experiments.protocol.splits import Role
from experiments.seeds import seeded_rng
from fpcore import pipeline
from fpcore.config import Profile
from fpcore.records import Signal
from fpcore.search.passes import SearchTrace, answer_of, passes
from fpcore.store import Index, Store, open_store

BEYOND_DOUBT = 0.9999

_Rows = tuple[list[dict[str, Any]], list[dict[str, Any]]]
"""Outcome rows and candidate rows."""


def ask(
    bench: Bench,
    queries: Iterable[q.Query],
    *,
    roles: Mapping[str, str],
    n_jobs: int = -1,
    show: Show = silent,
) -> Answers:
    """Return what the index answers to each query, sorted by track and query.

    ``roles`` maps track ids to "calibration" or "test". The answers do not depend on the
    number of jobs. Progress is shown in queries.
    """
    groups = list(q.by_track(queries))
    n_queries = sum(map(len, groups))
    asked = joblib.Parallel(n_jobs=n_jobs, return_as="generator")(
        joblib.delayed(_ask_opened)(bench, group, roles) for group in groups
    )
    results: list[_Rows] = []
    n_done = 0
    for group, rows in zip(groups, asked, strict=True):
        results.append(rows)
        n_done += len(group)
        show(Step("asking", n_done, n_queries))
    return _joined(results)


def ask_corpus(
    source: Corpus,
    profile: Profile,
    plan: Plan,
    *,
    roles: Sequence[Role],
    n_jobs: int = -1,
    show: Show = silent,
) -> Answers:
    """Return what an index of the corpus under a profile answers to the planned queries.

    The index is made in a temporary folder and removed again. ``roles`` says which halves of
    the corpus are asked about.
    """
    parts = plan.split(source)
    asked = [query for role in roles for query in plan.queries(parts, role)]
    role_of = {track: name for role in roles for track, name in parts.roles(role).items()}
    with TemporaryDirectory(prefix="fpbench-") as folder:
        bench = bench_of(plan, source, profile, Path(folder) / "index.db")
        build_index(bench, parts.indexed, n_jobs=n_jobs, show=show)
        return ask(bench, asked, roles=role_of, n_jobs=n_jobs, show=show)


def ask_in_turn(
    bench: Bench, store: Store, queries: Iterable[q.Query], *, roles: Mapping[str, str]
) -> Answers:
    """Return what `ask` returns, from an index that is open, in this process alone."""
    return _joined([_ask_about_track(bench, store, group, roles) for group in q.by_track(queries)])


def _joined(results: Sequence[_Rows]) -> Answers:
    outcomes = pd.DataFrame([row for rows, _ in results for row in rows])
    candidates = pd.DataFrame([row for _, rows in results for row in rows])
    return Answers(outcomes, candidates)


def _ask_opened(bench: Bench, queries: Sequence[q.Query], roles: Mapping[str, str]) -> _Rows:
    return _ask_about_track(bench, _opened(bench.database), queries, roles)


def _ask_about_track(
    bench: Bench, store: Store, queries: Sequence[q.Query], roles: Mapping[str, str]
) -> _Rows:
    outcomes: list[dict[str, Any]] = []
    candidates: list[dict[str, Any]] = []
    role = roles[queries[0].track.id]
    song_ids = {song.name: song.id for song in store.songs()}
    for query, start_s, clean in cuts(bench, queries):
        asked, fingerprint_s = _asked(bench, query, clean)
        whole = Remembered(store)
        traces = list(_traces(bench.profile, asked, whole, role))
        answer = answer_of(traces, whole, bench.profile)
        outcome = outcome_row(
            bench, query, answer, start_s=start_s, clean=clean, fingerprint_s=fingerprint_s
        )
        outcomes.append(outcome | {"role": role})
        candidates += candidate_rows(
            bench, query, traces, role=role, asked_of="whole", answer=answer
        )
        if role == "calibration":
            candidates += _asked_of_parts(bench, query, asked, whole, song_ids)
    return outcomes, candidates


def _asked_of_parts(
    bench: Bench,
    query: q.Query,
    asked: pipeline.Query,
    whole: Index,
    song_ids: Mapping[str, int],
) -> list[dict[str, Any]]:
    """Return the rows of a calibration query asked of a part of the index.

    It is a small one, or, for half of the indexed songs, all songs but this work: so songs of
    every work are strangers too. The few that are left out of the index tell too little of
    what strangers are like.
    """
    rng = seeded_rng(bench.seed, "part", query.id)
    if query.indexed and rng.random() < 0.5:
        works = {name: bench.corpus.by_id[name].work for name in song_ids}
        others = [song_ids[name] for name in song_ids if works[name] != query.track.work]
        traces = list(_traces(bench.profile, asked, PartOfIndex(whole, others), "calibration"))
        return candidate_rows(bench, query, traces, role="calibration", asked_of="others")
    wanted = song_ids[query.track.id] if query.indexed else None
    part = random_part(whole, list(song_ids.values()), wanted=wanted, rng=rng)
    traces = list(_traces(_as_learned(bench.profile), asked, part, "calibration"))
    return candidate_rows(bench, query, traces, role="calibration", asked_of="part")


def _asked(bench: Bench, query: q.Query, clean: Signal) -> tuple[pipeline.Query, float]:
    """Return a query and the seconds that fingerprinting it took, NaN where it was kept."""
    config, query_config = bench.profile.fingerprint, bench.profile.query
    if bench.keeps_queries:
        heard = kept_heard(bench, query, clean)
        return pipeline.query_of(heard, config, query_config), float("nan")
    recording = q.degraded(clean, query, sources=bench.sources, seed=bench.seed)
    started = perf_counter()
    return pipeline.query(recording, config, query_config), perf_counter() - started


def _traces(
    profile: Profile, asked: pipeline.Query, index: Index, role: str
) -> Iterator[SearchTrace]:
    """Yield the looks at a query: those that an answer takes; for calibration all of them.

    Where a first pass is beyond doubt it is not calibration that decides about it.
    """
    for trace in passes(asked, index, profile):
        yield trace
        best = trace.matches[0] if trace.matches else None
        if best and (best.accepted if role == "test" else best.probability > BEYOND_DOUBT):
            return


def _as_learned(profile: Profile) -> Profile:
    """Return a profile that does not search for other playbacks, which are not fitted to."""
    query = profile.query.model_copy(update={"playback": None})
    return profile.model_copy(update={"query": query})


@lru_cache(maxsize=4)
def _opened(database: Path) -> Store:
    """Return the store of a worker process; it is closed with the process."""
    return open_store(database, None)
