"""A decoded recording against a store: the stages from query to matches, with their times."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter

import numpy as np

from fpcore import decision, matching, pipeline, units
from fpcore.config import EvidenceName, Profile
from fpcore.errors import UnknownSongError
from fpcore.records import (
    Candidates,
    DoubleArray,
    LongArray,
    Match,
    Recognition,
    Signal,
    StageTimes,
    Verification,
)
from fpcore.store.base import Store
from fpcore.verification import verify


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """Everything found on the way to an answer: what `Recognition` sums up, and pictures show.

    ``rows[i]`` is the row of ``candidates`` and ``verification`` that ``matches[i]`` stands for.
    """

    query: pipeline.Query
    hits: matching.Hits
    candidates: Candidates
    verification: Verification
    rows: LongArray
    matches: tuple[Match, ...]
    times: StageTimes

    @property
    def recognition(self) -> Recognition:
        """The answer: the best candidate if it was accepted."""
        accepted = self.matches[0] if self.matches and self.matches[0].accepted else None
        n_hashes = len(self.query.hashes)
        return Recognition(accepted, self.matches, self.query.duration_s, n_hashes, self.times)


def align(signal: Signal, store: Store, profile: Profile, *, decode_s: float = 0.0) -> Alignment:
    """Return the candidates for a recording with their evidence and hits.

    ``decode_s`` is what decoding the signal took, to be passed on in the times. A recording
    that is silent or shorter than a window gives no candidates.
    """
    started = perf_counter()
    query = pipeline.query(signal, profile.fingerprint, profile.query)
    fingerprint_s = perf_counter() - started
    return align_query(query, store, profile, decode_s=decode_s, fingerprint_s=fingerprint_s)


def align_query(
    query: pipeline.Query,
    store: Store,
    profile: Profile,
    *,
    decode_s: float = 0.0,
    fingerprint_s: float = 0.0,
) -> Alignment:
    """Return the candidates for a recording whose hashes are known; see `align`."""
    while True:
        try:
            return _aligned(query, store, profile, decode_s, fingerprint_s)
        except UnknownSongError:
            # A song was removed after its postings were found: the next look-up has none of it.
            continue


def _aligned(
    query: pipeline.Query, store: Store, profile: Profile, decode_s: float, fingerprint_s: float
) -> Alignment:
    started = perf_counter()
    config = profile.fingerprint
    tokens = np.unique(query.hashes.token)
    postings = store.lookup(tokens)
    looked_up = perf_counter()
    hits = matching.hits(query.hashes, tokens, postings)
    candidates = matching.rank(hits, query.hashes, config, profile.query)
    verification = verify(candidates, query.peaks, store.peaks)
    observed = decision.evidence(candidates, verification, n_query_blocks=query.n_blocks)
    rows = _best_places(candidates.song_id, observed, profile)
    matches = _matches(rows, candidates, observed, query, store, profile)
    times = StageTimes(decode_s, fingerprint_s, looked_up - started, perf_counter() - looked_up)
    return Alignment(query, hits, candidates, verification, rows, matches, times)


def _best_places(
    song_id: LongArray, observed: dict[EvidenceName, DoubleArray], profile: Profile
) -> LongArray:
    """Return the rows of each song's best place, the likeliest song first."""
    by_place = np.argsort(-decision.place_score(observed), kind="stable")
    _, first_of_song = np.unique(song_id[by_place], return_index=True)
    rows = by_place[np.sort(first_of_song)]
    log_odds = decision.logit(observed, profile.decision)
    return rows[np.argsort(-log_odds[rows], kind="stable")]


def _matches(
    rows: LongArray,
    candidates: Candidates,
    observed: dict[EvidenceName, DoubleArray],
    query: pipeline.Query,
    store: Store,
    profile: Profile,
) -> tuple[Match, ...]:
    probability = decision.probability(decision.logit(observed, profile.decision))
    confidence = decision.confidence(probability, profile.decision)
    tick_s = profile.fingerprint.hop_s / query.hashes.ticks_per_frame
    return tuple(
        Match(
            song_id=int(candidates.song_id[row]),
            song_name=store.song(int(candidates.song_id[row])).name,
            offset_s=units.frames_to_s(float(candidates.offset_ticks[row]), tick_s),
            votes=int(candidates.votes[row]),
            probability=float(probability[row]),
            confidence=float(confidence[row]),
        )
        for row in rows
    )
