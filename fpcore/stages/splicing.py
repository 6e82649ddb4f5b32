"""Splicing: what was found before and after a stretch of a recording, as if the stretch were not.

What lies before the stretch stays where it is, and what lies after it moves up. Positions are in
ticks, a hop divided by the number of sub-hop shifts: a recording that is cut at ticks has after the
cut the frames that it had, each at the shift that it then has. Only near the cut, where a frame or
its surroundings would reach across it, would analysis of the cut recording find something else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from fpcore.records import LevelRanks, Peaks


@dataclass(frozen=True, slots=True)
class Splice:
    """A recording from tick ``first`` to before tick ``last``, without ``start`` to before ``end``.

    ``first <= start <= end <= last``.
    """

    first: int
    start: int
    end: int
    last: int

    @property
    def length(self) -> int:
        """Ticks that are left out."""
        return self.end - self.start


def spliced_peaks(
    before: Sequence[Peaks], after: Sequence[Peaks], splice: Splice
) -> tuple[Peaks, ...]:
    """Return the local maxima before and after the stretch that a splice leaves out.

    Parameters
    ----------
    before, after : sequence of Peaks
        Local maxima of the recording, as they were found in a window with what lies before and in
        one with what lies after: at each of n sub-hop shifts, in their order. Frame ``f`` at shift
        ``i`` is at tick ``f * n + i``.
    splice : Splice
        What of the recording is taken.

    Returns
    -------
    tuple of Peaks
        Local maxima at each shift.

    Examples
    --------
    >>> frame, level_db = np.arange(6, dtype=np.int32), np.arange(6, dtype=np.float32)
    >>> every = Peaks.on_bins(frame, np.zeros(6, np.int32), level_db)
    >>> found = spliced_peaks([every, every], [every, every], Splice(1, 2, 5, 11))
    >>> [at_shift.level_db.tolist() for at_shift in found]
    [[2.0, 3.0, 4.0], [0.0, 3.0, 4.0, 5.0]]
    """
    n_shifts = len(before)
    spliced = []
    for shift in range(n_shifts):
        tick = _ticks(before, shift)
        kept = before[shift].taken((tick >= splice.first) & (tick < splice.start))
        source = (shift + splice.length) % n_shifts
        tick = _ticks(after, source)
        is_after = (tick >= splice.end) & (tick < splice.last)
        frame = (tick[is_after] - splice.length - shift) // n_shifts
        moved = replace(after[source].taken(is_after), frame=frame.astype(np.int32))
        spliced.append(Peaks.joined([kept, moved]))
    return tuple(spliced)


def _ticks(maxima: Sequence[Peaks], shift: int) -> np.ndarray:
    return maxima[shift].frame.astype(np.int64) * len(maxima) + shift


def spliced_ranks(before: LevelRanks, after: LevelRanks, splice: Splice) -> LevelRanks:
    """Return the ranks of the levels before and after the stretch that a splice leaves out.

    Each bin is ranked anew among the ticks that are taken, by the ranks that it had.

    Parameters
    ----------
    before, after : LevelRanks
        Ranks in a window with what lies before, and in one with what lies after.
    splice : Splice
        What of the recording is taken, all of it within these windows.

    Returns
    -------
    LevelRanks
        From ``splice.first`` on.
    """
    from fpcore.kernels import ranking

    earlier = slice(splice.first - before.first_tick, splice.start - before.first_tick)
    later = slice(splice.end - after.first_tick, splice.last - after.first_tick)
    rank = np.concatenate([before.rank[earlier], after.rank[later]])
    sounding = np.concatenate([before.sounding[earlier], after.sounding[later]])
    if np.any(sounding):
        rank[sounding] = ranking.ranks(rank[sounding].astype(np.float32), 0, 0)
    return LevelRanks(rank, sounding, before.first_bin, splice.first)
