"""Figure of the strangers behind a threshold: its lines are those of the rows and of the tail."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from experiments.calibration.thresholds import Tail, log_odds_of
from experiments.report.figures.strangers import strangers
from experiments.report.study import Result, Study

ODDS = np.array([-1.0, -3.0, -4.0, -6.0])
TAIL = Tail(log_odds=0.5, rate=0.004)


@pytest.fixture
def result(made_up: Study) -> Result:
    """A trial with four strangers of four works, whose profile has a tail."""
    rows = pd.DataFrame({"work": list("abcd"), "probability": 1 / (1 + np.exp(-ODDS))})
    return dataclasses.replace(made_up.results[0], strangers=rows, tail=TAIL)


def lines(ax: Axes) -> dict[str, Line2D]:
    return {str(line.get_label()).partition(":")[0]: line for line in ax.get_lines()}


def points(line: Line2D) -> tuple[np.ndarray, np.ndarray]:
    return np.asarray(line.get_xdata(), float), np.asarray(line.get_ydata(), float)


def test_own_strangers_are_steps_down_to_the_share_of_one(result: Result) -> None:
    [ax] = strangers(result).axes
    odds, shares = points(lines(ax)["your own"])
    np.testing.assert_allclose(odds, ODDS)
    np.testing.assert_allclose(shares, [25, 50, 75, 100])


def test_the_profiles_strangers_go_on_from_a_twentieth(result: Result) -> None:
    [ax] = strangers(result).axes
    odds, shares = points(lines(ax)["those of the profile"])
    assert shares[0] == pytest.approx(5)
    assert np.interp(TAIL.log_odds, odds, shares) == pytest.approx(100 * TAIL.rate, rel=0.02)
    _, pooled = points(lines(ax)["both together"])
    # Behind the likeliest own one, 300 of the profile are diluted by four that are not named.
    assert pooled[-1] == pytest.approx(shares[-1] * 300 / 304)


def test_the_threshold_the_rate_and_what_so_few_cannot_show_are_marked(result: Result) -> None:
    [ax] = strangers(result).axes
    assert log_odds_of(result.threshold) in {
        float(line.get_xdata()[0]) for line in ax.get_lines() if len(set(line.get_xdata())) == 1
    }
    rate = 100 * result.false_alarm_rate
    assert any(set(line.get_ydata()) == {rate} for line in ax.get_lines())
    said = [text.get_text() for text in ax.texts]
    assert "what 4 independent strangers are too few to show" in said
    band = ax.patches[0].get_extents().transformed(ax.transData.inverted())
    assert band.y1 == pytest.approx(49, abs=1)  # Wilson's upper end for none of four


def test_without_strangers_or_a_tail_it_is_drawn_too(result: Result) -> None:
    [ax] = strangers(dataclasses.replace(result, tail=None)).axes
    assert "those of the profile" not in lines(ax)
    [ax] = strangers(dataclasses.replace(result, strangers=result.strangers.iloc[:0])).axes
    assert "your own" not in lines(ax)
