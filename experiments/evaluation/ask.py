"""Asking of an index about queries whose answers are known; `rows` tells what comes out.

All queries are asked of the whole index, those of calibration tracks also of a part of it. Rows
come sorted by repeat, track and query, recordings after excerpts and sorted by their work, and are
the same for any number of processes, but for the times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import groupby
from pathlib import Path
from time import perf_counter
from typing import Any

import joblib
import pandas as pd

from experiments.evaluation.context import Clip, Context
from experiments.evaluation.index import build_index
from experiments.evaluation.rows import Answers, candidate_rows, outcome_row, recording_row
from experiments.evaluation.sub_index import PartOfIndex, Remembered, random_part
from experiments.folders import temporary_folder
from experiments.progress import Show, Step, silent
from experiments.protocol import queries as q
from experiments.protocol.recordings.halves import AskedRecording
from experiments.protocol.splits import Role
from experiments.seeds import seeded_rng
from experiments.workers import Workers, processes
from fpcore import pipeline
from fpcore.config import Profile
from fpcore.search.passes import SearchTrace, answer_of, passes
from fpcore.store import Index, Store, open_store

BEYOND_DOUBT = 0.9999
"""Probability above which a calibration query gets no further pass."""

_Rows = tuple[list[dict[str, Any]], list[dict[str, Any]]]
"""Outcome rows and candidate rows."""

_Group = Sequence[q.Query] | Sequence[AskedRecording]
"""What is asked together: excerpts of one track in one repeat, or recordings of one work."""


def ask(
    context: Context,
    profile: Profile,
    database: Path,
    queries: Iterable[q.Query],
    *,
    recordings: Iterable[AskedRecording] = (),
    n_jobs: int = -1,
    show: Show = silent,
) -> Answers:
    """Return what an index answers to queries.

    Parameters
    ----------
    context : Context
        Gives the clips of the queries.
    profile : Profile
        The configuration that asks.
    database : Path
        The index, as `build_index` makes it under the same fingerprint.
    queries : iterable of Query
        What is asked, such as ``context.queries("test")``.
    recordings : iterable of AskedRecording, optional
        What else is asked, such as ``context.recorded("test")``.
    n_jobs : int, optional
        Processes; -1 takes one for each core.
    show : Show, optional
        Where progress is shown, in queries.

    Returns
    -------
    Answers
        Tables as in `experiments.evaluation.rows`.
    """
    groups: list[_Group] = [*q.by_track(queries), *by_work(recordings)]
    n_queries = sum(map(len, groups))
    results: list[_Rows] = []
    n_done = 0
    for group, rows in zip(groups, _asked(context, profile, database, groups, n_jobs), strict=True):
        results.append(rows)
        n_done += len(group)
        show(Step("asking", n_done, n_queries))
    outcomes = pd.DataFrame([row for rows, _ in results for row in rows])
    candidates = pd.DataFrame([row for _, rows in results for row in rows])
    return Answers(outcomes, candidates)


def index_and_ask(
    context: Context,
    profile: Profile,
    *roles: Role,
    n_jobs: int = -1,
    show: Show = silent,
) -> Answers:
    """Return what an index of the corpus answers, which is made for this and removed again.

    Parameters
    ----------
    context : Context
        Gives the tracks of the index and the clips of the queries.
    profile : Profile
        The configuration that learns and asks.
    *roles : str, "calibration" or "test"
        The halves of the corpus that are asked about, in excerpts and in the context's recordings.
    n_jobs : int, optional
        Processes; -1 takes one for each core.
    show : Show, optional
        Where progress is shown, in tracks and then in queries.

    Returns
    -------
    Answers
        Tables as in `experiments.evaluation.rows`.

    Raises
    ------
    RunError
        When a worker process is killed.
    """
    with temporary_folder() as folder, Workers(n_jobs).ready():
        database = folder / "index.db"
        build_index(context, profile.fingerprint, database, n_jobs=n_jobs, show=show)
        return ask(
            context,
            profile,
            database,
            context.queries(*roles),
            recordings=context.recorded(*roles),
            n_jobs=n_jobs,
            show=show,
        )


def by_work(recordings: Iterable[AskedRecording]) -> Iterator[list[AskedRecording]]:
    """Yield the recordings of each work in each half of the corpus, all in order."""
    in_order = sorted(recordings, key=lambda one: (one.role, one.work, one.id))
    for _, group in groupby(in_order, lambda one: (one.role, one.work)):
        yield list(group)


def _asked(
    context: Context,
    profile: Profile,
    database: Path,
    groups: Sequence[_Group],
    n_jobs: int,
) -> Iterator[_Rows]:
    """Yield the rows of each group: here, or in processes that keep the index open."""
    if joblib.effective_n_jobs(n_jobs) == 1:
        with open_store(database, profile.fingerprint) as store:
            for group in groups:
                yield _ask_group(context, profile, store, group)
        return
    yield from processes(n_jobs)(
        joblib.delayed(_ask_opened)(context, profile, database, group) for group in groups
    )


def _ask_opened(context: Context, profile: Profile, database: Path, group: _Group) -> _Rows:
    return _ask_group(context, profile, _opened(database), group)


@dataclass(frozen=True, slots=True, eq=False)
class _Question:
    """A query ready to be asked: its windows, its half, and what makes its outcome row."""

    query: q.Asked
    role: Role
    windows: tuple[pipeline.QueryFingerprint, ...]
    outcome_of: Callable[[SearchTrace], dict[str, Any]]


def _questions(context: Context, profile: Profile, group: _Group) -> Iterator[_Question]:
    config = profile.fingerprint
    recordings = [one for one in group if isinstance(one, AskedRecording)]
    for recording in recordings:
        windows, spent_s = _recording_fingerprinted(context, profile, recording)
        of_recording = partial(recording_row, context, config, recording, fingerprint_s=spent_s)
        yield _Question(recording, recording.role, windows, of_recording)
    for clip in context.clips([one for one in group if isinstance(one, q.Query)], config):
        windows, spent_s = _fingerprinted(context, profile, clip)
        of_clip = partial(outcome_row, context, config, clip, fingerprint_s=spent_s)
        yield _Question(clip.query, context.role_of[clip.query.song], windows, of_clip)


def _ask_group(context: Context, profile: Profile, store: Store, group: _Group) -> _Rows:
    outcomes: list[dict[str, Any]] = []
    candidates: list[dict[str, Any]] = []
    song_ids = {song.name: song.id for song in store.songs()}
    for one in _questions(context, profile, group):
        whole, role = Remembered(store), one.role
        traces = list(_traces(profile, one.windows, whole, role))
        answer = answer_of(traces, whole, profile)
        outcomes.append(one.outcome_of(answer) | {"role": role})
        candidates += candidate_rows(
            context.corpus, one.query, traces, role=role, asked_of="whole", answer=answer
        )
        if role == "calibration":
            candidates += _asked_of_parts(context, profile, one.query, one.windows, whole, song_ids)
    return outcomes, candidates


def _asked_of_parts(
    context: Context,
    profile: Profile,
    query: q.Asked,
    asked: Sequence[pipeline.QueryFingerprint],
    whole: Index,
    song_ids: Mapping[str, int],
) -> list[dict[str, Any]]:
    """Return the rows of a calibration query asked of parts of the index.

    A query of an indexed song is asked of all songs but those of its work: so songs of any work
    can be strangers, for the few that are left out of the index tell too little of what
    strangers are like. Half of these queries, and all of left-out songs, are asked of a small
    part too.
    """
    rng = seeded_rng(context.plan.seed_of(query), "part", query.drawn_as)
    rows: list[dict[str, Any]] = []
    if query.indexed:
        works = {name: context.corpus.by_id[name].work for name in song_ids}
        others = [song_ids[name] for name in song_ids if works[name] != query.work]
        traces = _traces(profile, asked, PartOfIndex(whole, others), "calibration")
        rows += candidate_rows(
            context.corpus, query, list(traces), role="calibration", asked_of="others"
        )
        if rng.random() < 0.5:
            return rows
    wanted = song_ids[query.song] if query.indexed else None
    part = random_part(whole, list(song_ids.values()), wanted=wanted, rng=rng)
    traces = _traces(_as_learned(profile), asked, part, "calibration")
    return rows + candidate_rows(
        context.corpus, query, list(traces), role="calibration", asked_of="part"
    )


def _fingerprinted(
    context: Context, profile: Profile, clip: Clip
) -> tuple[tuple[pipeline.QueryFingerprint, ...], float]:
    """Return a query's windows and the seconds that they took, NaN where they were kept."""
    config, query_config = profile.fingerprint, profile.query
    if context.keeps_queries:
        heard = context.heard(clip, profile)
        windows = tuple(pipeline.query_of(one, config, query_config) for one in heard)
        return windows, float("nan")
    recording = context.recording(clip)
    started = perf_counter()
    return pipeline.queries(recording, config, query_config), perf_counter() - started


def _recording_fingerprinted(
    context: Context, profile: Profile, recording: AskedRecording
) -> tuple[tuple[pipeline.QueryFingerprint, ...], float]:
    """Return a recording's windows and the seconds that they took, NaN where they were kept."""
    config, query_config = profile.fingerprint, profile.query
    if context.keeps_queries:
        heard = context.heard_recording(recording, profile)
        return tuple(pipeline.query_of(one, config, query_config) for one in heard), float("nan")
    signal = context.as_recorded(recording, profile)
    started = perf_counter()
    return pipeline.queries(signal, config, query_config), perf_counter() - started


def _traces(
    profile: Profile, asked: Sequence[pipeline.QueryFingerprint], index: Index, role: Role
) -> Iterator[SearchTrace]:
    """Yield the passes over a query: those that an answer takes; for calibration all of them.

    A calibration query stops only after a pass whose answer is beyond doubt: no calibration would
    change that answer.
    """
    for of_pass in passes(asked, index, profile):
        yield from of_pass
        likeliest = [trace.matches[0] for trace in of_pass if trace.matches]
        if any(
            one.accepted if role == "test" else one.probability > BEYOND_DOUBT for one in likeliest
        ):
            return


def _as_learned(profile: Profile) -> Profile:
    """Return a profile that does not search for other playbacks, which are not fitted to."""
    query = profile.query.model_copy(update={"playback": None})
    return profile.model_copy(update={"query": query})


@lru_cache(maxsize=4)
def _opened(database: Path) -> Store:
    """Return the store of a worker process; it is closed with the process."""
    return open_store(database, None)
