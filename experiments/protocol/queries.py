"""Queries: excerpts of tracks under conditions, and how each is drawn from a seed.

Excerpts are drawn once per track at the longest clip length; shorter clips are their
beginnings, and every condition degrades the same excerpts. So conditions, lengths and
configurations are compared on the same music. Everything follows from the seed and the ids. Times
are seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Protocol

import numpy as np

from experiments.corpora import Corpus, Track
from experiments.degradations import Condition, Sources, degrade
from experiments.errors import CorpusError
from experiments.protocol.excerpts import Excerpt, cut, pick_excerpts
from experiments.seeds import seeded_rng
from fpcore.records import Signal


class AnyQuery(Protocol):
    """What rows and draws need to know of whatever is asked, an excerpt or a recording.

    ``song`` is the id of its track, "" where there is none. Of ``work`` are all recordings that
    are right answers to each other.
    """

    @property
    def id(self) -> str:
        """Name of the query."""
        ...

    @property
    def drawn_as(self) -> str:
        """Name that seeds random choices."""
        ...

    @property
    def repeat(self) -> int:
        """Round that it belongs to."""
        ...

    @property
    def song(self) -> str:
        """Id of the track."""
        ...

    @property
    def work(self) -> str:
        """The work that it is of."""
        ...

    @property
    def indexed(self) -> bool:
        """Whether that is in the index."""
        ...

    @property
    def condition_name(self) -> str:
        """Name of the condition."""
        ...

    @property
    def clip_s(self) -> float:
        """Length in seconds by which rows are told apart."""
        ...


@dataclass(frozen=True, slots=True)
class Query:
    """One excerpt under one condition.

    ``indexed`` says whether its track is in the index, ``number`` which of the track's excerpts it
    is, ``repeat`` in which round all was drawn anew.
    """

    track: Track
    indexed: bool
    number: int
    clip_s: float
    condition: Condition
    repeat: int = 0

    @property
    def song(self) -> str:
        """Id of the track."""
        return self.track.id

    @property
    def work(self) -> str:
        """The work that the track is of."""
        return self.track.work

    @property
    def condition_name(self) -> str:
        """Name of the condition."""
        return self.condition.name

    @property
    def drawn_as(self) -> str:
        """Name that seeds random choices, the same in all repeats: these differ by the seed."""
        return f"{self.track.id}#{self.number}/{self.clip_s:g}s/{self.condition.name}"

    @property
    def id(self) -> str:
        """Name of the query, unique within an evaluation and equal for equal queries.

        Those of repeats end in ``~`` and their number.
        """
        return f"{self.drawn_as}~{self.repeat}" if self.repeat else self.drawn_as


def plan(
    indexed: Sequence[Track],
    left_out: Sequence[Track],
    *,
    conditions: Sequence[Condition],
    clip_lengths_s: Sequence[float],
    n_indexed: int,
    n_left_out: int,
    seed: int,
    repeat: int = 0,
) -> list[Query]:
    """Return the queries for excerpts of indexed and of left-out tracks.

    The excerpts go round the tracks, so each gives as many as the others, or one more; which
    tracks give one more depends on the seed.

    Parameters
    ----------
    indexed, left_out : sequence of Track
        Who may be asked about; tracks shorter than the longest clip are passed over.
    conditions : sequence of Condition
        Each excerpt is asked under each of them.
    clip_lengths_s : sequence of float, above 0
        Each excerpt is asked at each of these lengths in seconds.
    n_indexed, n_left_out : int, at least 0
        Excerpts of each group, for each condition and clip length.
    seed : int
        Orders the tracks.
    repeat : int, at least 0, optional
        Round that the queries belong to.

    Returns
    -------
    list of Query
        ``(n_indexed + n_left_out) * len(conditions) * len(clip_lengths_s)`` of them.

    Raises
    ------
    CorpusError
        When excerpts are asked of a group that has no track long enough.
    """
    longest_s = max(clip_lengths_s)
    queries = []
    for tracks, n, is_indexed in ((indexed, n_indexed, True), (left_out, n_left_out, False)):
        usable = [track for track in tracks if track.duration_s >= longest_s]
        if n and not usable:
            kind = "indexed" if is_indexed else "left-out"
            raise CorpusError(
                f"no {kind} track lasts {longest_s:g} s: take shorter clips or a larger corpus"
            )
        for track, number in _rounds(usable, n, seed=seed):
            queries += [
                Query(track, is_indexed, number, clip_s, condition, repeat)
                for clip_s in clip_lengths_s
                for condition in conditions
            ]
    return queries


def _rounds(tracks: Sequence[Track], n: int, *, seed: int) -> list[tuple[Track, int]]:
    """Return ``n`` pairs of track and excerpt number, every track once before any comes again."""
    if not n:
        return []
    order = seeded_rng(seed, "rounds").permutation(len(tracks))
    return [(tracks[order[i % len(tracks)]], i // len(tracks)) for i in range(n)]


def by_track(queries: Iterable[Query]) -> Iterator[list[Query]]:
    """Yield the queries of each track in each repeat; repeats, tracks and queries in order."""
    in_order = sorted(queries, key=lambda one: (one.repeat, one.track.id, one.drawn_as))
    for _, group in groupby(in_order, lambda one: (one.repeat, one.track.id)):
        yield list(group)


def excerpts_of(
    corpus: Corpus, track: Track, signal: Signal, *, n: int, longest_s: float, seed: int
) -> tuple[Excerpt, ...]:
    """Return the first excerpts of a track, which follow from seed, corpus and track.

    Parameters
    ----------
    corpus : Corpus
        Whose name seeds the choice.
    track : Track
        Whose id seeds the choice.
    signal : Signal, float32 (n_samples,)
        Its decoded audio.
    n : int, at least 0
        How many.
    longest_s : float, above 0
        Length of each in seconds.
    seed : int
        Another seed gives other excerpts.

    Returns
    -------
    tuple of n Excerpt

    Raises
    ------
    CorpusError
        When the track is shorter than an excerpt, or silent.
    """
    rng = seeded_rng(seed, "excerpts", corpus.seeded_as, track.id)
    return pick_excerpts(signal, track_id=track.id, n=n, duration_s=longest_s, rng=rng)


def clip(signal: Signal, excerpt: Excerpt, clip_s: float) -> Signal:
    """Return the beginning of an excerpt, undegraded, as a copy.

    Parameters
    ----------
    signal : Signal, float32 (n_samples,)
        The track's decoded audio.
    excerpt : Excerpt
        Gives where it begins.
    clip_s : float, above 0
        Length of the clip in seconds, at most that of the excerpt.

    Returns
    -------
    Signal, float32 (round(clip_s * sample rate),)
    """
    short = replace(excerpt, duration_s=clip_s)
    return Signal(np.array(cut(signal, short).samples), signal.sample_rate_hz)


def degraded(clean: Signal, query: Query, *, sources: Sources, seed: int) -> Signal:
    """Return a clip under its query's condition.

    Parameters
    ----------
    clean : Signal, float32 (n,)
        The clip, undegraded.
    query : Query
        Gives the condition; its name seeds the random choices.
    sources : Sources
        Audio files that degradations draw from, by name.
    seed : int
        Another seed gives other noise.

    Returns
    -------
    Signal, float32
        Of the length of ``clean``, unless the condition changes speed or tempo.

    Raises
    ------
    SilentSignalError, ConfigError, AudioError
        As `experiments.degradations.degrade`.
    """
    rng = seeded_rng(seed, "degrade", query.drawn_as)
    return degrade(clean, query.condition.chain, rng=rng, sources=sources)
