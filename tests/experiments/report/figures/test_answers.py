"""Figures of a few configurations: their points are those of the rows."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from matplotlib.patches import Rectangle
from scipy.special import ndtri

from experiments import metrics
from experiments.report import tables
from experiments.report.figures.answers import calibration, conditions, det, latency
from experiments.report.study import Result, Study

NAMES = ("first", "second")


@pytest.fixture(scope="module")
def results(made_up: Study) -> dict[str, Result]:
    """The first and the last trial of the made-up run, by names of their own."""
    return dict(zip(NAMES, (made_up.results[0], made_up.results[-1]), strict=True))


def test_conditions_have_a_panel_a_length_and_come_from_easy_to_hard(
    results: dict[str, Result],
) -> None:
    figure = conditions(results)
    first = tables.conditions([results["first"]])
    shares = first.groupby("condition")["share"].mean()
    assert [ax.get_title(loc="left")[:4] for ax in figure.axes] == ["3 s ", "8 s "]
    left = figure.axes[0]
    names = [tick.get_text() for tick in left.get_yticklabels()]
    assert shares[names].is_monotonic_increasing
    containers = {str(one.get_label()): one for one in left.containers}
    assert set(containers) == set(NAMES)
    drawn = np.asarray(containers["first"][0].get_xdata(), float)
    of_length = first[first["clip_s"] == 3].set_index("condition")["share"]
    np.testing.assert_allclose(drawn, 100 * of_length[names])
    assert [text.get_text() for text in figure.legends[0].get_texts()] == list(NAMES)


def test_the_marker_of_a_trial_stands_at_its_own_threshold(results: dict[str, Result]) -> None:
    ax = det(results).axes[0]
    markers = [line for line in ax.get_lines() if line.get_marker() in {"o", "D"}]
    assert len(markers) == len(results)
    for line, result in zip(markers, results.values(), strict=True):
        share = metrics.overall(result.outcomes, result.threshold)["share"]
        place = np.ravel(line.get_xydata())
        # Half a query of the 480 of either kind is as few as the axes show.
        rates = np.maximum([share["false_accept"], 1 - share["accepted_right"]], 0.5 / 480)
        np.testing.assert_allclose(place.astype(float), ndtri(rates))


def test_rates_that_so_few_queries_cannot_show_are_marked_grey(results: dict[str, Result]) -> None:
    rows = results["first"].outcomes
    few = rows[rows["indexed"]].iloc[:100]
    unknown = rows[~rows["indexed"]].iloc[:50]
    sparse = dataclasses.replace(results["first"], outcomes=rows.loc[[*few.index, *unknown.index]])
    marks = [str(patch.get_label()) for patch in det({"first": sparse}).axes[0].patches]
    assert marks == ["less than one of 50 queries"]


def test_calibration_draws_the_bins_that_hold_queries_with_their_number(
    results: dict[str, Result],
) -> None:
    ax, below = calibration(results).axes
    curve = metrics.calibration_curve(results["second"].outcomes)
    error = metrics.calibration_error(curve)
    containers = {str(one.get_label()): one for one in ax.containers}
    line = containers[f"second (error {error:.3f})"][0]
    np.testing.assert_allclose(np.asarray(line.get_xdata(), float), curve["probability"])
    np.testing.assert_allclose(np.asarray(line.get_ydata(), float), 100 * curve["share"])
    heights = [patch.get_height() for patch in below.patches if isinstance(patch, Rectangle)]
    n_queries = [metrics.calibration_curve(one.outcomes)["n"].sum() for one in results.values()]
    assert sum(heights) == sum(n_queries)


def test_bars_of_time_add_up_the_medians_of_the_stages(results: dict[str, Result]) -> None:
    ax = latency(results).axes[0]
    timings = metrics.latency(results["first"].timings)
    bars = {str(one.get_label()): one for one in ax.containers}
    widths = [bars[name][0].get_width() for name in ("decode", "fingerprint", "look-up", "align")]
    assert widths == pytest.approx([1e3 * timings["p50_s"][stage] for stage in metrics.STAGES])
    assert bars["align"][0].get_x() == pytest.approx(sum(widths[:3]))
    [late] = [line for line in ax.get_lines() if line.get_marker() == "|"]
    assert np.asarray(late.get_xdata())[0] == pytest.approx(1e3 * timings["p95_s"]["total"])
