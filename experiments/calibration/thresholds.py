"""Thresholds: the probability from which an answer is accepted, set by what strangers reach.

A stranger is a recording of which no song is in the index. With many strangers of many works the
threshold is counted (`threshold_for`). Twenty to two hundred tracks have not enough of them: to
see a rate of 0.5% at all takes hundreds, and one odd clip among sixty weighs more than the whole
rate. There the strangers of the profile that a trial starts from are counted in (`Tail`): how
often they reach any log-odds is known from thousands of queries. The own strangers are counted
beside them, and raise the threshold when they are named too often.

Log-odds are natural logarithms, rates and probabilities lie in [0, 1].
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from experiments.metrics.intervals import ASSUMED_LIKENESS, wilson
from experiments.metrics.rows import Floats
from experiments.protocol.defaults import FALSE_ALARM_RATE
from fpcore.config import Decision

TAIL_SCALE = 1.2
"""By how much log-odds have to grow for e times fewer strangers to reach them. Measured as the mean
excess over what 5% reach, of 6,720 clips of strangers (debian-games, calibration half, telephone
and pink noise at -5 dB, 5 s) in libraries of 25 of its tracks: 1.16, by the trial 0.97 to 1.28."""

PRIOR_STRANGERS = 300.0
"""How many of the own strangers weigh as much as those that the profile brings along. That is fewer
than those were, so that music which is unlike theirs is heard. In 14 libraries of 25 tracks of
debian-games the rate of one log-odds differed by no more than chance."""

MOST_CAUTIOUS = 10.0
"""The own strangers raise a threshold at most so far that the profile's would reach it this many
times more seldom than asked for. Those that are named even there share a passage with a song, which
no threshold tells apart, and one beyond would reject songs in noise."""

ROUNDING = 1e-9
"""Sums of shares differ by less than this from what they are."""

HARDEST = 5 / 3
"""How many times more often strangers may be named in the hardest condition than in all together.
A sweep asks under few conditions, and a profile is used under others; so a threshold for a rate
lets the profile's strangers pass this many times more seldom. The presets are made in the same way:
set for 0.3%, so that 0.5% is kept."""


@dataclass(frozen=True, slots=True)
class Tail:
    """How often strangers reach a log-odds under a decision that was fitted on many of them.

    Their likeliest answers are maxima over many chance matches, whose tail is exponential: the
    share ``rate`` of them reaches ``log_odds``, and e times fewer with each ``scale`` above it.
    """

    log_odds: float
    rate: float
    scale: float = TAIL_SCALE

    @classmethod
    def of(cls, model: Decision) -> Tail:
        """Return the tail that a calibrated decision stands for."""
        rate = model.false_alarm_rate or FALSE_ALARM_RATE
        return cls(log_odds_of(model.threshold), rate)

    def carried_over(self, strangers: pd.DataFrame) -> Tail:
        """Return the tail under a decision that has moved away from the one it was known under.

        A decision with more log-odds for everything names more of the profile's strangers at the
        same threshold, which a few dozen own ones cannot show. So the tail goes along as far as
        the likelier half of the own ones did. It never goes down: strangers under conditions that
        were not asked need not have followed.

        Parameters
        ----------
        strangers : pandas.DataFrame, a row per answer
            Columns probability, and base_probability: the same under the decision before.
            Without the latter, as in runs of before, the tail is taken to have stayed.
        """
        if "base_probability" not in strangers or strangers.empty:
            return self
        now, before = (
            bounded_log_odds(strangers[name].to_numpy(float))
            for name in ("probability", "base_probability")
        )
        near = before >= np.median(before)
        return replace(
            self, log_odds=self.log_odds + max(float(np.mean((now - before)[near])), 0.0)
        )

    def rate_from(self, log_odds: float) -> float:
        """Return the share of strangers that reach a log-odds."""
        return min(1.0, self.rate * math.exp(-(log_odds - self.log_odds) / self.scale))

    def reached_by(self, rate: Floats | float) -> Floats:
        """Return the log-odds that a share of strangers reaches; infinite for none."""
        with np.errstate(divide="ignore"):
            found: Floats = self.log_odds - self.scale * np.log(np.maximum(rate, 0.0) / self.rate)
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Strangers:
    """Log-odds of the likeliest answers to the own strangers, falling, and what each one counts.

    Excerpts of one work are alike, and every work counts the same. Together the rows count as
    many as there would be independent ones (the design effect of `experiments.metrics.intervals`).
    """

    log_odds: Floats
    count: Floats
    works: NDArray[np.str_]
    work: NDArray[np.int64]
    """Row in ``works`` of the work of each."""

    @classmethod
    def of(cls, negatives: pd.DataFrame) -> Strangers:
        """Return the strangers of rows with the columns work and probability."""
        ordered = negatives.sort_values("probability", ascending=False, kind="stable")
        names, work = np.unique(ordered["work"].to_numpy(str), return_inverse=True)
        sizes = np.bincount(work)
        n = len(ordered)
        alike = 1 + ((sizes**2).sum() / max(n, 1) - 1) * ASSUMED_LIKENESS
        share = 1 / np.maximum(sizes[work], 1) / max(len(names), 1)
        odds = bounded_log_odds(ordered["probability"].to_numpy(float))
        return cls(odds, share * n / alike, names, work)

    @property
    def n_works(self) -> int:
        """How many works they are of."""
        return len(self.works)

    @property
    def total(self) -> float:
        """How many independent strangers all of them are worth."""
        return float(self.count.sum())


KINDS = {"whole": "left out", "others": "own song masked", "part": "left out of a few songs"}
"""What a stranger is, by what it was asked of: a song that is not in the index; one that is, asked
of all other works; or one that is not, asked of a few songs. Other music, speech and noise are not
among them: most of it reaches less than songs of the same collection (`experiments/TRIED.md`)."""


def strangers_of(held_out: pd.DataFrame) -> pd.DataFrame:
    """Return the answers to strangers: query, condition, clip_s, work, kind and probability.

    Where the decision started from another one there is base_probability too, that under the other.
    """
    negatives = held_out[~held_out["indexed"]]
    kind = negatives["asked_of"].map(KINDS)
    columns = ["query", "condition", "clip_s", "work", "kind", "probability", "base_probability"]
    known = [name for name in columns if name == "kind" or name in negatives]
    return negatives.assign(kind=kind)[known].reset_index(drop=True)


def pooled_threshold(own: Strangers, tail: Tail, rate: float) -> float:
    """Return the probability that a share of strangers reaches, own ones and the profile's.

    Parameters
    ----------
    own : Strangers
        Answers to the own strangers; there may be none.
    tail : Tail
        Of the profile that the decision starts from.
    rate : float, in (0, 1)
        Share of strangers that may be given a name.

    Returns
    -------
    float, in (0, 1)
        Never below what ``rate`` over `HARDEST` of the profile's strangers reach: they were heard
        under more conditions than a sweep asks, and in noise they reach more than in the clear.

    Examples
    --------
    One of sixty strangers is certain to be a song. Counted alone, it would set the threshold to 1.

    >>> works = [f"w{i}" for i in range(60)]
    >>> odd = pd.DataFrame({"work": works, "probability": [1.0] + [0.01] * 59})
    >>> tail = Tail(log_odds=0.0, rate=0.005)
    >>> round(pooled_threshold(Strangers.of(odd), tail, 0.005), 2)
    0.68
    """
    drawn = np.ones((1, own.n_works))
    return float(expit(resampled_thresholds(own, tail, rate, drawn)[0]))


def resampled_thresholds(own: Strangers, tail: Tail, rate: float, drawn: Floats) -> Floats:
    """Return the threshold of `pooled_threshold` for each resample of works, as log-odds (m,).

    Parameters
    ----------
    own : Strangers
        Answers to the own strangers.
    tail : Tail
        Of the profile that the decision starts from.
    rate : float, in (0, 1)
        Share of strangers that may be given a name.
    drawn : float64 (m, own.n_works)
        How often each work was drawn in each resample.
    """
    lowest, highest = (
        float(tail.reached_by(one)) for one in (rate / HARDEST, rate / MOST_CAUTIOUS)
    )
    near = own.log_odds >= lowest  # the others are rejected by any threshold that can come out
    odds, count, work = own.log_odds[near], own.count[near], own.work[near]
    per_work = np.bincount(own.work, weights=own.count)
    allowed = rate * (PRIOR_STRANGERS + drawn @ per_work)
    reached = np.cumsum(drawn[:, work] * count, axis=1)
    n_accepted = np.concatenate([np.zeros((len(drawn), 1)), reached], axis=1)
    # With no more than the k likeliest accepted, the threshold lies above the next one, and the
    # profile's strangers take up what is left of the rate.
    left = (allowed[:, None] - n_accepted) / PRIOR_STRANGERS
    above_next = np.append(np.nextafter(odds, np.inf), -np.inf)
    best: Floats = np.maximum(tail.reached_by(left), above_next).min(axis=1)
    return np.clip(best, lowest, highest)


@dataclass(frozen=True, slots=True)
class StatedRate:
    """False-alarm rate that a threshold is stated to have, and what stands behind it.

    ``rate`` counts the own strangers and the profile's together. ``n_named`` of ``n_own`` answers
    to own strangers of ``n_works`` works reach the threshold; these alone show a rate from ``low``
    to ``high`` (95%).
    """

    rate: float
    n_named: int
    n_own: int
    n_works: int
    low: float
    high: float


def stated_rate(own: Strangers, tail: Tail, threshold: float) -> StatedRate:
    """Return what rate a threshold has, by the own strangers and the profile's together.

    Parameters
    ----------
    own : Strangers
        Answers to the own strangers.
    tail : Tail
        Of the profile that the decision starts from.
    threshold : float, in (0, 1)
        Probability from which an answer is accepted.
    """
    odds = log_odds_of(threshold)
    named = own.log_odds >= odds
    n_named = float(own.count[named].sum())
    rate = (n_named + PRIOR_STRANGERS * tail.rate_from(odds)) / (own.total + PRIOR_STRANGERS)
    low, high = wilson(min(n_named, own.total), own.total)
    return StatedRate(rate, int(named.sum()), len(own.log_odds), own.n_works, low, high)


def threshold_for(negatives: pd.DataFrame, false_alarm_rate: float) -> float:
    """Return the probability that at most this share of the negatives reach.

    ``negatives`` has a row per query of an unknown track, with the columns work and probability.
    Every work weighs the same, however often it was asked: queries of one work are alike, and
    what is to hold is the rate over works to come. The threshold lies halfway, in log-odds,
    between the likeliest negative that is rejected and the least likely one that is accepted.
    Negatives as likely as the rejected one are rejected too, unless their probability is 1, above
    which no threshold lies.

    Examples
    --------
    Of four unknown works one may be accepted: the threshold lies between 0.2 and 0.8.

    >>> negatives = pd.DataFrame(
    ...     {"work": ["a", "b", "c", "d"], "probability": [0.8, 0.2, 0.1, 0.05]}
    ... )
    >>> threshold_for(negatives, false_alarm_rate=0.25)
    0.5
    """
    falling, weight = _by_work(negatives)
    n_allowed = int(np.searchsorted(np.cumsum(weight), false_alarm_rate + ROUNDING))
    if n_allowed == len(falling):
        return float(expit(log_odds_of(falling[-1])))
    low = falling[n_allowed]
    accepted = falling[falling > low]
    if len(accepted):
        log_odds = (log_odds_of(low) + log_odds_of(accepted[-1])) / 2
    else:
        log_odds = log_odds_of(low) + 1.0
    # Log-odds are bounded, so that next to 1 the middle may fall onto the rejected one.
    return min(max(float(expit(log_odds)), float(np.nextafter(low, np.inf))), 1.0)


def _by_work(negatives: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return probabilities, falling, and the share of the works that each stands for."""
    ordered = negatives.sort_values("probability", ascending=False, kind="stable")
    n_asked = ordered.groupby("work")["work"].transform("size").to_numpy(float)
    return ordered["probability"].to_numpy(float), 1 / n_asked / ordered["work"].nunique()


def log_odds_of(probability: float) -> float:
    """Return the log-odds of a probability, bounded where it is next to 0 or 1."""
    return float(bounded_log_odds(np.array([probability]))[0])


def bounded_log_odds(probability: Floats) -> Floats:
    """Return the log-odds (n,) of probabilities (n,), bounded where these are next to 0 or 1."""
    clipped = np.clip(probability, 1e-12, 1 - 1e-12)
    return np.log(clipped / (1 - clipped))
