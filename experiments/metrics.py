"""Accuracy, trust and cost, computed from stored rows: pure functions, no new run needed.

Conventions
-----------
* Rows are those of `experiments.evaluation`: one per query. A *positive* is a query of an
  indexed track, a *negative* one of a left-out track.
* A query is *accepted* when its probability is at least the threshold. The probability is the
  column ``confidence_probability`` (from a model that saw nothing of the query's work) where
  the rows have it, else ``probability``.
* Shares and rates lie in [0, 1], durations are seconds.
* A *miss* is a positive that is not both accepted and right; a *false alarm* is an accepted
  negative. A positive that is accepted under a wrong name is a miss here, and counted apart.
* Intervals are Wilson's score intervals at 95% for independent queries [1]_. Excerpts of one
  piece are alike, and pooled conditions repeat the same excerpts: `clustered` widens the
  interval by the measured design effect [2]_; use it for figures pooled over conditions.
* Nothing asked: a share of 0 out of 0 is NaN with the interval (0, 1), a curve has no rows, a
  calibration error is NaN. All right: the share is 1 and its interval still reaches below 1.

References
----------
.. [1] E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
   Journal of the American Statistical Association 22, 1927.
.. [2] L. Kish, "Survey Sampling", Wiley, 1965, chapter 5: an effective number of queries. Where
   nearly all or nearly none are right, how alike rows are cannot be seen, and no measured
   likeness is a guess of none; there we assume what it was elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

CONFIDENCE = 0.95
STRICT_PLACE_S = 0.05
LOOSE_PLACE_S = 0.5
STAGES = ("decode", "fingerprint", "lookup", "align")
CELL = ["condition", "clip_s"]

ASSUMED_LIKENESS = 0.2
"""Correlation of rows of one work before it is measured: trials on generated songs gave .1-.3."""

LIKENESS_ROWS = 5.0
"""Rows of the rarer outcome at which the measured correlation weighs as much as the assumed."""

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Share:
    """``n_right`` out of ``n`` as a share, with its interval from ``low`` to ``high``."""

    n_right: int
    n: int
    share: float
    low: float
    high: float


def wilson(n_right: float, n: float, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return Wilson's score interval of a share, (0, 1) when ``n`` is 0.

    Parameters
    ----------
    n_right, n
        Successes and trials, 0 <= n_right <= n. They may be fractional: effective numbers.
    confidence
        Coverage, in (0, 1).

    Raises
    ------
    ValueError
        When the counts or the confidence are out of range.

    Examples
    --------
    >>> low, high = wilson(8, 10)
    >>> round(low, 4), round(high, 4)
    (0.4902, 0.9433)
    """
    if not 0 <= n_right <= n:
        raise ValueError(f"n_right must be from 0 to n, got {n_right} of {n}")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must be between 0 and 1, got {confidence}")
    if n == 0:
        return 0.0, 1.0
    z = float(ndtri((1 + confidence) / 2))
    share = n_right / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    reach = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    low = 0.0 if n_right == 0 else max(0.0, middle - reach)
    high = 1.0 if n_right == n else min(1.0, middle + reach)
    return low, high


def share_of(right: Bools) -> Share:
    """Return how many of ``right`` (n,) are true, with Wilson's interval."""
    return _share(int(np.sum(right)), len(right), effective_n=len(right))


def clustered(right: Bools, clusters: NDArray[Any]) -> Share:
    """Return how many of ``right`` (n,) are true, where rows of one cluster are alike.

    The interval is Wilson's for the effective number of rows: n over the design effect. How
    alike rows of a cluster are is measured, and drawn towards `ASSUMED_LIKENESS` where few rows
    show it; with fewer than two clusters nothing can be measured and they count as one row.
    """
    return _share(int(np.sum(right)), len(right), effective_n=_effective_n(right, clusters))


def _share(n_right: int, n: int, *, effective_n: float) -> Share:
    if n == 0:
        return Share(0, 0, math.nan, 0.0, 1.0)
    share = n_right / n
    low, high = wilson(share * effective_n, effective_n)
    return Share(n_right, n, share, low, high)


def _effective_n(right: Bools, clusters: NDArray[Any]) -> float:
    """Return n over the design effect 1 + (m - 1) r, for rows in clusters of m, alike by r."""
    n = len(right)
    _, row = np.unique(clusters, return_inverse=True)
    sizes = np.bincount(row)
    if len(sizes) < 2:
        return float(len(sizes))
    size = float(np.sum(sizes**2)) / n
    share = float(np.mean(right))
    alike = 0.0
    if 0 < share < 1 and size > 1:
        residuals = np.bincount(row, weights=np.asarray(right, float)) - share * sizes
        between = len(sizes) / (len(sizes) - 1) * float(np.sum(residuals**2)) / n**2
        design_effect = between / (share * (1 - share) / n)
        alike = min(max((design_effect - 1) / (size - 1), 0.0), 1.0)
    n_rare = n * min(share, 1 - share)
    assumed = ASSUMED_LIKENESS * LIKENESS_ROWS
    alike = (n_rare * alike + assumed) / (n_rare + LIKENESS_ROWS)
    return n / (1 + (size - 1) * alike)


def probability_of(outcomes: pd.DataFrame) -> Floats:
    """Return the probability (n,) that decides about each row: out of fold where known."""
    held_out = "confidence_probability" in outcomes
    name = "confidence_probability" if held_out else "probability"
    _require(outcomes, [name])
    return outcomes[name].to_numpy(float)


def verdicts(outcomes: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """Return what is true of each query: boolean columns on the index of ``outcomes``.

    ``top1`` and the places do not ask for acceptance; ``accepted_right`` does. The columns of
    positives are false for negatives and the reverse: select by ``indexed`` before counting.

    Raises
    ------
    ValueError
        When a column is missing or the threshold is negative. Above 1 nothing is accepted.
    """
    _require(outcomes, ["indexed", "right", "same_passage", "offset_error_s"])
    if not threshold >= 0:
        raise ValueError(f"threshold must be at least 0, got {threshold}")
    indexed = outcomes["indexed"].to_numpy(bool)
    right = outcomes["right"].to_numpy(bool) & indexed
    accepted = probability_of(outcomes) >= threshold
    error_s = outcomes["offset_error_s"].abs().to_numpy(float)
    same_passage = outcomes["same_passage"].to_numpy(bool)
    columns = {
        "top1": right,
        "accepted_right": right & accepted,
        "within_50ms": right & (error_s <= STRICT_PLACE_S),
        "same_passage": right & same_passage,
        "within_500ms": right & (error_s <= LOOSE_PLACE_S),
        "wrong_name": indexed & accepted & ~right,
        "false_accept": ~indexed & accepted,
    }
    return pd.DataFrame(columns, index=outcomes.index)


METRICS: Mapping[str, str] = {
    "top1": "right song first, before any threshold",
    "accepted_right": "accepted, and right",
    "within_50ms": "right song, its own place within 50 ms",
    "same_passage": "right song, within 50 ms of that place or of an exact repeat of it",
    "within_500ms": "right song, its own place within 500 ms",
    "wrong_name": "accepted under a wrong name, although the song is indexed",
    "false_accept": "given a name, although the song is not indexed",
}
"""What `summary` counts; all but the last over positives, ``false_accept`` over negatives."""


def summary(outcomes: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """Return every metric per condition and clip length, with counts and Wilson intervals.

    Returns
    -------
    pandas.DataFrame
        Columns condition, clip_s, metric (a key of `METRICS`), n_right, n, share, low, high;
        sorted by condition and clip length, metrics in the order of `METRICS`. ``n_right``
        counts the rows of which the metric is true, for errors too.
    """
    _require(outcomes, CELL)
    rows = []
    for (condition, clip_s), cell in outcomes.groupby(CELL, sort=True):
        for metric, share in _shares(cell, threshold).items():
            rows.append({"condition": condition, "clip_s": clip_s, **_row(metric, share)})
    columns = [*CELL, "metric", "n_right", "n", "share", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def overall(outcomes: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """Return every metric over all rows, intervals widened for rows of one work (`clustered`).

    Columns as `summary` without condition and clip_s; the index is the metric.
    """
    shares = _shares(outcomes, threshold, by_work=True)
    rows = [_row(metric, share) for metric, share in shares.items()]
    return pd.DataFrame(rows).set_index("metric")


def _shares(outcomes: pd.DataFrame, threshold: float, *, by_work: bool = False) -> dict[str, Share]:
    found = verdicts(outcomes, threshold)
    indexed = outcomes["indexed"].to_numpy(bool)
    shares = {}
    for metric in METRICS:
        rows = ~indexed if metric == "false_accept" else indexed
        right = found[metric].to_numpy(bool)[rows]
        if by_work:
            shares[metric] = clustered(right, outcomes["work"].to_numpy(str)[rows])
        else:
            shares[metric] = share_of(right)
    return shares


def _row(metric: str, share: Share) -> dict[str, Any]:
    return {
        "metric": metric,
        "n_right": share.n_right,
        "n": share.n,
        "share": share.share,
        "low": share.low,
        "high": share.high,
    }


def det_curve(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Return false-alarm rate against miss rate for every threshold that makes a difference.

    Returns
    -------
    pandas.DataFrame
        Columns threshold (falling; first +inf, which accepts nothing), false_alarm_rate
        (rising from 0) and miss_rate (falling from 1). Empty without positives or negatives.

    References
    ----------
    A. Martin et al., "The DET curve in assessment of detection task performance", Eurospeech
    1997. A miss is not the song's rejection alone but any failure to name it.
    """
    scores, right, negative = _scores(outcomes)
    columns = ["threshold", "false_alarm_rate", "miss_rate"]
    n_negatives = int(negative.sum())
    n_positives = len(scores) - n_negatives
    if not n_negatives or not n_positives:
        return pd.DataFrame(columns=columns, dtype=float)
    order = np.argsort(-scores, kind="stable")
    falling = scores[order]
    last = np.flatnonzero(np.append(np.diff(falling) != 0, True))
    false_alarms = np.cumsum(negative[order])[last] / n_negatives
    hits = np.cumsum(right[order])[last] / n_positives
    return pd.DataFrame(
        {
            "threshold": np.concatenate([[np.inf], falling[last]]),
            "false_alarm_rate": np.concatenate([[0.0], false_alarms]),
            "miss_rate": np.concatenate([[1.0], 1 - hits]),
        }
    )


def _scores(outcomes: pd.DataFrame) -> tuple[Floats, Bools, Bools]:
    """Return probability, whether right, and whether negative, each (n,)."""
    _require(outcomes, ["indexed", "right"])
    negative = ~outcomes["indexed"].to_numpy(bool)
    right = outcomes["right"].to_numpy(bool) & ~negative
    return probability_of(outcomes), right, negative


@dataclass(frozen=True, slots=True)
class Recall:
    """How many positives are accepted and right when few negatives may be accepted.

    ``threshold`` is the lowest that keeps to ``false_alarm_rate`` on these negatives.
    ``false_alarms`` is the share of them that it accepts, its interval says what the rate may
    really be. ``supported`` is whether there are negatives enough for a single one to be
    allowed; without, the threshold simply lies above all of them.
    """

    false_alarm_rate: float
    threshold: float
    recall: Share
    false_alarms: Share
    supported: bool

    @property
    def n_negatives_needed(self) -> int:
        """Fewest negatives of which one may be accepted at this rate."""
        return math.ceil(1 / self.false_alarm_rate - 1e-9)

    @property
    def note(self) -> str:
        """What the number of negatives does not allow to say, in a sentence; "" if enough."""
        if self.supported:
            return ""
        return (
            f"{self.false_alarms.n} queries of left-out songs cannot show a false-alarm rate of "
            f"{self.false_alarm_rate:.1%}: at least {self.n_negatives_needed} are needed; the "
            f"threshold lies above all of them, and the true rate may be up to "
            f"{self.false_alarms.high:.1%}."
        )


def recall_at(outcomes: pd.DataFrame, false_alarm_rate: float) -> Recall:
    """Return the share of positives accepted and right at a stated false-alarm rate.

    Parameters
    ----------
    outcomes
        Rows with works, for the intervals (`clustered`).
    false_alarm_rate
        Largest share of the negatives that may be accepted, in (0, 1).
    """
    if not 0 < false_alarm_rate < 1:
        raise ValueError(f"false_alarm_rate must be between 0 and 1, got {false_alarm_rate}")
    _require(outcomes, ["work"])
    scores, right, negative = _scores(outcomes)
    works = outcomes["work"].to_numpy(str)
    falling = np.sort(scores[negative])[::-1]
    n_allowed = math.floor(false_alarm_rate * len(falling) + 1e-9)
    bound = float(falling[n_allowed]) if n_allowed < len(falling) else -math.inf
    accepted = scores > bound
    return Recall(
        false_alarm_rate,
        threshold=max(0.0, float(np.nextafter(bound, math.inf))),
        recall=clustered((right & accepted)[~negative], works[~negative]),
        false_alarms=clustered(accepted[negative], works[negative]),
        supported=n_allowed >= 1,
    )


def calibration_curve(outcomes: pd.DataFrame, *, n_bins: int = 10) -> pd.DataFrame:
    """Return how often answers of a stated probability are right, in bins of equal width.

    All queries count, negatives as answered wrongly: so the curve holds for the share of
    unknown songs among the queries that were asked.

    Returns
    -------
    pandas.DataFrame
        A row per bin that is not empty: from_probability, to_probability, n, probability
        (their mean), share (right), low and high (Wilson). Sorted by probability.
    """
    if n_bins < 1:
        raise ValueError(f"n_bins must be at least 1, got {n_bins}")
    probability, right, _ = _scores(outcomes)
    bins = np.minimum((probability * n_bins).astype(int), n_bins - 1)
    rows = []
    for one in np.unique(bins):
        inside = bins == one
        share = share_of(right[inside])
        rows.append(
            {
                "from_probability": one / n_bins,
                "to_probability": (one + 1) / n_bins,
                "n": share.n,
                "probability": float(probability[inside].mean()),
                "share": share.share,
                "low": share.low,
                "high": share.high,
            }
        )
    columns = ["from_probability", "to_probability", "n", "probability", "share", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def calibration_error(curve: pd.DataFrame) -> float:
    """Return the expected calibration error of a `calibration_curve`; NaN when it is empty.

    The mean distance of stated probability and share right, weighted by the rows of each bin:
    C. Guo et al., "On calibration of modern neural networks", ICML 2017, equation 5.
    """
    _require(curve, ["n", "probability", "share"])
    n = curve["n"].sum()
    if n == 0:
        return math.nan
    return float(((curve["probability"] - curve["share"]).abs() * curve["n"]).sum() / n)


def latency(timings: pd.DataFrame) -> pd.DataFrame:
    """Return seconds by stage: index decode, fingerprint, lookup, align, total.

    ``timings`` has the columns ``decode_s`` ... ``align_s``, a row per query. The columns of
    the result are p50_s, p95_s (linear between ranks), mean_s and n; NaN without queries.
    """
    columns = [f"{stage}_s" for stage in STAGES]
    _require(timings, columns)
    seconds = timings[columns].to_numpy(float)
    seconds = np.column_stack([seconds, seconds.sum(axis=1)])
    n = len(seconds)
    if not n:
        seconds = np.full((1, len(STAGES) + 1), np.nan)
    return pd.DataFrame(
        {
            "p50_s": np.percentile(seconds, 50, axis=0),
            "p95_s": np.percentile(seconds, 95, axis=0),
            "mean_s": seconds.mean(axis=0),
            "n": n,
        },
        index=pd.Index([*STAGES, "total"], name="stage"),
    )


def cost(
    *, audio_s: float, n_postings: int, file_bytes: int, build_s: float = math.nan
) -> dict[str, float]:
    """Return what an index costs for each second or hour of the audio in it.

    Keys: postings_per_s, bytes_per_hour, ingest_x_real_time (seconds of audio indexed in a
    second; NaN when ``build_s`` is NaN or 0). All NaN for an index of no audio.
    """
    known = audio_s > 0
    return {
        "postings_per_s": n_postings / audio_s if known else math.nan,
        "bytes_per_hour": file_bytes / audio_s * 3600 if known else math.nan,
        "ingest_x_real_time": audio_s / build_s if known and build_s > 0 else math.nan,
    }


def _require(rows: pd.DataFrame, columns: list[str]) -> None:
    missing = [name for name in columns if name not in rows]
    if missing:
        raise ValueError(f"the rows have no column {', '.join(missing)}")
