"""Asking of strangers in ever larger libraries: does the rate of false alarms stay what it was?

A stranger is a query of a song that is not in the index; its log-odds are those of the likeliest
song in any pass over it. If N songs each gave it independent log-odds with an exponential tail,
the largest would follow a Gumbel law, whose location grows by scale × ln 10 when N grows tenfold
(E. J. Gumbel, "Statistics of Extremes", 1958). But the evidence is compared with a chance level
that grows with the index too (`fpcore.stages.matching.chance_weight`), so what really happens has
to be measured: the songs of a corpus are indexed among surrogate ones (`surrogates`), and the
same queries are asked at each size. Only calibration songs are asked about.

Columns of the rows
-------------------
times, n_songs, kind
    Size of the index in times the corpus, in songs, and what is in it: "real" songs, real ones
    and "surrogates", or as many "surrogates alone" as there are real songs. The last shows whether
    surrogates are mistaken for a stranger as often as real songs are.
query, condition, clip_s, work, indexed
    What was asked, as in `experiments.evaluation.rows`.
log_odds
    Of the likeliest song: for left-out songs over all passes, for indexed ones of the pass that
    answers. Minus infinity where no song had a hit.
accepted, right
    Whether a name was given, and whether the likeliest song is the right work.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from experiments.corpora import Corpus
from experiments.evaluation.context import Context
from experiments.evaluation.index import build_index
from experiments.evaluation.sub_index import PartOfIndex
from experiments.progress import Tell
from experiments.protocol import queries as q
from experiments.seeds import seeded_rng
from experiments.studies.false_alarms.surrogates import surrogate_songs
from experiments.studies.large_index.scratch import BATCH_SONGS, room_for
from experiments.studies.large_index.songs import fill
from fpcore import pipeline
from fpcore.config import Profile
from fpcore.records import Match
from fpcore.search.passes import SearchTrace, align_query, passes
from fpcore.store import Entry, Index, Store, open_store

IndexKind = Literal["real", "surrogates", "surrogates alone"]


@dataclass(frozen=True, slots=True, eq=False)
class HashedQuery:
    """A query, and what is looked up for it."""

    query: q.Query
    looked_up: tuple[pipeline.QueryFingerprint, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Sized:
    """An index and its size: in times the corpus, and in songs."""

    index: Index
    kind: IndexKind
    times: int
    n_songs: int


def measure(
    context: Context, profile: Profile, times: Sequence[int], *, show: Tell
) -> Iterator[pd.DataFrame]:
    """Yield the rows of each size of the index, sizes ascending.

    Parameters
    ----------
    context : Context
        The corpus and the plan.
    profile : Profile
        The configuration that learns and asks.
    times : sequence of int, at least 1
        Sizes of the index in times the corpus; 1 is always among them.
    show : Tell
        Is told what is being done.

    Yields
    ------
    pandas.DataFrame
        A row per query that is asked at this size.

    Raises
    ------
    CorpusError
        When no track is long enough for the queries.
    FpError
        When the disk of the cache folder has no room for the largest index.
    """
    sizes = sorted({1, *times})
    with room_for(sizes[-1] * len(context.parts.indexed)) as folder:
        asked = list(_asked(context, profile, show))
        for sized in _indexes(context, profile, folder / "index.db", sizes, show):
            rows = []
            for number, one in enumerate(asked, start=1):
                show(f"Asking {sized.n_songs:,} songs, {number} of {len(asked)} queries")
                if not one.query.indexed or sized.kind != "surrogates alone":
                    rows.append(_row(one, sized, profile, context.corpus))
            yield pd.DataFrame(rows)


def _asked(context: Context, profile: Profile, show: Tell) -> Iterator[HashedQuery]:
    config, query_config = profile.fingerprint, profile.query
    for clip in context.clips(context.queries("calibration"), config):
        show(f"Cutting queries of {clip.query.track.id}")
        recording = context.recording(clip)
        yield HashedQuery(clip.query, pipeline.queries(recording, config, query_config))


def _indexes(
    context: Context, profile: Profile, database: Path, sizes: Sequence[int], show: Tell
) -> Iterator[Sized]:
    """Yield the index at each size, which grows from one to the next, with its snapshot.

    Once it holds enough of them, as many surrogates alone are yielded as there are tracks.
    """
    show("Learning the corpus")
    build_index(context, profile.fingerprint, database, n_jobs=1)
    with open_store(database, None) as store:
        real = store.songs()
        more = surrogate_songs(
            [store.constellation(song.id) for song in real],
            [song.duration_s for song in real],
            profile.fingerprint,
            seeded_rng(context.plan.seed, "surrogates"),
        )
        for times in sizes:
            _grow(store, more, times * len(real), show)
            yield Sized(store, "real" if times == 1 else "surrogates", times, store.n_songs())
            if times > 1 and times == sizes[1]:
                made = store.songs(name_contains="surrogate ", limit=len(real))
                alone = PartOfIndex(store, [song.id for song in made])
                yield Sized(alone, "surrogates alone", 1, len(made))


def _grow(store: Store, songs: Iterator[Entry], n_songs: int, show: Tell) -> None:
    """Add songs until there are ``n_songs``, and make a snapshot of all."""
    n_more = n_songs - store.n_songs()
    fill(
        store,
        itertools.islice(songs, n_more),
        lambda n: show(f"Learning, {n:,} songs"),
        batch_songs=BATCH_SONGS,
    )
    show(f"Making a snapshot of {n_songs:,} songs")
    store.make_snapshot()


def _row(asked: HashedQuery, sized: Sized, profile: Profile, source: Corpus) -> dict[str, Any]:
    query = asked.query
    if query.indexed:
        log_odds, best = _likeliest([align_query(asked.looked_up, sized.index, profile)])
    else:
        of_passes = passes(asked.looked_up, sized.index, profile)
        log_odds, best = _likeliest(itertools.chain.from_iterable(of_passes))
    found = source.by_id.get(best.song_name) if best else None
    return {
        "times": sized.times,
        "n_songs": sized.n_songs,
        "kind": sized.kind,
        "query": query.id,
        "condition": query.condition.name,
        "clip_s": query.clip_s,
        "work": query.track.work,
        "indexed": query.indexed,
        "log_odds": log_odds,
        "accepted": bool(best and best.accepted),
        "right": bool(query.indexed and found and found.work == query.track.work),
    }


def _likeliest(traces: Iterable[SearchTrace]) -> tuple[float, Match | None]:
    """Return the likeliest song of all passes, with its log-odds."""
    log_odds, best = -np.inf, None
    for trace in traces:
        if trace.matches:
            of_pass = float(trace.log_odds[trace.rows[0]])
            if of_pass > log_odds:
                log_odds, best = of_pass, trace.matches[0]
    return log_odds, best
