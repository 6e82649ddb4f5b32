"""Accuracy, trust and cost, computed from stored rows: pure functions, no new run needed.

Conventions
-----------
* Rows are those of `experiments.evaluation.rows`: one per query. A *positive* is a query of an
  indexed track, a *negative* one of a left-out track.
* A query is *accepted* when its probability is at least the threshold. The probability is the
  column ``confidence_probability`` (from a model that saw nothing of the query's work) where
  the rows have it, else ``probability``.
* Shares and rates lie in [0, 1], durations are seconds.
* A *miss* is a positive that is not both accepted and right; a *false alarm* is an accepted
  negative. A positive that is accepted under a wrong name is a miss here, and counted apart.
* Intervals are Wilson's score intervals at 95% for independent queries. Excerpts of one
  piece are alike, and pooled conditions repeat the same excerpts: `clustered` widens the
  interval by the measured design effect; use it for figures pooled over conditions.
* Nothing asked: a share of 0 out of 0 is NaN with the interval (0, 1), a curve has no rows, a
  calibration error is NaN. All right: the share is 1 and its interval still reaches below 1.
"""

from experiments.metrics.answers import SURE, localised, precision_at
from experiments.metrics.costs import STAGES, cost, latency, time_ratio
from experiments.metrics.counts import METRICS, overall, summary, verdicts
from experiments.metrics.detection import Recall, det_curve, recall_at
from experiments.metrics.intervals import CONFIDENCE, Share, clustered, share_of, wilson
from experiments.metrics.reliability import calibration_curve, calibration_error
from experiments.metrics.rows import CELL, probability_of

__all__ = [
    "CELL",
    "CONFIDENCE",
    "METRICS",
    "STAGES",
    "SURE",
    "Recall",
    "Share",
    "calibration_curve",
    "calibration_error",
    "clustered",
    "cost",
    "det_curve",
    "latency",
    "localised",
    "overall",
    "precision_at",
    "probability_of",
    "recall_at",
    "share_of",
    "summary",
    "time_ratio",
    "verdicts",
    "wilson",
]
