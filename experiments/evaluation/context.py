"""What queries are asked on: an index of a corpus, and the clips that are cut from its tracks.

Decoded audio, starts of excerpts and what is heard come from the cache of stages, where they
were needed before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import joblib

from experiments.corpora import Corpus, Track, corpus
from experiments.degradations import Condition, Sources, checksums
from experiments.degradations.config import Babble
from experiments.evaluation.stage_cache import StageCache, stage_cache
from experiments.progress import Show, Step, silent
from experiments.protocol import queries as q
from experiments.protocol.excerpts import Excerpt
from experiments.protocol.plan import Plan
from fpcore import pipeline
from fpcore.config import Profile
from fpcore.records import Signal
from fpcore.store import NewSong, open_store

BATCH_SONGS = 60


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


def bench_of(
    plan: Plan,
    source: Corpus,
    profile: Profile,
    database: Path,
    *,
    sources: Sources | None = None,
    cache: StageCache | None = None,
    keeps_queries: bool = False,
) -> Bench:
    """Return the bench on which a profile is asked; without ``sources``, those needed."""
    return Bench(
        corpus=source,
        profile=profile,
        database=database,
        cache=cache or stage_cache(),
        sources=sources_for(plan.conditions) if sources is None else sources,
        seed=plan.seed,
        longest_s=plan.longest_s,
        keeps_queries=keeps_queries,
    )


def sources_for(conditions: Sequence[Condition]) -> Sources:
    """Return the audio files that conditions draw from, preparing a corpus where one is needed."""
    recorded = any(
        isinstance(step, Babble) and step.talkers == "recorded"
        for condition in conditions
        for step in condition.chain
    )
    if not recorded:
        return {}
    speech = corpus("debian-speech")
    return {"speech": tuple(speech.path_of(track) for track in speech.tracks)}


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


def cuts(bench: Bench, queries: Sequence[q.Query]) -> Iterator[tuple[q.Query, float, Signal]]:
    """Yield queries of one track, each with its start in seconds and its clip, undegraded."""
    track = queries[0].track
    config = bench.profile.fingerprint
    whole = bench.cache.signal(bench.corpus, track, config)
    n = 1 + max(query.number for query in queries)
    drawn: dict[str, Any] = {"n": n, "longest_s": bench.longest_s, "seed": bench.seed}
    starts_s = bench.cache.starts(
        lambda: q.excerpts_of(bench.corpus, track, whole, **drawn),
        {"corpus": bench.corpus.seeded_as, **drawn},
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
        "corpus": bench.corpus.seeded_as,
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
