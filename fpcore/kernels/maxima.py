"""Local maxima of a matrix of levels."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, nogil=True)
def local_maxima(
    height_db: NDArray[np.float32],
    level_db: NDArray[np.float32],
    floor_db: np.float32,
    n_frames: int,
    n_bins: int,
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the rows and columns of the elements that are highest in their neighbourhood.

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

    Returns
    -------
    row, column : int32 (n,)
        The peaks, sorted by (row, column).
    """
    rows, columns = height_db.shape
    back_i, ahead_i = n_frames // 2, (n_frames - 1) // 2
    back_j, ahead_j = n_bins // 2, (n_bins - 1) // 2
    found_rows = np.empty(rows * columns, np.int32)
    found_columns = np.empty(rows * columns, np.int32)
    n_found = 0
    beats_next = np.empty(columns, np.bool_)
    for i in range(rows):
        top, bottom = max(i - back_i, 0), min(i + ahead_i, rows - 1)
        _compare_with_next(height_db, level_db, floor_db, i, top, bottom, ahead_j > 0, beats_next)
        for j in range(columns):
            if not beats_next[j]:
                continue
            left, right = max(j - back_j, 0), min(j + ahead_j, columns - 1)
            if _is_highest(height_db, i, j, top, bottom, left, right):
                found_rows[n_found], found_columns[n_found] = i, j
                n_found += 1
    return found_rows[:n_found].copy(), found_columns[:n_found].copy()


@njit(cache=True, nogil=True)
def _compare_with_next(
    height_db: NDArray[np.float32],
    level_db: NDArray[np.float32],
    floor_db: np.float32,
    i: int,
    top: int,
    bottom: int,
    look_right: bool,
    beats_next: NDArray[np.bool_],
) -> None:
    """Mark the elements of row i that beat those beside them, as far as they are neighbours.

    A necessary condition, in a loop without branches that the compiler turns into vector
    instructions: it leaves about one element in ten to be compared with all its neighbours.
    """
    columns = height_db.shape[1]
    before, after = max(i - 1, top), min(i + 1, bottom)
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


@njit(cache=True, nogil=True)
def _is_highest(
    height_db: NDArray[np.float32], i: int, j: int, top: int, bottom: int, left: int, right: int
) -> bool:
    """Whether (i, j) beats its neighbours; its own row first, where most elements fail."""
    height = height_db[i, j]
    for n in range(j - 1, left - 1, -1):
        if height_db[i, n] >= height:
            return False
    for n in range(j + 1, right + 1):
        if height_db[i, n] > height:
            return False
    for m in range(i - 1, top - 1, -1):
        for n in range(left, right + 1):
            if height_db[m, n] >= height:
                return False
    for m in range(i + 1, bottom + 1):
        for n in range(left, right + 1):
            if height_db[m, n] > height:
                return False
    return True
