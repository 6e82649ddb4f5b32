"""The figure of false alarms, drawn of made-up strangers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend import Legend

from experiments.studies.false_alarms.figure import false_alarms_figure
from experiments.studies.false_alarms.gumbel import OfSize, by_size

N_STRANGERS = 8
SIZES = (
    ("real", 1, 4),
    ("surrogates", 2, 8),
    ("surrogates alone", 1, 4),
    ("surrogates", 3, 12),
)


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """Strangers at each size, and songs of the index where it holds real ones."""
    rng = np.random.default_rng(0)
    parts = []
    for kind, times, n_songs in SIZES:
        for indexed in (False, True):
            if kind == "surrogates alone" and indexed:
                continue
            log_odds = rng.gumbel(5.0 if indexed else -5.0, 1.0, N_STRANGERS)
            parts.append(
                pd.DataFrame(
                    {
                        "times": times,
                        "n_songs": n_songs,
                        "kind": kind,
                        "query": [f"q{number}" for number in range(N_STRANGERS)],
                        "work": [f"w{number}" for number in range(N_STRANGERS)],
                        "indexed": indexed,
                        "log_odds": log_odds,
                        "accepted": log_odds >= 0,
                        "right": indexed,
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="module")
def sizes(rows: pd.DataFrame) -> list[OfSize]:
    return list(by_size(rows))


@pytest.fixture(scope="module")
def figure(rows: pd.DataFrame, sizes: list[OfSize]) -> Figure:
    return false_alarms_figure(rows, sizes, threshold=0.3)


def legend_of(ax: Axes) -> Legend:
    """Return the legend of a panel."""
    legend = ax.get_legend()
    assert legend is not None
    return legend


def test_the_picture_shows_every_size(figure: Figure) -> None:
    tails, rates = figure.axes
    legend = [text.get_text() for text in legend_of(tails).get_texts()]
    assert legend == [
        "4 songs",
        "8 songs",
        "4 songs, surrogates alone",
        "12 songs",
        "threshold",
    ]
    assert [tick.get_text() for tick in rates.get_xticklabels()] == ["4", "8", "12"]
    points = [line for line in tails.get_lines() if line.get_linestyle() == "None"]
    assert [len(np.asarray(line.get_xdata())) for line in points] == [8, 8, 8, 8]


def test_strangers_stand_at_the_share_that_reaches_their_log_odds(
    figure: Figure, rows: pd.DataFrame
) -> None:
    points = [line for line in figure.axes[0].get_lines() if line.get_linestyle() == "None"]
    of_real = rows[(rows["kind"] == "real") & ~rows["indexed"]]
    falling = np.sort(of_real["log_odds"])[::-1]
    np.testing.assert_allclose(np.asarray(points[0].get_xdata()), falling)
    percent = 100 * np.arange(1, N_STRANGERS + 1) / N_STRANGERS
    np.testing.assert_allclose(np.asarray(points[0].get_ydata()), percent)


def test_rates_are_drawn_of_indexes_that_hold_real_songs(
    figure: Figure, sizes: list[OfSize]
) -> None:
    bars = {str(one.get_label()): one[0] for one in figure.axes[1].containers}
    drawn = bars["strangers given a name"]
    assert np.asarray(drawn.get_xdata()).tolist() == [4, 8, 12]
    shares = [size.false_alarms.share for size in sizes if size.kind != "surrogates alone"]
    np.testing.assert_allclose(np.asarray(drawn.get_ydata()), 100 * np.array(shares))
    assert len(bars) == 3


def test_the_threshold_is_where_it_was_said_to_be(figure: Figure) -> None:
    [line] = [line for line in figure.axes[0].get_lines() if line.get_label() == "threshold"]
    assert np.asarray(line.get_xdata()).tolist() == [0.3, 0.3]
