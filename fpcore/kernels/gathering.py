"""Postings of a snapshot: sorted tokens, and for each a run of (song, frame) rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, nogil=True)
def find(token: NDArray[np.unsignedinteger[Any]], wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where in ``token`` each ``wanted`` one stands, or -1.

    Both must ascend: the search for one begins where that for the one before has ended, and goes
    on in steps twice as long each, so that it stays near.
    """
    n = len(token)
    at = np.full(len(wanted), -1, np.int64)
    first = 0
    for i in range(len(wanted)):
        low, step = first, 1
        while low + step < n and np.int64(token[low + step]) < wanted[i]:
            low += step
            step *= 2
        high = min(low + step, n)
        while low < high:
            middle = (low + high) // 2
            if np.int64(token[middle]) < wanted[i]:
                low = middle + 1
            else:
                high = middle
        first = low
        if low < n and np.int64(token[low]) == wanted[i]:
            at[i] = low
    return at


@njit(cache=True, nogil=True)
def gather(
    place: NDArray[np.unsignedinteger[Any]],
    start: NDArray[np.int64],
    count: NDArray[np.int64],
    song_id: NDArray[np.int64],
    is_live: NDArray[np.bool_],
) -> tuple[bool, NDArray[np.int64], NDArray[np.int64], NDArray[np.int32]]:
    """Return the places of runs: whether they are sound, and run, song id and frame of each.

    Run ``i`` is the rows of ``place`` (n, 2) from ``start[i]`` on, ``count[i]`` of them. A row
    holds the number of a song, which points into ``song_id`` and ``is_live``, and a frame; rows
    of songs that are not live are left out. A run or a number out of range makes it unsound.
    """
    total = 0
    for i in range(len(start)):
        if count[i] < 0 or not 0 <= start[i] <= len(place) - count[i]:
            return False, np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int32)
        total += count[i]
    run = np.empty(total, np.int64)
    song = np.empty(total, np.int64)
    frame = np.empty(total, np.int32)
    n = 0
    for i in range(len(start)):
        for row in range(start[i], start[i] + count[i]):
            number = place[row, 0]
            if number >= len(song_id):
                return False, run[:0], song[:0], frame[:0]
            if is_live[number]:
                run[n], song[n], frame[n] = i, song_id[number], place[row, 1]
                n += 1
    return True, run[:n], song[:n], frame[:n]
