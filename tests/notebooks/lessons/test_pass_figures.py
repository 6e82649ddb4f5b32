"""Figures of further passes: the playback that was played is the one that fits."""

from __future__ import annotations

import numpy as np
import pytest

from fpcore.library import Library
from fpcore.records import Signal
from notebooks.lessons.pass_figures import drift_figure, playback_figure
from tests.fpcore.indexed import RATE_HZ, part
from tests.notebooks.lessons.material import SILENCE, curve, legend_texts


@pytest.fixture
def signal() -> Signal:
    return Signal(part(1, 10.0, 10.0), RATE_HZ)


def test_hits_come_together_at_the_speed_that_was_played(signal: Signal, library: Library) -> None:
    [ax] = playback_figure(signal, library, faster_percent=3.0).axes
    assert legend_texts(ax)[0] == "speed"
    tried = curve(ax, "speed")
    assert tried[np.argmax(tried[:, 1]), 0] == pytest.approx(3.0, abs=0.6)
    highest = [curve(ax, label)[:, 1].max() for label in legend_texts(ax)[:-1]]
    assert highest[0] == max(highest)
    assert curve(ax, "as played")[0, 0] == 3.0


def test_hits_at_another_tempo_lie_on_a_line_that_the_answer_follows(
    signal: Signal, library: Library
) -> None:
    [ax] = drift_figure(signal, library, faster_percent=4.0).axes
    [told] = [text for text in legend_texts(ax) if text.startswith("the answer")]
    line = curve(ax, told)
    slope = np.ptp(line[:, 1]) / np.ptp(line[:, 0])
    assert slope == pytest.approx(0.04, abs=0.005)
    hits = curve(ax, "hit")
    on_line = np.abs(hits[:, 1] - np.interp(hits[:, 0], line[:, 0], line[:, 1])) < 0.1
    assert np.sum(on_line) > 20


def test_silence_has_no_hits_to_draw(library: Library) -> None:
    [ax] = drift_figure(SILENCE, library).axes
    assert not ax.get_lines()
