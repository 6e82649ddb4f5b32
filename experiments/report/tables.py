"""Leaderboard of trials, with the Pareto front, the recommendation, and effects of parameters.

*Accuracy* is the share of queries of indexed songs that are accepted and right, pooled over
conditions and clip lengths. All trials accept at one false-alarm rate, and how far their thresholds
are uncertain is part of the intervals (`experiments.report.equal_terms`). Each query's probability
is from a model that saw nothing of its work. *Cost* is the median time of a query in seconds and
the bytes of index per hour of audio.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from experiments import metrics
from experiments.metrics.paired import PairedComparison, compare
from experiments.metrics.rows import Floats
from experiments.report import labels
from experiments.report.equal_terms import accuracy_interval, difference, largest_loss
from experiments.report.pairing import asked_otherwise, heard_alike
from experiments.report.study import Result, Study
from experiments.seeds import seeded_rng

TOLERABLE_LOSS = 0.02
"""Accuracy that the recommendation gives up for a cheaper configuration, as a share."""

LARGEST_LOSS = 0.05
"""A greater loss than this has to be ruled out before a cheaper configuration is recommended."""

SAME_TIME = 0.15
"""How much the times of one configuration may differ within a sweep, as a share: three standard
deviations of 28 pairs. It is the same for all queries (where an index lies in memory, what the
processor did before), so that their number doesn't narrow it."""

FALSE_ALARM_RATES = (0.01, 0.001)
"""The false-alarm rates at which recall is reported."""


def leaderboard(study: Study) -> pd.DataFrame:
    """Return a row per trial, the most accurate first.

    Returns
    -------
    pandas.DataFrame
        Columns run, trial, settings, accuracy (with _low, _high), n_queries, n_works, top1,
        same_passage, false_accept (with _low, _high), n_negatives, wrong_name, threshold,
        calibration_error, recall_1pct, recall_01pct, postings_per_s, bytes_per_hour,
        query_p50_s (with _low, _high), query_p95_s, ingest_x_real_time; from the paired
        comparison with the baseline difference (with _low, _high), p_value; the flags pareto,
        baseline, recommended; and the swept values. The index is the result's key.
    """
    rows = {result.key: _row(result, study) for result in study.results}
    board = pd.DataFrame.from_dict(rows, orient="index")
    board["pareto"] = pareto(board)
    board["baseline"] = board.index == study.baseline
    board["recommended"] = board.index == recommended(study, board)
    board = board.sort_values(
        ["accuracy", "bytes_per_hour", "trial"], ascending=[False, True, True], kind="stable"
    )
    swept = pd.DataFrame.from_dict(
        {
            result.key: {
                path: one if isinstance(one, int | float | str) else labels.value(one)
                for path, one in result.swept.items()
            }
            for result in study.results
        },
        orient="index",
    )
    return board.join(swept)


def row(board: pd.DataFrame, key: str) -> dict[str, Any]:
    """Return one row of a leaderboard by the names of its columns."""
    return {str(name): one for name, one in board.loc[[key]].to_dict("records")[0].items()}


def _row(result: Result, study: Study) -> dict[str, Any]:
    overall = metrics.overall(result.outcomes, result.threshold)
    latency = metrics.latency(result.timings).loc["total"]
    curve = metrics.calibration_curve(result.outcomes)
    recall = [metrics.recall_at(result.outcomes, rate).recall.share for rate in FALSE_ALARM_RATES]
    accuracy, alarms = overall.loc["accepted_right"], overall.loc["false_accept"]
    low, high = accuracy_interval(result)
    positives = result.outcomes[result.outcomes["indexed"]]
    return {
        "run": result.run,
        "trial": result.trial,
        "settings": labels.settings(result.swept),
        "accuracy": accuracy["share"],
        "accuracy_low": min(accuracy["low"], low),
        "accuracy_high": max(accuracy["high"], high),
        "n_queries": len(positives),
        "n_works": positives["work"].nunique(),
        "top1": overall.loc["top1", "share"],
        "same_passage": overall.loc["same_passage", "share"],
        "wrong_name": overall.loc["wrong_name", "share"],
        "false_accept": alarms["share"],
        "false_accept_low": alarms["low"],
        "false_accept_high": alarms["high"],
        "n_negatives": len(result.outcomes) - len(positives),
        "threshold": result.threshold,
        "calibration_error": metrics.calibration_error(curve),
        "recall_1pct": recall[0],
        "recall_01pct": recall[1],
        "postings_per_s": result.index["postings_per_s"],
        "bytes_per_hour": result.index["bytes_per_hour"],
        "query_p50_s": latency["p50_s"],
        "query_p95_s": latency["p95_s"],
        **_time_bounds(result, study),
        "ingest_x_real_time": result.index["ingest_x_real_time"],
        **_against_baseline(result, study),
    }


def _time_bounds(result: Result, study: Study) -> dict[str, float]:
    """Return the median time of the reference times the interval of the ratio to it.

    Ratios of the same queries are far more certain than medians of queries that differ, of which
    some need more passes than others. The interval always holds the trial's own median.
    All intervals of a study hold together in 95 of 100 studies, so that of many trials none is
    slower by chance, and are wider by `SAME_TIME`, which more queries would not narrow.
    """
    reference = study.find(study.baseline) or study.results[0]
    if reference.key == result.key:
        low = high = 1.0
    else:
        _, low, high = metrics.time_ratio(
            result.timings, reference.timings, n_compared=len(study.results) - 1
        )
        low, high = low / (1 + SAME_TIME), high * (1 + SAME_TIME)
    of_reference, own = (
        metrics.latency(one.timings)["p50_s"].to_dict()["total"] for one in (reference, result)
    )
    return {
        "query_p50_s_low": min(of_reference * low, own),
        "query_p50_s_high": max(of_reference * high, own),
    }


def _against_baseline(result: Result, study: Study) -> dict[str, float]:
    base = study.find(study.baseline)
    if base is None:
        one = dict.fromkeys(("difference", "difference_low", "difference_high"), math.nan)
        return {**one, "p_value": math.nan}
    found = paired(base, result)
    return {
        "difference": found.difference,
        "difference_low": found.low,
        "difference_high": found.high,
        "p_value": found.p_value,
    }


def paired(
    a: Result, b: Result, *, metric: str = "accepted_right", n_compared: int = 1
) -> PairedComparison:
    """Return the paired comparison of two results, both at one false-alarm rate.

    The interval of a difference in accuracy holds for thresholds that are set anew with the works.
    Queries are paired only where both runs asked the same excerpts of the same corpus, and only
    under conditions that do the same to an excerpt in both.

    Parameters
    ----------
    a, b : Result
        The trials; differences are b minus a.
    metric : str, optional
        A key of `experiments.metrics.METRICS`.
    n_compared : int, at least 1, optional
        How many comparisons are made together: the error of 5% is shared out among them.

    Returns
    -------
    PairedComparison
        Of no queries (``n`` is 0) where nothing can be paired.
    """
    alike = [] if asked_otherwise(a.manifest, b.manifest) else heard_alike(a.manifest, b.manifest)
    heard = replace(b, outcomes=b.outcomes[b.outcomes["condition"].isin(alike)])
    found = compare(
        a.outcomes,
        heard.outcomes,
        thresholds=(a.threshold, b.threshold),
        rng=seeded_rng(0, "bootstrap"),
        metric=metric,
        n_compared=n_compared,
    )
    if metric != "accepted_right" or not found.n:
        return found
    refitted = difference(a, heard, n_compared=n_compared)
    return replace(found, low=min(found.low, refitted.low), high=max(found.high, refitted.high))


def pareto(board: pd.DataFrame) -> pd.Series[bool]:
    """Return which rows of a leaderboard no other row beats, as bool on its index.

    A row beats another when it is at least as accurate, as fast and as small, and better in one
    of the three. An unknown accuracy, time or size counts as the worst there is. Where the board
    has query_p50_s_low and query_p50_s_high, times whose intervals overlap are alike.

    Examples
    --------
    >>> board = pd.DataFrame(
    ...     {
    ...         "accuracy": [0.9, 0.9, 0.8],
    ...         "query_p50_s": [0.02, 0.03, 0.01],
    ...         "bytes_per_hour": [1e6, 1e6, 1e6],
    ...     }
    ... )
    >>> pareto(board).tolist()  # the second is as accurate as the first, but slower
    [True, False, True]
    """
    losses = np.column_stack(
        [-board["accuracy"].fillna(-math.inf), board["bytes_per_hour"].fillna(math.inf)]
    )
    no_worse = (losses[:, None, :] <= losses[None, :, :]).all(axis=2)
    better = (losses[:, None, :] < losses[None, :, :]).any(axis=2)
    low, high = _times_between(board)
    is_slower = low[:, None] > high[None, :]
    beats = no_worse & ~is_slower & (better | is_slower.T)
    return pd.Series(~beats.any(axis=0), index=board.index)


def _times_between(board: pd.DataFrame) -> tuple[Floats, Floats]:
    """Return the least and the largest median time (n,) that the queries allow for each row."""
    middle = board["query_p50_s"].fillna(math.inf)
    low, high = (
        board.get(f"query_p50_s_{bound}", middle).fillna(middle).to_numpy(float)
        for bound in ("low", "high")
    )
    return low, high


def as_fast(board: pd.DataFrame, key: str) -> pd.Series[bool]:
    """Return which rows of a leaderboard the timed queries cannot tell from one in time."""
    low, high = _times_between(board)
    place = board.index.get_loc(key)
    return pd.Series((low <= high[place]) & (high >= low[place]), index=board.index)


def recommended(study: Study, board: pd.DataFrame) -> str | None:
    """Return the key of the trial to promote; None when no trial has a known accuracy.

    The choice starts from the baseline, or from the most accurate trial where that is really
    better or there is no baseline. A cheaper trial is taken only if it is shown to be about as
    accurate: it loses at most `TOLERABLE_LOSS` on the queries, the paired comparison cannot call
    it worse, and a loss of more than `LARGEST_LOSS` can be ruled out (95%). Of several the one
    with the least product of query time and bytes per hour is taken; times that the queries cannot
    tell from that of the reference count as equal to it.
    """
    reference = reference_of(study, board)
    if reference is None:
        return None
    cost = _cost(board, reference.key)
    for key in cost[cost < cost[reference.key]].sort_values(kind="stable").index:
        result = study.find(str(key))
        if result is not None and is_as_accurate(reference, result):
            return str(key)
    return reference.key


def reference_of(study: Study, board: pd.DataFrame) -> Result | None:
    """Return the trial that a cheaper one has to match: the baseline, or one really better."""
    known = board[board["accuracy"].notna()]
    if known.empty:
        return None
    by_accuracy = known.sort_values(["accuracy", "bytes_per_hour"], ascending=[False, True])
    best = study.find(str(by_accuracy.index[0]))
    base = study.find(study.baseline)
    if base is None or best is None or base.key not in known.index:
        return best
    is_better = paired(base, best, n_compared=max(len(known) - 1, 1)).real
    return best if is_better else base


def is_as_accurate(reference: Result, result: Result) -> bool:
    """Whether the queries show that a trial loses little accuracy against another one."""
    found = paired(reference, result)
    if not found.n or found.difference < -TOLERABLE_LOSS or (found.real and found.difference < 0):
        return False
    return largest_loss(reference, result) <= LARGEST_LOSS


def indistinguishable(study: Study, board: pd.DataFrame) -> list[str]:
    """Return the keys of trials that are neither shown to differ from the reference nor not to.

    The comparisons share an error of 5%. The reference itself is not among them.
    """
    reference = reference_of(study, board)
    if reference is None:
        return []
    others = [one for one in study.results if one.key != reference.key]
    return [
        one.key
        for one in others
        if not paired(reference, one, n_compared=len(others)).real
        and not is_as_accurate(reference, one)
    ]


def _cost(board: pd.DataFrame, reference: str) -> pd.Series[float]:
    alike = as_fast(board, reference)
    times = board["query_p50_s"].mask(alike, board.at[reference, "query_p50_s"])
    return times.fillna(1.0) * board["bytes_per_hour"].fillna(1.0)


def effect(board: pd.DataFrame, study: Study, path: str) -> pd.DataFrame:
    """Return accuracy and cost at each value of one swept parameter, pooled over the others.

    Parameters
    ----------
    board : pandas.DataFrame, a row per trial
        The study's `leaderboard`.
    study : Study
        The finished trials.
    path : str
        The parameter's path, such as ``fingerprint.pairs.fan_out``.

    Returns
    -------
    pandas.DataFrame
        Columns value (label), n_trials, share, low, high (clustered by work), bytes_per_hour and
        query_p50_s (medians over trials). Numbers in ascending order, other values as they were
        first seen.
    """
    rows = []
    for label, results in by_value(study.results, path):
        keys = [result.key for result in results]
        share = pooled(results)
        rows.append(
            {
                "value": label,
                "n_trials": len(results),
                "share": share.share,
                "low": share.low,
                "high": share.high,
                "bytes_per_hour": board.loc[keys, "bytes_per_hour"].median(),
                "query_p50_s": board.loc[keys, "query_p50_s"].median(),
            }
        )
    return pd.DataFrame(rows)


def pooled(results: Sequence[Result]) -> metrics.Share:
    """Return the accuracy of several results together, its interval clustered by work."""
    right, works = [], []
    for result in results:
        positives = result.outcomes["indexed"].to_numpy(bool)
        found = metrics.verdicts(result.outcomes, result.threshold)["accepted_right"]
        right.append(found.to_numpy(bool)[positives])
        works.append(result.outcomes["work"].to_numpy(str)[positives])
    return metrics.clustered(np.concatenate(right), np.concatenate(works))


def by_value(results: Sequence[Result], path: str) -> list[tuple[str, list[Result]]]:
    """Return the results of each value of a parameter, under the value's label."""
    groups: dict[str, list[Result]] = {}
    order: dict[str, float] = {}
    for result in results:
        if path not in result.swept:
            continue
        one = result.swept[path]
        label = labels.value(one)
        groups.setdefault(label, []).append(result)
        order.setdefault(label, one if isinstance(one, int | float) else math.inf)
    return sorted(groups.items(), key=lambda item: order[item[0]])


def conditions(results: Sequence[Result]) -> pd.DataFrame:
    """Return accuracy per condition and clip length for each result, with Wilson intervals.

    The rows are those of `experiments.metrics.summary` for ``accepted_right``, with the column
    key, which names the result.
    """
    parts = []
    for result in results:
        cells = metrics.summary(result.outcomes, result.threshold)
        parts.append(cells[cells["metric"] == "accepted_right"].assign(key=result.key))
    return pd.concat(parts, ignore_index=True)
