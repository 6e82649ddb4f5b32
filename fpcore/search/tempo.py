"""Tempo of a query against a song, from hits whose offset drifts with time.

Song time minus query time is the same for all true hits only while the query runs as fast as
the song. Otherwise it grows by ``tempo - 1`` with every tick of the query, and a window of the
offset histogram holds only a part of the hits. That part is often enough to find the song, but
gives neither the tempo nor where the recording begins. The whole line is found by a Hough
transform, in which every hit votes for one offset under each slope (R. O. Duda and P. E. Hart,
"Use of the Hough transformation to detect lines and curves in pictures", Communications of the
ACM 15, 1972). Times are in ticks of the query, a tempo is a factor without a unit.
"""

from __future__ import annotations

import numpy as np

from fpcore.records import DoubleArray, LongArray
from fpcore.stages.matching import Hits, hits_at_offset

REFINEMENTS = 3
"""How often the line of the transform is fitted anew to the hits near it."""

MOST_SLOPES = 256
"""Most slopes tried to either side: enough for a tempo 7% off in clips of a minute. In longer clips
the lines lie further apart at the ends, and the fit makes up for that."""


def tempo_of(
    found: Hits,
    song_id: int,
    offset_ticks: float,
    width_ticks: int,
    max_change: float,
    *,
    first_tick: int = 0,
) -> float:
    """Return how many times as fast as a song a query runs, by the drift of its hits.

    Hits count through which a line may lead that meets ``offset_ticks`` somewhere in the query and
    is no steeper than ``max_change``.

    Parameters
    ----------
    found : Hits
        The hits of the query.
    song_id : int
        The song.
    offset_ticks : float
        Where a window of the histogram put the beginning of the query, in ticks of the song.
    width_ticks : int
        A line covers hits within this width, in ticks, as a window of offsets does.
    max_change : float
        The tempo lies at most this far from 1.
    first_tick : int, optional
        Where the window begins that the query is of.

    Returns
    -------
    float
        The tempo. Exactly 1 where the whole query drifts by less than half of ``width_ticks``,
        which would move no place by more than a quarter of it.
    """
    from fpcore.kernels import drifting

    length = int(found.query.tick.max(initial=first_tick)) - first_tick + 1
    half_ticks = max(width_ticks, 1) / 2
    reach = max_change * length + width_ticks
    found = found.of_songs(np.array([song_id]))
    near = hits_at_offset(found, song_id, offset_ticks, 2 * reach)
    row, offset, weight = found.taken(np.arange(near.start, near.stop))
    tick = found.query.tick[row].astype(np.float64) - first_tick - length / 2
    slopes = _slopes(max_change, max(half_ticks / length, max_change / MOST_SLOPES))
    lines = drifting.heaviest_lines(tick, offset, weight, width_ticks, slopes)
    best = int(np.argmax(lines.weight))  # of equal ones the flattest
    height = lines.lowest[best] + width_ticks / 2
    slope = _fitted(tick, offset, weight, half_ticks, slopes[best], height)
    if abs(slope) * length < half_ticks:
        return 1.0
    return 1 + min(max(slope, -max_change), max_change)


def _slopes(max_change: float, step: float) -> DoubleArray:
    """Return slopes from level up to ``max_change`` either way, the flattest first."""
    rising = np.arange(1, int(max_change / step + 1e-9) + 1) * step
    return np.concatenate([[0.0], np.column_stack([rising, -rising]).ravel()])


def _fitted(
    tick: DoubleArray,
    offset: LongArray,
    weight: DoubleArray,
    half_ticks: float,
    slope: float,
    height: float,
) -> float:
    """Return the slope of a line by weighted least squares over the hits that it covers.

    It covers ``half_ticks`` to either side; ``height`` is its offset at tick 0.
    """
    for _ in range(REFINEMENTS):
        covered = np.abs(offset - height - slope * tick) <= half_ticks
        x, y, w = tick[covered], offset[covered], weight[covered]
        if not len(x) or x.min() == x.max():
            break
        centre_x, centre_y = np.average(x, weights=w), np.average(y, weights=w)
        apart = x - centre_x
        slope = float(np.sum(w * apart * (y - centre_y)) / np.sum(w * apart**2))
        height = float(centre_y - slope * centre_x)
    return slope
