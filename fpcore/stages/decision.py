"""Decision: from the evidence for each candidate to the confidence that its song is the right one.

The confidence comes from a logistic model over several kinds of evidence. The number of votes
alone misleads, because the many pairs around one shared peak are not independent. The kinds of
evidence are

* ``log_idf``: natural logarithm of 1 + ``idf``, the weight of the votes (see
  `fpcore.records.Candidates`);
* ``log_votes``: the same of the number of votes, for decisions that are written by hand; a
  fitted decision gains nothing from it beside ``log_idf``;
* ``log_chance``: logarithm of the weight that chance matches of the same query reach; where
  chance matches are heavy, a heavy candidate means little;
* ``found``: verified peaks of the song divided by the square root of the expected number, the
  scale on which a sum of independent chances varies;
* ``rank_z`` and ``broadband_z``: from `fpcore.stages.level_ranks`;
* ``crest_db``: from `fpcore.stages.crest`, in dB, at most `CLEAR_DB`: a clear recording of a song
  shows more of its peaks than a noisy one;
* ``log_hypotheses``: logarithm of how many hypotheses were tried, other playbacks included: each
  is one more chance to be wrong.

A candidate below the profile's threshold has confidence 0. One with fewer than `FEWEST_VOTES`
votes is practically never accepted, whatever its other evidence.

The more songs an index holds, the stronger the best chance match among them. Up to
`PENALISED_FROM` songs the chance level and the usual weight of a hit make up for that. Above,
each tenfold growth beyond the index that the decision was calibrated on lowers the log-odds of
every candidate by `GROWTH_PER_TENFOLD` (`library_size_penalty`).
"""

from __future__ import annotations

import math

import numpy as np

from fpcore.config import Decision, EvidenceName
from fpcore.records import Candidates, DoubleArray, LongArray, Verification

CLEAR_DB = 20.0
"""A recording with this crest is clear, and more says nothing. Music differs in how far its peaks
stand out. Without this limit the clearest recordings were rejected when they were played at another
speed, where fewer peaks are found."""

FEWEST_VOTES = 3
"""One or two hashes agree on an offset by chance, and all other evidence is gathered there.
Without this limit, plain noise was given the name of one of eight songs in 11 of 400 clips, in 8
of them by fewer votes. Of 3,119 right answers to noisy clips of debian-games one had fewer votes,
and of 937 in small parts of that corpus nine had."""
IMPOSSIBLE = 20.0
"""Too few votes lower the log-odds by this much, which no other evidence makes up for."""

PENALISED_FROM = 171
"""Songs up to which an index needs no penalty: with all 171 of debian-games, recordings of unknown
songs are given a name no more often than with a few of them."""
GROWTH_PER_TENFOLD = 1.7
"""By how much the log-odds of the best wrong candidate grow when an index grows tenfold.
``fpbench false-alarms`` measured 1.1 to 2.4 from 171 to 1,710 songs of debian-games and surrogates,
with half as large a penalty in force. Independent chances would give 3.2, by the Gumbel
distribution fitted to the smallest index."""


def evidence(
    candidates: Candidates,
    verification: Verification,
    *,
    n_hypotheses: int,
    crest_db: float,
) -> dict[EvidenceName, DoubleArray]:
    """Return each kind of evidence for the candidates of one query.

    Parameters
    ----------
    candidates : Candidates
        The n places in songs that the query may come from.
    verification : Verification
        What was found of each candidate's peaks; row ``i`` belongs to candidate ``i``.
    n_hypotheses : int
        Hypotheses tried for the query so far, >= 1, other playbacks included.
    crest_db : float
        Spectral crest of the query in dB.

    Returns
    -------
    dict of EvidenceName to float64 (n,)
        The values in the order of ``candidates``.
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
    """Return a score for each place, by which the best one within a song is chosen, float64 (n,).

    ``observed`` is what `evidence` returns. Scores of different songs are not to be compared.

    Music repeats itself, and votes alone often prefer a repetition of the right passage. Of the
    weights that were tried, these put most calibration queries of debian-games under heavy noise
    in the right place: without the rank z 2 in 100 fewer are right, with ``log_idf`` alone 6 in
    100 fewer. The agreement of levels tells repetitions with the same notes apart (3 in 100 clean
    clips of 5 s) and makes no difference under noise. All kept peaks of the song count, not only
    the paired ones, which put 14 more of 1,929 queries in the right place.
    """
    score: DoubleArray = (
        observed["log_idf"]
        + 4 * np.log1p(verification.kept_verified)
        + 0.5 * verification.kept_rank_z
        + 4 * verification.level_agreement
    )
    return score


def logit(
    observed: dict[EvidenceName, DoubleArray], decision: Decision, *, votes: LongArray
) -> DoubleArray:
    """Return the log-odds that each candidate is right, float64 (n,).

    They are the decision's intercept plus the weighted sum of the evidence, lowered by
    `IMPOSSIBLE` below `FEWEST_VOTES` votes.

    Parameters
    ----------
    observed : dict of str to float64 (n,)
        What `evidence` returns; each kind that ``decision`` weighs must be there.
    decision : Decision
        What each kind of evidence is worth.
    votes : int64 (n,)
        The votes of each candidate.

    Examples
    --------
    >>> import numpy as np
    >>> from fpcore.config import Decision
    >>> decision = Decision(intercept=-6.0, weights={"log_votes": 2.0}, threshold=0.9)
    >>> votes = np.array([2, 10, 120])
    >>> log_odds = logit({"log_votes": np.log1p(votes)}, decision, votes=votes)
    >>> log_odds.round(1)
    array([-23.8,  -1.2,   3.6])
    >>> confidence(probability(log_odds), decision).round(3)
    array([0.   , 0.   , 0.973])
    """
    total = np.full(len(votes), decision.intercept)
    for name, weight in decision.weights.items():
        total += weight * observed[name]
    total[votes < FEWEST_VOTES] -= IMPOSSIBLE
    return total


def library_size_penalty(n_songs: int, decision: Decision) -> float:
    """Return by how much an index of ``n_songs`` lowers the log-odds of every candidate.

    It is 0 up to the number of songs that the decision was calibrated on, and when that is unknown.

    >>> from fpcore.config import Decision
    >>> decision = Decision(intercept=0.0, weights={}, threshold=0.5, n_songs=1000)
    >>> library_size_penalty(1000, decision), library_size_penalty(100_000, decision)
    (0.0, 3.4)
    """
    if decision.n_songs is None:
        return 0.0
    usual = max(decision.n_songs, PENALISED_FROM)
    return GROWTH_PER_TENFOLD * math.log10(max(n_songs, usual) / usual)


def probability(log_odds: DoubleArray) -> DoubleArray:
    """Return the probability in [0, 1] of natural log-odds, float64 (n,) both."""
    return 1 / (1 + np.exp(-np.maximum(log_odds, -500)))  # beyond it the exponential overflows


def confidence(probability: DoubleArray, decision: Decision) -> DoubleArray:
    """Return ``probability``, float64 (n,), with all below the decision's threshold set to 0."""
    return np.where(probability >= decision.threshold, probability, 0.0)
