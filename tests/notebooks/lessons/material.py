"""A short song, the same in noise, rows of queries, and what a figure shows."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from fpcore.records import Signal
from tests.fpcore import indexed
from tests.fpcore.synthetic import LEAN, integer_noise, tone

CONFIG = LEAN
RATE_HZ = LEAN.sample_rate_hz
SILENCE = Signal(np.zeros(2 * RATE_HZ, np.float32), RATE_HZ)


@functools.cache
def song(index: int = 1) -> Signal:
    """Return the first four seconds of a song of the index that `library` is."""
    return Signal(indexed.part(index, 0.0, 4.0), RATE_HZ)


def noisy(signal: Signal, amplitude: float) -> Signal:
    noise = amplitude * integer_noise(len(signal.samples), 7)
    return Signal((signal.samples + noise).astype(np.float32), signal.sample_rate_hz)


def sine(hz: float, duration_s: float = 2.0) -> Signal:
    return Signal(tone(hz, duration_s, RATE_HZ, amplitude=0.5), RATE_HZ)


def outcomes(rows: list[tuple[str, bool, bool, float]]) -> pd.DataFrame:
    """Return outcome rows from (condition, indexed, right, probability), each of its own work."""
    frame = pd.DataFrame(rows, columns=["condition", "indexed", "right", "probability"])
    works = [f"work {number}" for number in range(len(frame))]
    return frame.assign(
        clip_s=5.0, query=works, work=works, offset_error_s=0.0, same_passage=frame["right"]
    )


def curve(ax: Axes, label: str) -> NDArray[np.float64]:
    """Return the points (n, 2) of the line with a label."""
    [line] = [one for one in ax.get_lines() if one.get_label() == label]
    return np.asarray(line.get_xydata(), np.float64)


def titles(figure: Figure) -> list[str]:
    """Return the titles of all Axes, those on the left where a title stands there."""
    return [ax.get_title(loc="left") or ax.get_title() for ax in figure.axes]


def legend_texts(ax: Axes) -> list[str]:
    legend: Any = ax.get_legend()
    return [text.get_text() for text in legend.get_texts()]
