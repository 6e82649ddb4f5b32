"""Candidates -> confidence: is the best song the right one, or is it chance?

The confidence is a logistic model over evidence of several kinds, because the plain number of
votes misleads: the many pairs around one shared peak are not independent. The kinds are

* ``log_idf``: natural logarithm of 1 + the weight of the votes, see `fpcore.records.Candidates`;
* ``log_votes``: the same of their plain number, for decisions written by hand: it tells nothing
  that ``log_idf`` does not tell better;
* ``log_chance``: logarithm of what chance matches of the same query weigh, for where chance
  gives much, much means little;
* ``found``: verified peaks of the song over the square root of the expected, as sums of
  independent chances are compared;
* ``rank_z`` and ``broadband_z``: of `fpcore.stages.level_ranks`;
* ``crest_db``: of `fpcore.stages.crest`, in dB, at most `CLEAR_DB`: a clear recording of a song
  shows more of it than a noisy one;
* ``log_hypotheses``: logarithm of how many passes were taken, playbacks included: each is one
  more chance to be wrong.

A candidate below the profile's threshold has confidence 0. One with fewer than `FEWEST_VOTES` is
as good as impossible, whatever its other evidence.

The more songs, the more evidence chance gives the likeliest of them. Up to `PENALISED_FROM` songs
the chance level and the usual weight of a hit keep up with that; above, every tenfold of what a
decision was calibrated on costs each candidate `GROWTH_PER_TENFOLD` (`library_size_penalty`).
"""

from __future__ import annotations

import math

import numpy as np

from fpcore.config import Decision, EvidenceName
from fpcore.records import Candidates, DoubleArray, Verification

CLEAR_DB = 20.0
"""From here on a recording is clear. Music differs in how far its peaks stand out, and without
this limit the clearest recordings were rejected when played at another speed, which costs peaks."""

FEWEST_VOTES = 3
"""One or two hashes agree on an offset by chance, and the rest of the evidence rests on it: plain
noise was given the name of one of eight songs in 11 of 400 clips, 8 of them by fewer votes than
these. Of 3,119 answers to noisy clips of debian-games that were right one had as few, of 937 of
small parts of it nine."""
IMPOSSIBLE = 20.0
"""What too few votes take from the log-odds: nothing comes back from there."""

PENALISED_FROM = 171
"""Up to as many songs of debian-games strangers are named no oftener than among a few."""
GROWTH_PER_TENFOLD = 1.7
"""By how much the log-odds of the likeliest stranger grow when an index grows tenfold: 1.1 to
2.4 from 171 to 1,710 songs of debian-games and surrogates (``fpbench chance``, where half of it
was allowed for). Independent chances would give 3.2, by the Gumbel law of the smallest index."""


def evidence(
    candidates: Candidates,
    verification: Verification,
    *,
    n_hypotheses: int,
    crest_db: float,
) -> dict[EvidenceName, DoubleArray]:
    """Return each kind of evidence, float64 (n,), for n candidates of one query.

    ``n_hypotheses`` is the passes taken at the query so far, this one included, ``crest_db`` how
    far the query's peaks stand out.
    """
    expected = np.maximum(verification.expected, 1)
    return {
        "log_votes": np.log1p(candidates.votes),
        "log_idf": np.log1p(candidates.idf),
        "log_chance": np.log(candidates.chance),
        "found": verification.verified / np.sqrt(expected),
        "crest_db": np.full(len(candidates), min(crest_db, CLEAR_DB)),
        "rank_z": verification.rank_z,
        "broadband_z": verification.broadband_z,
        "log_hypotheses": np.full(len(candidates), np.log(n_hypotheses)),
    }


def place_score(
    observed: dict[EvidenceName, DoubleArray], verification: Verification
) -> DoubleArray:
    """Return by how much each place in a song is to be preferred to others in the same song.

    Music repeats itself, and votes alone often prefer a repeat. Of the weights that were tried
    these put most calibration queries of debian-games under heavy noise in their place: without
    the rank z 2 in 100 fewer, by ``log_idf`` alone 6 in 100 fewer. The agreement of levels
    tells repeats apart that have the same notes (3 in 100 clean clips of 5 s), and is silent
    under noise. All peaks that were kept of the song count, which put 14 more of 1,929 queries in
    their place than the paired ones alone.
    """
    score: DoubleArray = (
        observed["log_idf"]
        + 4 * np.log1p(verification.kept_verified)
        + 0.5 * verification.kept_rank_z
        + 4 * verification.level_agreement
    )
    return score


def logit(observed: dict[EvidenceName, DoubleArray], decision: Decision) -> DoubleArray:
    """Return the log-odds float64 (n,) that each candidate is right."""
    total = np.full(len(observed["log_votes"]), decision.intercept)
    for name, weight in decision.weights.items():
        total += weight * observed[name]
    total[np.rint(np.expm1(observed["log_votes"])) < FEWEST_VOTES] -= IMPOSSIBLE
    return total


def library_size_penalty(n_songs: int, decision: Decision) -> float:
    """Return what the log-odds of every candidate lose in an index of ``n_songs``.

    Nothing up to the size that the decision was calibrated on, or where that is not known.
    """
    if decision.n_songs is None:
        return 0.0
    usual = max(decision.n_songs, PENALISED_FROM)
    return GROWTH_PER_TENFOLD * math.log10(max(n_songs, usual) / usual)


def probability(log_odds: DoubleArray) -> DoubleArray:
    """Return the probability in [0, 1] of log-odds."""
    return 1 / (1 + np.exp(-np.clip(log_odds, -500, 500)))


def confidence(probability: DoubleArray, decision: Decision) -> DoubleArray:
    """Return ``probability`` with everything below the threshold set to 0."""
    return np.where(probability >= decision.threshold, probability, 0.0)
