"""Panels: what is drawn stands where the answer says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure

from fpcore.display import plot_alignment, plot_offset_histogram, plot_overlay
from fpcore.records import AS_LEARNED
from fpcore.search.explain import Explanation, OffsetHistogram
from fpcore.store import Store
from tests.fpcore.display.material import samples_of
from tests.fpcore.explained import ask
from tests.fpcore.synthetic import LEAN


def test_found_peaks_are_filled_and_missed_ones_hollow(store: Store) -> None:
    explanation = ask(store, samples_of("noisy")).explanation
    ax = Figure().subplots()
    plot_overlay(ax, explanation)
    dots = {
        str(item.get_label()): item for item in ax.collections if isinstance(item, PathCollection)
    }
    found = explanation.places[0].peaks.found
    filled, hollow = dots["song peak found again"], dots["song peak missed"]
    assert len(np.asarray(filled.get_offsets())) == np.count_nonzero(found) > 0
    assert len(np.asarray(hollow.get_offsets())) == np.count_nonzero(~found) > 0
    assert len(np.asarray(filled.get_facecolor())) == 1
    assert len(np.asarray(hollow.get_facecolor())) == 0


def test_alignment_draws_the_votes_on_the_line_of_the_offset(accepted: Explanation) -> None:
    place = accepted.places[0]
    ax = Figure().subplots()
    plot_alignment(ax, place, query_s=accepted.query_s)
    aside, line = (item for item in ax.collections if isinstance(item, PathCollection))
    assert len(np.asarray(aside.get_offsets())) == len(place.scattered)
    points = np.asarray(line.get_offsets())
    assert np.abs(points[:, 1] - points[:, 0] - place.match.offset_s).max() < 3 * LEAN.hop_s


def test_histogram_marks_the_offset_at_the_height_of_its_votes(accepted: Explanation) -> None:
    place = accepted.places[0]
    ax = Figure().subplots()
    plot_offset_histogram(ax, place.histogram, offset_s=place.match.offset_s)
    marked = [line for line in ax.lines if line.get_marker() == "v"]
    assert len(marked) == 1
    assert np.asarray(marked[0].get_xdata())[0] == pytest.approx(place.match.offset_s)
    assert np.asarray(marked[0].get_ydata())[0] >= place.match.votes
    bare = Figure().subplots()
    plot_offset_histogram(bare, place.histogram)
    assert not bare.lines


def test_a_few_votes_by_chance_do_not_look_like_a_spike() -> None:
    histogram = OffsetHistogram(np.array([1.0, 2.0, 7.0]), np.array([1, 3, 1]), 0.05)
    ax = Figure().subplots()
    plot_offset_histogram(ax, histogram)
    assert ax.get_ylim()[1] >= 3 * histogram.votes.max()


def test_the_dashed_line_is_the_highest_of_the_other_offsets(accepted: Explanation) -> None:
    histogram = OffsetHistogram(np.array([1.0, 2.0, 7.0]), np.array([4, 30, 6]), 0.05)
    ax = Figure().subplots()
    plot_offset_histogram(ax, histogram, offset_s=2.0)
    [dashed] = [line for line in ax.lines if line.get_linestyle() == "--"]
    assert set(np.asarray(dashed.get_ydata())) == {6}


@pytest.mark.parametrize(("tempo", "named"), [(1.0, False), (1.05, True)])
def test_the_time_axis_says_when_it_is_at_the_songs_tempo(
    accepted: Explanation, tempo: float, named: bool
) -> None:
    match = replace(accepted.matches[0], playback=replace(AS_LEARNED, tempo=tempo))
    ax, overlay = Figure().subplots(1, 2)
    plot_alignment(ax, replace(accepted.places[0], match=match), query_s=6.0)
    plot_overlay(overlay, replace(accepted, matches=(match,)))
    for label in (ax.get_xlabel(), overlay.get_xlabel()):
        assert ("at the song's tempo" in label) is named
