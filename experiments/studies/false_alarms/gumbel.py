"""Gumbel laws of the strangers' log-odds, and how these grow with the number of songs.

A stranger is a query of a song that is not in the index; its log-odds are those of the likeliest
song, which is wrong. All is computed from the rows of `ask`. Growth is what the log-odds gain when
the index holds ten times as many songs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from experiments.metrics.intervals import CONFIDENCE, Share, clustered
from fpcore.records import DoubleArray

WATCHED_SHARE = 0.05
"""Share of the strangers that sets a second, lower level to watch: the log-odds that so many
reach when the index holds the corpus alone. False alarms themselves are too rare to see them
change."""

N_RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class Law:
    """A Gumbel law of the largest log-odds: its location and its scale."""

    location: float
    scale: float

    @property
    def independent_growth(self) -> float:
        """Growth of the location if ten times as many songs were independent of each other."""
        return self.scale * math.log(10)

    def share_above(self, log_odds: float) -> float:
        """Return the share of strangers that reach ``log_odds`` by the law."""
        return float(stats.gumbel_r.sf(log_odds, self.location, self.scale))


@dataclass(frozen=True, slots=True)
class Growth:
    """How much the strangers' log-odds grow with ten times as many songs, and its 95% interval."""

    per_tenfold: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class OfSize:
    """Results at one size of the index, of strangers and of queries of indexed songs.

    ``false_alarms`` is the share of strangers that are given a name, ``watched`` the share of
    them above `watched_level`, ``accepted_right`` the share of queries of indexed songs that are
    accepted and right. Their intervals are widened for queries of one work
    (`experiments.metrics.clustered`).
    """

    times: int
    kind: str
    n_songs: int
    law: Law
    false_alarms: Share
    watched: Share
    accepted_right: Share


def law_of(log_odds: DoubleArray) -> Law:
    """Return the Gumbel law that makes the upper half of ``log_odds`` (n,) likeliest.

    Of the lower half only the number counts, not the values: the law is one of the tail, and
    values far below the threshold say little of it. A law fitted to all strangers of debian-games
    promised twice as many near the threshold as there were.

    Raises
    ------
    ValueError
        When fewer than two of the upper half differ.

    Examples
    --------
    >>> log_odds = np.random.default_rng(0).gumbel(loc=-6.0, scale=1.5, size=5000)
    >>> law = law_of(log_odds)
    >>> round(law.location, 1), round(law.scale, 1)
    (-6.0, 1.5)
    """
    rising = np.sort(log_odds)
    level = rising[len(rising) // 2] if len(rising) else np.inf
    upper = rising[(rising >= level) & np.isfinite(rising)]
    if len(np.unique(upper)) < 2:
        raise ValueError(
            "a Gumbel law needs two log-odds in their upper half that differ, "
            f"got {len(upper)} of {len(log_odds)}: ask more queries"
        )
    lower = np.full(len(log_odds) - len(upper), upper[0])
    location, scale = stats.gumbel_r.fit(stats.CensoredData(uncensored=upper, left=lower))
    return Law(float(location), float(scale))


def by_size(rows: pd.DataFrame) -> list[OfSize]:
    """Return the results at each size of the index, in the order of the rows."""
    level = watched_level(rows)
    found = []
    for _, group in rows.groupby(["times", "kind"], sort=False):
        strangers, known = group[~group["indexed"]], group[group["indexed"]]
        log_odds = strangers["log_odds"].to_numpy(float)
        works = strangers["work"].to_numpy(str)
        right = (known["accepted"] & known["right"]).to_numpy(bool)
        found.append(
            OfSize(
                times=int(group["times"].iloc[0]),
                kind=str(group["kind"].iloc[0]),
                n_songs=int(group["n_songs"].iloc[0]),
                law=law_of(log_odds),
                false_alarms=clustered(strangers["accepted"].to_numpy(bool), works),
                watched=clustered(log_odds > level, works),
                accepted_right=clustered(right, known["work"].to_numpy(str)),
            )
        )
    return found


def watched_level(rows: pd.DataFrame) -> float:
    """Return the log-odds that `WATCHED_SHARE` of the strangers exceed in the corpus alone."""
    first = rows[(rows["kind"] == "real") & ~rows["indexed"]]
    return float(first["log_odds"].quantile(1 - WATCHED_SHARE, interpolation="lower"))


def growth(rows: pd.DataFrame, rng: np.random.Generator) -> Growth:
    """Return the growth of the strangers' log-odds over the sizes with real songs.

    It is the mean slope over the queries, each fitted to its log-odds against log10 of the size.
    The interval is a percentile bootstrap at 95% that draws whole works by ``rng``.

    Raises
    ------
    ValueError
        When there is only one size.
    """
    asked = rows[~rows["indexed"] & (rows["kind"] != "surrogates alone")]
    table = asked.pivot(index=["work", "query"], columns="times", values="log_odds")
    table = table.loc[np.isfinite(table.to_numpy(float)).all(axis=1)]
    decades = np.log10(table.columns.to_numpy(float))
    if len(decades) < 2:
        raise ValueError("growth needs two sizes, got one: ask for more --times")
    centred = decades - decades.mean()
    slopes = pd.Series(table.to_numpy(float) @ centred / (centred @ centred), index=table.index)
    of_work = slopes.groupby(level="work").agg(["sum", "count"]).to_numpy(float)
    drawn = rng.integers(len(of_work), size=(N_RESAMPLES, len(of_work)))
    total, n = of_work[drawn].sum(axis=1).T
    low, high = np.quantile(total / n, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Growth(float(slopes.mean()), float(low), float(high))
