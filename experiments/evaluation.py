"""Ask an index about queries whose answers are known: one row of outcome per query.

Rows are raw: what was asked, what was answered, with which evidence and how long it took.
Metrics come afterwards (`experiments.metrics`), so a new one needs no new run.

Columns
-------
query, track, work, condition, clip_s, start_s, indexed, role
    What was asked: ids, the condition's name, seconds, whether the track is in the index, and
    "calibration" or "test".
answer, probability, votes
    Track id of the likeliest song ("" for none), before any threshold, and its evidence, of the
    look that answers.
right
    Whether that is the asked work. Variants of one piece count as right.
offset_s, offset_error_s
    Reported place in the song in seconds, 0 without an answer; and reported minus true place, NaN
    unless the answer is the asked track itself.
same_passage
    Whether what is heard at the reported place is what was asked: within 50 ms of the true
    place, or an exact repeat of it (see `sounds_the_same`).
decode_s, fingerprint_s, lookup_s, align_s, n_hashes
    Cost. Clips are cut from decoded audio, so decode_s is 0 except in latency benchmarks;
    fingerprint_s is NaN where the bench keeps queries, since most of it was done before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import groupby
from pathlib import Path
from time import perf_counter
from typing import Any, Literal

import joblib
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import signal as scipy_signal

from experiments import queries as q
from experiments.corpora import Corpus, Track
from experiments.degradations import Sources, checksums
from experiments.excerpts import Excerpt, seeded_rng
from experiments.index_parts import PartOfIndex, Remembered, random_part
from experiments.progress import Show, Step, silent
from experiments.stages import StageCache
from fpcore import pipeline
from fpcore.config import Profile
from fpcore.recognition import Alignment, answer_of, looks
from fpcore.records import FloatArray, Signal
from fpcore.store import Index, NewSong, Store, open_store

PLACE_TOLERANCE_S = 0.05
SAME_PASSAGE_CORRELATION = 0.9
BEYOND_DOUBT = 0.9999
BATCH_SONGS = 60


AskedOf = Literal["whole", "part", "others"]
"""Which songs a query was asked of: all that are indexed, a few of them, all but its own work."""


@dataclass(frozen=True)
class Bench:
    """What all queries of one evaluation share.

    With ``keeps_queries`` what is heard in queries stays in the cache for other trials.
    """

    corpus: Corpus
    profile: Profile
    database: Path
    cache: StageCache
    sources: Sources
    seed: int
    longest_s: float
    keeps_queries: bool = False

    @cached_property
    def source_checksums(self) -> dict[str, str]:
        """The checksum of each source that degradations draw from, by its name."""
        return checksums(self.sources)


def build_index(
    bench: Bench,
    tracks: Sequence[Track],
    *,
    n_jobs: int = -1,
    fingerprint: Callable[[Bench, Track], pipeline.Fingerprint] | None = None,
    show: Show = silent,
) -> None:
    """Learn ``tracks`` under the bench's profile into a new database, each named by its id.

    ``fingerprint`` gives what is learned of a track, where that is not what the profile says.
    Progress is shown in tracks.
    """
    config = bench.profile.fingerprint
    extracted = joblib.Parallel(n_jobs=n_jobs, return_as="generator")(
        joblib.delayed(fingerprint or _fingerprint)(bench, track) for track in tracks
    )
    with open_store(bench.database, config, create=True) as store:
        batch = []
        for n_done, (track, found) in enumerate(zip(tracks, extracted, strict=True), start=1):
            show(Step("learning tracks", n_done, len(tracks)))
            song = NewSong(track.id, track.checksum, found.duration_s)
            batch.append((song, found.hashes, found.constellation))
            if len(batch) == BATCH_SONGS:
                store.add_songs(batch)
                batch = []
        store.add_songs(batch)


def _fingerprint(bench: Bench, track: Track) -> pipeline.Fingerprint:
    config = bench.profile.fingerprint
    maxima = bench.cache.song_maxima(bench.corpus, track, config)
    return pipeline.fingerprint_of(maxima, track.duration_s, config)


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """``outcomes``: a row per query. ``candidates``: a row per query and song, with evidence."""

    outcomes: pd.DataFrame
    candidates: pd.DataFrame


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
    groups = list(by_track(queries))
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


def ask_in_turn(
    bench: Bench, store: Store, queries: Iterable[q.Query], *, roles: Mapping[str, str]
) -> Answers:
    """Return what `ask` returns, from an index that is open, in this process alone."""
    return _joined([_ask_about_track(bench, store, group, roles) for group in by_track(queries)])


def by_track(queries: Iterable[q.Query]) -> Iterator[list[q.Query]]:
    """Yield the queries of each track, tracks and queries sorted by id."""
    in_order = sorted(queries, key=lambda one: (one.track.id, one.id))
    for _, group in groupby(in_order, lambda one: one.track.id):
        yield list(group)


def _joined(results: Sequence[_Rows]) -> Answers:
    outcomes = pd.DataFrame([row for rows, _ in results for row in rows])
    candidates = pd.DataFrame([row for _, rows in results for row in rows])
    return Answers(outcomes, candidates)


def _ask_opened(bench: Bench, queries: Sequence[q.Query], roles: Mapping[str, str]) -> _Rows:
    return _ask_about_track(bench, _opened(bench.database), queries, roles)


def cuts(bench: Bench, queries: Sequence[q.Query]) -> Iterator[tuple[q.Query, float, Signal]]:
    """Yield queries of one track, each with its start in seconds and its clip, undegraded."""
    track = queries[0].track
    config = bench.profile.fingerprint
    whole = bench.cache.signal(bench.corpus, track, config)
    n = 1 + max(query.number for query in queries)
    drawn: dict[str, Any] = {"n": n, "longest_s": bench.longest_s, "seed": bench.seed}
    starts_s = bench.cache.starts(
        lambda: q.excerpts_of(bench.corpus, track, whole, **drawn),
        {"corpus": bench.corpus.name, **drawn},
        track,
        config,
    )
    for query in queries:
        excerpt = Excerpt(track.id, float(starts_s[query.number]), bench.longest_s)
        yield query, excerpt.start_s, q.clip(whole, excerpt, query.clip_s)


def kept_heard(bench: Bench, query: q.Query, clean: Signal) -> pipeline.Heard:
    """Return what is heard in a query, from the cache if it was kept there before."""
    draws = any(hasattr(step, "source") for step in query.condition.chain)
    origin = {
        "corpus": bench.corpus.name,
        "checksum": query.track.checksum,
        "query": query.id,
        "chain": query.condition.model_dump(mode="json"),
        "longest_s": bench.longest_s,
        "seed": bench.seed,
        "sources": bench.source_checksums if draws else None,
    }
    return bench.cache.heard(
        lambda: q.degraded(clean, query, sources=bench.sources, seed=bench.seed),
        origin,
        bench.profile.fingerprint,
        bench.profile.query,
    )


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
        looked = list(_looked(bench.profile, asked, whole, role))
        answer = answer_of(looked, whole, bench.profile)
        outcome = _outcome(bench, query, start_s, clean, answer, fingerprint_s)
        outcomes.append(outcome | {"role": role})
        candidates += _candidate_rows(bench, query, looked, role, asked_of="whole", answer=answer)
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
        looked = list(_looked(bench.profile, asked, PartOfIndex(whole, others), "calibration"))
        return _candidate_rows(bench, query, looked, "calibration", asked_of="others")
    wanted = song_ids[query.track.id] if query.indexed else None
    part = random_part(whole, list(song_ids.values()), wanted=wanted, rng=rng)
    looked = list(_looked(_as_learned(bench.profile), asked, part, "calibration"))
    return _candidate_rows(bench, query, looked, "calibration", asked_of="part")


def _asked(bench: Bench, query: q.Query, clean: Signal) -> tuple[pipeline.Query, float]:
    """Return a query and the seconds that fingerprinting it took, NaN where it was kept."""
    config, query_config = bench.profile.fingerprint, bench.profile.query
    if bench.keeps_queries:
        heard = kept_heard(bench, query, clean)
        return pipeline.query_of(heard, config, query_config), float("nan")
    recording = q.degraded(clean, query, sources=bench.sources, seed=bench.seed)
    started = perf_counter()
    return pipeline.query(recording, config, query_config), perf_counter() - started


def _looked(
    profile: Profile, asked: pipeline.Query, index: Index, role: str
) -> Iterator[Alignment]:
    """Yield the looks at a query: those that an answer takes; for calibration all of them.

    Where a first look is beyond doubt it is not calibration that decides about it.
    """
    for alignment in looks(asked, index, profile):
        yield alignment
        best = alignment.matches[0] if alignment.matches else None
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


def _outcome(
    bench: Bench,
    query: q.Query,
    start_s: float,
    clean: Signal,
    alignment: Alignment,
    fingerprint_s: float,
) -> dict[str, Any]:
    best = alignment.matches[0] if alignment.matches else None
    answer, offset_s = (best.song_name, best.offset_s) if best else ("", 0.0)
    return {
        "query": query.id,
        "track": query.track.id,
        "work": query.track.work,
        "condition": query.condition.name,
        "clip_s": query.clip_s,
        "start_s": start_s,
        "indexed": query.indexed,
        "answer": answer,
        "probability": best.probability if best else 0.0,
        "votes": best.votes if best else 0,
        "offset_s": offset_s,
        **_verdict(bench, query.track, start_s, clean, answer=answer, offset_s=offset_s),
        "decode_s": 0.0,
        "fingerprint_s": fingerprint_s,
        "lookup_s": alignment.times.lookup_s,
        "align_s": alignment.times.align_s,
        "n_hashes": len(alignment.query.hashes),
    }


def _verdict(
    bench: Bench, track: Track, start_s: float, clean: Signal, *, answer: str, offset_s: float
) -> dict[str, Any]:
    """Return what is true of the answer ``answer`` ("" for none) at ``offset_s``."""
    right = bool(answer) and bench.corpus.by_id[answer].work == track.work
    error_s = offset_s - start_s if answer == track.id else float("nan")
    same_passage = abs(error_s) <= PLACE_TOLERANCE_S
    if right and not same_passage:
        song = bench.corpus.by_id[answer]
        whole = bench.cache.signal(bench.corpus, song, bench.profile.fingerprint)
        same_passage = sounds_the_same(clean.samples, whole, offset_s)
    return {
        "right": right,
        "offset_error_s": error_s,
        "same_passage": same_passage,
    }


def rechosen(bench: Bench, found: Answers, chosen: pd.DataFrame) -> pd.DataFrame:
    """Return the outcomes when another decision than the bench's picks the answers.

    ``chosen`` has a row per query with candidates: its ``query``, the ``rank`` of the candidate
    that is the answer, and its ``probability``, which becomes ``confidence_probability``;
    queries without candidates get 0.
    """
    rows: dict[str, dict[str, Any]] = {
        str(row["query"]): {str(key): value for key, value in row.items()}
        for row in found.outcomes.to_dict("records")
    }
    for row in rows.values():
        row["confidence_probability"] = 0.0
    of_whole = found.candidates[found.candidates["asked_of"] == "whole"]
    picked = chosen[["query", "rank", "probability"]].merge(
        of_whole[["query", "rank", "song", "offset_s", "votes"]], on=["query", "rank"]
    )
    for pick in picked.to_dict("records"):
        row = rows[pick["query"]]
        row["confidence_probability"] = pick["probability"]
        told = {"answer": pick["song"], "offset_s": pick["offset_s"]}
        if any(row[name] != value for name, value in told.items()):
            row |= told | _verdict_on(bench, row, **told)
        row["votes"] = pick["votes"]
    return pd.DataFrame(list(rows.values()))


def _verdict_on(
    bench: Bench, row: Mapping[str, Any], *, answer: str, offset_s: float
) -> dict[str, Any]:
    """Return the verdict on another answer to the query of an outcome row."""
    track = bench.corpus.by_id[row["track"]]
    whole = bench.cache.signal(bench.corpus, track, bench.profile.fingerprint)
    excerpt = Excerpt(track.id, row["start_s"], row["clip_s"])
    clean = q.clip(whole, excerpt, row["clip_s"])
    return _verdict(bench, track, row["start_s"], clean, answer=answer, offset_s=offset_s)


def sounds_the_same(clip: FloatArray, song: Signal, offset_s: float) -> bool:
    """Whether the song has the very waveform of ``clip`` within 50 ms of ``offset_s``.

    Music is full of exact repeats: loops, refrains, bars copied in a tracker. A place in the
    song that holds the same samples is as right as any other. The measure is the largest
    normalised cross-correlation, which must reach `SAME_PASSAGE_CORRELATION`.
    """
    reach = round(PLACE_TOLERANCE_S * song.sample_rate_hz)
    start = round(offset_s * song.sample_rate_hz) - reach
    wanted = len(clip) + 2 * reach
    before, after = max(0, -start), max(0, start + wanted - len(song.samples))
    if before + after >= wanted:
        return False
    passage = np.pad(song.samples[max(start, 0) : start + wanted], (before, after))
    products = scipy_signal.correlate(passage, clip, mode="valid", method="fft")
    cumulative = np.concatenate([[0.0], np.cumsum(passage.astype(np.float64) ** 2)])
    window: NDArray[np.float64] = cumulative[len(clip) :] - cumulative[: -len(clip)]
    norm = np.sqrt(np.maximum(window, 1e-12) * float(np.sum(clip.astype(np.float64) ** 2)))
    return bool(np.max(products / np.maximum(norm, 1e-12)) >= SAME_PASSAGE_CORRELATION)


def _candidate_rows(
    bench: Bench,
    query: q.Query,
    looked: Sequence[Alignment],
    role: str,
    *,
    asked_of: AskedOf,
    answer: Alignment | None = None,
) -> list[dict[str, Any]]:
    """Return the evidence for each song at its best place in each look.

    A song asked of all others is a stranger there, as one that is not indexed. The place and the
    votes of the candidate that gave the ``answer`` are those of the answer, at its tempo.
    """
    accepted = next((one for one in looked if one.recognition.match), None)
    indexed = query.indexed and asked_of != "others"
    rows: list[dict[str, Any]] = []
    for alignment in looked:
        for match, best in zip(alignment.matches, alignment.rows, strict=True):
            song = bench.corpus.by_id[match.song_name]
            is_answer = alignment is accepted and match is alignment.matches[0]
            told = answer.matches[0] if is_answer and answer else match
            rows.append(
                {
                    "query": query.id,
                    "condition": query.condition.name,
                    "clip_s": query.clip_s,
                    "work": query.track.work,
                    "indexed": indexed,
                    "role": role,
                    "asked_of": asked_of,
                    "look": alignment.look,
                    "rank": len(rows),
                    "song": match.song_name,
                    "offset_s": told.offset_s,
                    "votes": told.votes,
                    "right": indexed and song.work == query.track.work,
                    **{name: float(of[best]) for name, of in alignment.evidence.items()},
                }
            )
    return rows
