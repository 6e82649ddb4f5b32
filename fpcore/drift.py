"""Hits of a song -> the tempo of a query, for which the votes of another tempo drift.

Song time minus query time is the same for all true hits only while the query runs as fast as the
song. Otherwise it grows by ``tempo - 1`` with every tick of the query, and the offset histogram
sees but the stretch of it that fits into one window: often enough for the song, but neither for
the tempo nor for where the recording begins. The whole line is found by a Hough transform, in
which every hit votes for one offset under each slope (R. O. Duda and P. E. Hart, "Use of the Hough
transformation to detect lines and curves in pictures", Communications of the ACM 15, 1972).
"""

from __future__ import annotations

import numpy as np

from fpcore.matching import Hits, hits_at_offset
from fpcore.records import DoubleArray, LongArray

REFINEMENTS = 3
"""How often a line is fitted to the hits near it, from that of the transform on."""


def tempo(
    found: Hits, song_id: int, offset_ticks: float, width_ticks: int, max_change: float
) -> float:
    """Return how many times as fast as a song the query of ``found`` runs, by its votes.

    Those are looked at through which a line within ``max_change`` of level may lead that meets
    ``offset_ticks`` somewhere in the query; it covers ``width_ticks``, as a window of offsets does.
    Exactly 1 where the whole query drifts by less than half of that, which moves no place by more
    than a quarter of it.
    """
    length = int(found.query.tick.max(initial=0)) + 1
    reach = max_change * length + width_ticks
    near = hits_at_offset(found, song_id, offset_ticks, 2 * reach)
    row, offset, weight = found.taken(np.arange(near.start, near.stop))
    tick = found.query.tick[row].astype(np.float64)
    middle = length / 2
    slopes = _slopes(max_change, width_ticks / 2 / length)
    gathered, lowest = heaviest_lines(tick - middle, offset, weight, width_ticks, slopes)
    best = int(np.argmax(gathered))  # of equal ones the flattest
    height = lowest[best] + width_ticks / 2
    slope = _fitted(tick - middle, offset, weight, width_ticks, slopes[best], height)
    return 1.0 if abs(slope) * length < width_ticks / 2 else 1 + slope


def _slopes(max_change: float, step: float) -> DoubleArray:
    """Return slopes from level up to ``max_change`` either way, the flattest first."""
    rising = np.arange(1, int(max_change / step + 1e-9) + 1) * step
    return np.concatenate([[0.0], np.column_stack([rising, -rising]).ravel()])


def heaviest_lines(
    tick: DoubleArray, offset: LongArray, weight: DoubleArray, width_ticks: int, slopes: DoubleArray
) -> tuple[DoubleArray, LongArray]:
    """Return the most weight along a line of each slope, and the lowest level that it covers.

    The level of a hit is ``offset - slope * tick``, rounded. A line covers levels from that of a
    hit to ``width_ticks`` above; of equally heavy ones the highest is returned. ``tick``,
    ``offset`` and ``weight`` are (n,), ``slopes`` and both results, float64 and int64, (m,).
    """
    if not len(tick):
        return np.zeros(len(slopes)), np.zeros(len(slopes), np.int64)
    level = np.rint(offset - np.outer(slopes, tick)).astype(np.int64)
    bottom = int(level.min())
    n_cells = int(level.max()) - bottom + 1 + width_ticks
    cell = level - bottom + n_cells * np.arange(len(slopes))[:, None]
    weights = np.broadcast_to(weight, cell.shape)
    votes = np.bincount(cell.ravel(), weights.ravel(), n_cells * len(slopes))
    below = np.pad(votes.reshape(len(slopes), n_cells).cumsum(axis=1), ((0, 0), (1, 0)))
    inside = below[:, width_ticks + 1 :] - below[:, : -width_ticks - 1]
    highest = inside.shape[1] - 1 - inside[:, ::-1].argmax(axis=1)
    return inside.max(axis=1), bottom + highest


def _fitted(
    tick: DoubleArray,
    offset: LongArray,
    weight: DoubleArray,
    width_ticks: int,
    slope: float,
    height: float,
) -> float:
    """Return the slope of a line by weighted least squares over the hits that it covers.

    ``height`` is its offset at tick 0, half way up its width.
    """
    for _ in range(REFINEMENTS):
        covered = np.abs(offset - height - slope * tick) <= width_ticks / 2
        x, y, w = tick[covered], offset[covered], weight[covered]
        if not len(x) or x.min() == x.max():
            break
        centre_x, centre_y = np.average(x, weights=w), np.average(y, weights=w)
        apart = x - centre_x
        slope = float(np.sum(w * apart * (y - centre_y)) / np.sum(w * apart**2))
        height = float(centre_y - slope * centre_x)
    return slope
