"""Figure of the strangers behind a threshold: how often they reach a probability, own and known."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedFormatter, FixedLocator, FuncFormatter, NullLocator
from scipy.special import logit

from experiments.calibration.thresholds import PRIOR_STRANGERS, Strangers, Tail, log_odds_of
from experiments.metrics.intervals import wilson
from experiments.report.figures.drawing import DPI, FAINT
from experiments.report.study import Result
from fpcore.display.frame import new_figure
from fpcore.display.style import BLACK, BLUE, GREY, ORANGE, house_style

_TICKS = (0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999)
_SURE = 0.9995
"""Probability at the right edge: what is likelier is drawn there."""
_TAIL_FROM = 0.05
"""Above this share a tail is no longer exponential, and is not drawn."""


def strangers(result: Result) -> Figure:
    """Draw which share of strangers reaches a probability, and where the threshold lies.

    The step is of the own strangers, each work counted alike; it ends where there are no more of
    them. The line goes on with those of the profile that the trial starts from, where it has been
    calibrated. The band is what the own ones are too few to show: the rates that would remain
    possible (95%) if none of them were named.
    """
    own = Strangers.of(result.strangers)
    rate = 100 * result.false_alarm_rate
    with house_style():
        figure = new_figure(7.6, 4.4, dpi=DPI)
        ax = figure.subplots()
        lowest = rate / 20
        unseen = 100 * wilson(0, own.total)[1] if own.total else 100.0
        ax.axhspan(lowest, unseen, color=FAINT, zorder=0)
        ax.text(
            0.99, unseen / 1.1, f"what {own.total:.0f} independent strangers are too few to show",
            transform=ax.get_yaxis_transform(), ha="right", va="top", fontsize=9, color=GREY,
        )  # fmt: skip
        _draw_own(ax, own)
        if result.tail is not None:
            _draw_known(ax, result.tail, own)
        ax.axhline(rate, color=BLACK, linestyle="--", linewidth=1, label=f"{rate:g}%, as asked for")
        ax.axvline(log_odds_of(result.threshold), color=BLACK, linewidth=1.4)
        ax.annotate(
            f" accepted from {result.threshold:.3f}", (log_odds_of(result.threshold), 100),
            va="top", fontsize=9,
        )  # fmt: skip
        ax.set(
            xlim=(logit(_TICKS[0]), logit(_SURE)), ylim=(lowest, 110), yscale="log",
            xlabel="probability of the likeliest song", ylabel="strangers that reach it [%]",
        )  # fmt: skip
        ax.xaxis.set_major_locator(FixedLocator([*logit(_TICKS)]))
        ax.xaxis.set_major_formatter(FixedFormatter([f"{one:g}" for one in _TICKS]))
        ax.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{share:g}"))
        ax.yaxis.set_minor_locator(NullLocator())
        figure.legend(loc="outside upper center", ncols=2, fontsize=9)
    return figure


def _draw_own(ax: Axes, own: Strangers) -> None:
    if not len(own.log_odds):
        return
    odds = np.minimum(own.log_odds, logit(_SURE))
    shares = 100 * np.cumsum(own.count) / own.total
    label = f"your own: {len(odds)} answers, {own.n_works} works"
    # From the right: a probability is reached by all answers that are as likely or likelier.
    ax.step(odds, shares, where="post", color=BLUE, linewidth=2, label=label)
    ax.plot(odds[0], shares[0], marker="o", color=BLUE, markersize=6)


def _draw_known(ax: Axes, tail: Tail, own: Strangers) -> None:
    begin = float(tail.reached_by(_TAIL_FROM))
    odds = np.linspace(begin, max(begin, float(logit(_SURE))), 200)
    known = np.array([tail.rate_from(one) for one in odds])
    named = np.array([own.count[own.log_odds >= one].sum() for one in odds])
    pooled = (named + PRIOR_STRANGERS * known) / (own.total + PRIOR_STRANGERS)
    ax.plot(odds, 100 * known, color=ORANGE, linewidth=1.6, label="those of the profile")
    ax.plot(odds, 100 * pooled, color=GREY, linewidth=1.6, linestyle=":", label="both together")
