"""Candidates -> confidence: is the best song the right one, or is it chance?

The confidence is a logistic model over evidence of several kinds, because the plain number of
votes misleads: the many pairs around one shared peak are not independent. The kinds are

* ``log_votes``, ``log_anchors``, ``log_idf``: natural logarithms of 1 + the counts of
  `fpcore.records.Candidates`;
* ``anchor_share``: anchors found per peak of the query;
* ``blocks_share``: share of the query's half seconds with at least one vote;
* ``log_contrast``: logarithm of the weight over that of chance matches of the same query.

A candidate below the profile's threshold has confidence 0.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fpcore.config import Decision, EvidenceName
from fpcore.records import Candidates


def evidence(
    candidates: Candidates, *, n_query_peaks: int, n_query_blocks: int
) -> dict[EvidenceName, NDArray[np.float64]]:
    """Return each kind of evidence, float64 (n,), for n candidates of one query.

    ``n_query_peaks`` is the number of peaks at one shift, ``n_query_blocks`` the query's
    length in half seconds.
    """
    return {
        "log_votes": np.log1p(candidates.votes),
        "log_anchors": np.log1p(candidates.anchors),
        "log_idf": np.log1p(candidates.idf),
        "anchor_share": candidates.anchors / max(n_query_peaks, 1),
        "blocks_share": candidates.blocks / max(n_query_blocks, 1),
        "log_contrast": np.log(np.maximum(candidates.contrast, 1e-9)),
    }


def confidence(
    observed: dict[EvidenceName, NDArray[np.float64]], decision: Decision
) -> NDArray[np.float64]:
    """Return the confidence in [0, 1] of each candidate, before the threshold is applied."""
    logit: NDArray[np.float64] = decision.intercept + sum(
        (weight * observed[name] for name, weight in decision.weights.items()),
        start=np.zeros(len(observed["log_votes"])),
    )
    return 1 / (1 + np.exp(-np.clip(logit, -500, 500)))


def decide(probability: NDArray[np.float64], decision: Decision) -> NDArray[np.float64]:
    """Return ``probability`` with everything below the threshold set to 0."""
    return np.where(probability >= decision.threshold, probability, 0.0)
