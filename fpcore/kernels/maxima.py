"""Local maxima of a matrix of levels."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fpcore.kernels.compiling import kernel


class Maxima(NamedTuple):
    """Elements that are highest in their neighbourhood, sorted by (row, column).

    Attributes
    ----------
    row, column : int32 (n,)
        Where they stand.
    """

    row: NDArray[np.int32]
    column: NDArray[np.int32]


class _Levels(NamedTuple):
    """What is compared, and what a peak must exceed; see `local_maxima`."""

    height_db: NDArray[np.float32]
    level_db: NDArray[np.float32]
    floor_db: np.float32


class _Span(NamedTuple):
    """Rows or columns from ``first`` to ``last``, both included."""

    first: int
    last: int


@kernel
def local_maxima(
    height_db: NDArray[np.float32],
    level_db: NDArray[np.float32],
    floor_db: np.float32,
    n_frames: int,
    n_bins: int,
) -> Maxima:
    """Return the elements that are highest in their neighbourhood.

    The neighbourhood of (i, j) is rows i - n_frames // 2 to i + (n_frames - 1) // 2, likewise
    for columns: the window of ``scipy.ndimage.maximum_filter(size=(n_frames, n_bins))``. Of
    equal heights the first in (row, column) order wins, so that a flat rectangle has one peak.

    Parameters
    ----------
    height_db : float32 (rows, columns)
        Heights in dB that are compared.
    level_db : float32 (rows, columns)
        Levels in dB; only elements above ``floor_db`` can be peaks.
    floor_db : float32
        The floor.
    n_frames, n_bins : int
        Size of the neighbourhood in rows and in columns, >= 1.
    """
    rows, columns = height_db.shape
    back_i, ahead_i = n_frames // 2, (n_frames - 1) // 2
    back_j, ahead_j = n_bins // 2, (n_bins - 1) // 2
    found_rows = np.empty(rows * columns, np.int32)
    found_columns = np.empty(rows * columns, np.int32)
    n_found = 0
    levels = _Levels(height_db, level_db, floor_db)
    beats_next = np.empty(columns, np.bool_)
    for i in range(rows):
        near_rows = _Span(max(i - back_i, 0), min(i + ahead_i, rows - 1))
        _compare_with_next(levels, i, near_rows, ahead_j > 0, beats_next)
        for j in range(columns):
            if not beats_next[j]:
                continue
            near_columns = _Span(max(j - back_j, 0), min(j + ahead_j, columns - 1))
            if _is_highest(height_db, i, j, near_rows, near_columns):
                found_rows[n_found], found_columns[n_found] = i, j
                n_found += 1
    return Maxima(found_rows[:n_found].copy(), found_columns[:n_found].copy())


@kernel
def _compare_with_next(
    levels: _Levels, i: int, rows: _Span, look_right: bool, beats_next: NDArray[np.bool_]
) -> None:
    """Mark the elements of row i that beat those beside them, as far as they are neighbours.

    A necessary condition, in a loop without branches that the compiler turns into vector
    instructions: it leaves about one element in ten to be compared with all its neighbours.
    """
    height_db, level_db, floor_db = levels
    columns = height_db.shape[1]
    before, after = max(i - 1, rows.first), min(i + 1, rows.last)
    for j in range(columns):
        height = height_db[i, j]
        beats_next[j] = (
            (level_db[i, j] > floor_db)
            & ((height > height_db[before, j]) | (before == i))
            & (height >= height_db[after, j])
        )
    if look_right:
        for j in range(columns - 1):
            beats_next[j] &= height_db[i, j] >= height_db[i, j + 1]


@kernel
def _is_highest(
    height_db: NDArray[np.float32], i: int, j: int, rows: _Span, columns: _Span
) -> bool:
    """Whether (i, j) beats its neighbours; its own row first, where most elements fail."""
    height = height_db[i, j]
    for n in range(j - 1, columns.first - 1, -1):
        if height_db[i, n] >= height:
            return False
    for n in range(j + 1, columns.last + 1):
        if height_db[i, n] > height:
            return False
    for m in range(i - 1, rows.first - 1, -1):
        for n in range(columns.first, columns.last + 1):
            if height_db[m, n] >= height:
                return False
    for m in range(i + 1, rows.last + 1):
        for n in range(columns.first, columns.last + 1):
            if height_db[m, n] > height:
                return False
    return True
