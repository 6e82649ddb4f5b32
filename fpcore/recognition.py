"""A decoded recording against a store: the stages from query to matches, with their times."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter

import numpy as np

from fpcore import decision, matching, pipeline, units
from fpcore.config import Profile
from fpcore.records import Candidates, Match, Recognition, Signal, StageTimes, Verification
from fpcore.store.base import Store
from fpcore.verification import verify


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """Everything found on the way to an answer: what `Recognition` sums up, and pictures show."""

    query: pipeline.Query
    hits: matching.Hits
    candidates: Candidates
    verification: Verification
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
    started = perf_counter()
    config = profile.fingerprint
    tokens = np.unique(query.hashes.token)
    postings = store.lookup(tokens)
    looked_up = perf_counter()
    hits = matching.hits(query.hashes, tokens, postings)
    candidates = matching.rank(hits, query.hashes, config, profile.query)
    verification = verify(candidates, query.peaks, store.peaks)
    matches = _matches(candidates, verification, query, store, profile)
    times = StageTimes(decode_s, fingerprint_s, looked_up - started, perf_counter() - looked_up)
    return Alignment(query, hits, candidates, verification, matches, times)


def _matches(
    candidates: Candidates,
    verification: Verification,
    query: pipeline.Query,
    store: Store,
    profile: Profile,
) -> tuple[Match, ...]:
    """Return the best place of each song, the likeliest song first."""
    observed = decision.evidence(candidates, verification, n_query_blocks=query.n_blocks)
    log_odds = decision.logit(observed, profile.decision)
    likeliest = np.argsort(-log_odds, kind="stable")
    _, first_of_song = np.unique(candidates.song_id[likeliest], return_index=True)
    rows = likeliest[np.sort(first_of_song)]
    probability = decision.probability(log_odds)
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
