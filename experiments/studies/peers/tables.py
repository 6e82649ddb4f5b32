"""Tables of a comparison, made from its rows: accuracy with intervals, and costs of each system.

Conventions
-----------
* A *decision* accepts or rejects the likeliest song. Every system is judged by two: its ``own``,
  and ``fixed``, where its score must reach a threshold. That is set on queries of left-out
  calibration songs, so that at most a stated share of those is given a name. Scores of different
  systems are on different scales, so only the rates for which thresholds were set can be
  compared, not the thresholds.
* Shares are of the test half. Intervals are at 95%, widened for queries of one work
  (`experiments.metrics.clustered`).
* Speeds are × real time: seconds of audio per second of *processor time*, which is what one
  core could do at best. From a file to an index on the disk everything counts, saving too;
  "without decoding" leaves out what decoding alone took.
* A query that a system died on counts as answered wrongly, and not in its times.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any, Literal

import numpy as np
import pandas as pd

from experiments import metrics

DecisionRule = Literal["own", "fixed"]

DECISIONS: tuple[DecisionRule, ...] = ("own", "fixed")

EVERYTHING = "all"
"""Name in the column condition of rows over all conditions together."""

METRICS = ("top1", "accepted_right", "wrong_name", "false_accept")
"""Those of `experiments.metrics.METRICS` that are counted."""


def threshold(outcomes: pd.DataFrame, false_alarm_rate: float) -> metrics.Recall:
    """Return the threshold of one system for a false-alarm rate, from its calibration queries."""
    calibration = outcomes[outcomes["role"] == "calibration"]
    rows = calibration.assign(probability=calibration["score"])
    return metrics.recall_at(rows, false_alarm_rate)


def accuracy(outcomes: pd.DataFrame, false_alarm_rate: float) -> pd.DataFrame:
    """Return how right every system is, under both decisions.

    Returns
    -------
    pandas.DataFrame
        Columns system, decision, threshold (NaN for its own), clip_s, condition (or
        `EVERYTHING`), metric, n_right, n, share, low, high. Systems and conditions in the
        order of the rows.
    """
    rows: list[dict[str, Any]] = []
    for system, of_system in outcomes.groupby("system", sort=False):
        bound = threshold(of_system, false_alarm_rate).threshold
        test = of_system[of_system["role"] == "test"]
        for decision in DECISIONS:
            judged = _judged(test, decision, bound)
            head = {
                "system": system,
                "decision": decision,
                "threshold": bound if decision == "fixed" else np.nan,
            }
            rows += [head | cell for cell in _cells(judged)]
    return pd.DataFrame(rows)


def _judged(test: pd.DataFrame, decision: DecisionRule, bound: float) -> pd.DataFrame:
    """Return the rows with a boolean column for each metric."""
    named = (test["answer"] != "").to_numpy(bool)
    if decision == "own":
        accepted = named & test["accepted"].to_numpy(bool)
    else:
        accepted = named & (test["score"].to_numpy(float) >= bound)
    indexed = test["indexed"].to_numpy(bool)
    right = test["right"].to_numpy(bool) & indexed
    return test.assign(
        top1=right,
        accepted_right=right & accepted,
        wrong_name=indexed & accepted & ~right,
        false_accept=~indexed & accepted,
    )


def _cells(judged: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for clip_s, of_clip in judged.groupby("clip_s", sort=True):
        cells = [(EVERYTHING, of_clip), *of_clip.groupby("condition", sort=False)]
        for condition, cell in cells:
            for metric in METRICS:
                counted = cell[cell["indexed"] == (metric != "false_accept")]
                share = metrics.clustered(
                    counted[metric].to_numpy(bool), counted["work"].to_numpy(str)
                )
                yield {
                    "clip_s": clip_s,
                    "condition": condition,
                    "metric": metric,
                    **asdict(share),
                }


def costs(
    systems: Sequence[str],
    *,
    songs: pd.DataFrame,
    indexes: pd.DataFrame,
    outcomes: pd.DataFrame,
    deaths: pd.DataFrame,
) -> pd.DataFrame:
    """Return size, speed and deaths of each system.

    Parameters
    ----------
    systems : sequence of str
        Names of the systems, in the order wanted.
    songs, indexes, outcomes, deaths : pandas.DataFrame
        The rows of a comparison, with the columns of
        `experiments.studies.peers.record.COLUMNS`.

    Returns
    -------
    pandas.DataFrame
        A row per system, which is the index. Columns n_songs, audio_s, postings_per_s,
        bytes_per_hour (of the index's files), ingest_x, ingest_without_decoding_x, decoding_x,
        save_cpu_s; from a WAV file to the answer query_p50_s, query_p95_s, query_p50_cpu_s and,
        of queries of indexed and of left-out songs by themselves, known_p50_cpu_s and
        unknown_p50_cpu_s; memory_bytes (the most while answering), deaths_learning,
        deaths_asking.
    """
    rows = []
    for system in systems:
        index = indexes[indexes["system"] == system].iloc[0]
        learned = songs[songs["system"] == system]
        asked = outcomes[outcomes["system"] == system]
        died = deaths[deaths["system"] == system]["phase"]
        rows.append(
            {
                "n_songs": int(index["n_songs"]),
                **_size_and_speed(index, learned),
                "query_p50_s": asked["ask_s"].median(),
                "query_p50_cpu_s": asked["ask_cpu_s"].median(),
                "known_p50_cpu_s": asked.loc[asked["indexed"], "ask_cpu_s"].median(),
                "unknown_p50_cpu_s": asked.loc[~asked["indexed"], "ask_cpu_s"].median(),
                "query_p95_s": asked["ask_s"].quantile(0.95),
                "memory_bytes": asked["memory_bytes"].max(),
                "deaths_learning": int((died == "learning").sum()),
                "deaths_asking": int((died == "asking").sum()),
            }
        )
    return pd.DataFrame(rows, index=pd.Index(systems, name="system"))


def _size_and_speed(index: pd.Series[Any], learned: pd.DataFrame) -> dict[str, float]:
    audio_s = float(index["audio_s"])
    decoding_s = float(learned["decode_cpu_s"].sum())
    rest_s = float(learned["learn_cpu_s"].sum()) + float(index["save_cpu_s"])
    size = metrics.cost(
        audio_s=audio_s, n_postings=int(index["n_postings"]), file_bytes=int(index["n_bytes"])
    )
    return {
        "audio_s": audio_s,
        "postings_per_s": size["postings_per_s"],
        "bytes_per_hour": size["bytes_per_hour"],
        "ingest_x": _times_real_time(audio_s, decoding_s + rest_s),
        "ingest_without_decoding_x": _times_real_time(audio_s, rest_s),
        "decoding_x": _times_real_time(audio_s, decoding_s),
        "save_cpu_s": float(index["save_cpu_s"]),
    }


def _times_real_time(audio_s: float, spent_s: float) -> float:
    return audio_s / spent_s if spent_s > 0 else float("nan")
