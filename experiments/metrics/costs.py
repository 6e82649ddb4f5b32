"""Costs of answers and of an index: seconds by stage, postings, bytes, seconds to build.

Times are wall-clock seconds as they were measured; nothing is corrected for the machine.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from scipy.special import bdtr

from experiments.metrics.intervals import CONFIDENCE
from experiments.metrics.rows import require

STAGES = ("decode", "fingerprint", "lookup", "align")


def latency(timings: pd.DataFrame) -> pd.DataFrame:
    """Return how many seconds the stages of an answer take.

    Parameters
    ----------
    timings : pandas.DataFrame, a row per query
        Columns decode_s, fingerprint_s, lookup_s and align_s, in seconds.

    Returns
    -------
    pandas.DataFrame
        Columns p50_s, p95_s (linear between ranks), mean_s and n, a row per stage; the index
        names the stage: decode, fingerprint, lookup, align, total. NaN without queries.
    """
    columns = [f"{stage}_s" for stage in STAGES]
    require(timings, columns)
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


def time_ratio(
    timings: pd.DataFrame, reference: pd.DataFrame, *, n_compared: int = 1
) -> tuple[float, float, float]:
    """Return how many times as long the same queries take, as the median with its interval.

    Parameters
    ----------
    timings, reference : pandas.DataFrame, a row per query
        Columns query, decode_s, fingerprint_s, lookup_s and align_s, in seconds.
    n_compared : int, at least 1, optional
        How many ratios are looked at together: the error of 5% is shared out among them.

    Returns
    -------
    ratio, low, high : float
        The interval lies between two order statistics, by the binomial distribution: it supposes
        nothing of how times are distributed. It is unbounded where too few queries are common:
        one ratio takes six of them, of ten ratios each takes nine.

    Examples
    --------
    >>> rows = pd.DataFrame({"query": list("abcdefgh"), "decode_s": 1.0, "fingerprint_s": 1.0})
    >>> rows = rows.assign(lookup_s=0.0, align_s=np.arange(8.0))
    >>> time_ratio(rows.assign(decode_s=3.0 + np.arange(8.0)), rows)
    (2.0, 2.0, 2.0)
    """
    columns = [f"{stage}_s" for stage in STAGES]
    mine, theirs = (rows.set_index("query")[columns].sum(axis=1) for rows in (timings, reference))
    ratios = np.sort((mine / theirs).dropna().to_numpy(float))
    n = len(ratios)
    if not n:
        return math.nan, 0.0, math.inf
    tail = (1 - CONFIDENCE) / 2 / n_compared
    rank = int(np.searchsorted(bdtr(np.arange(n), n, 0.5), tail)) - 1
    bounds = (float(ratios[rank]), float(ratios[-1 - rank])) if rank >= 0 else (0.0, math.inf)
    return float(np.median(ratios)), *bounds


def cost(
    *, audio_s: float, n_postings: int, file_bytes: int, build_s: float = math.nan
) -> dict[str, float]:
    """Return what an index costs for each second or hour of the audio in it.

    Parameters
    ----------
    audio_s : float, at least 0
        Seconds of audio in the index.
    n_postings : int
        Postings in it.
    file_bytes : int
        Size of its file in bytes.
    build_s : float, optional
        Seconds that building it took; NaN where that is not known.

    Returns
    -------
    dict
        ``postings_per_s`` (of audio), ``bytes_per_hour`` and ``ingest_x_real_time``: seconds of
        audio indexed in a second, NaN when ``build_s`` is NaN or 0. All NaN for an index of no
        audio.
    """
    known = audio_s > 0
    return {
        "postings_per_s": n_postings / audio_s if known else math.nan,
        "bytes_per_hour": file_bytes / audio_s * 3600 if known else math.nan,
        "ingest_x_real_time": audio_s / build_s if known and build_s > 0 else math.nan,
    }
