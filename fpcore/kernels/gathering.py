"""Postings of a snapshot: sorted tokens, and for each a run of (song, frame) rows."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fpcore.kernels.compiling import kernel


class GatheredPostings(NamedTuple):
    """Postings of live songs, run after run.

    Attributes
    ----------
    is_sound : bool
        False when a run or the number of a song is out of range; ignore the rest then.
    run, song_id : int64 (k,)
        The run of each posting, ascending, and its song.
    frame : int32 (k,)
        The frame of each posting.
    """

    is_sound: bool
    run: NDArray[np.int64]
    song_id: NDArray[np.int64]
    frame: NDArray[np.int32]


@kernel
def find(token: NDArray[np.unsignedinteger[Any]], wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where in ``token`` (t,) each of ``wanted`` int64 (n,) stands, or -1, as int64 (n,).

    Both must ascend. The search for one token begins where the search for the one before ended, and
    doubles its steps, so it stays near.
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


@kernel
def gather(
    place: NDArray[np.unsignedinteger[Any]],
    start: NDArray[np.int64],
    count: NDArray[np.int64],
    song_id: NDArray[np.int64],
    is_live: NDArray[np.bool_],
) -> GatheredPostings:
    """Return the postings of runs, unless the file is damaged.

    Parameters
    ----------
    place : unsigned integer (p, 2)
        Each row is the number of a song and a frame.
    start, count : int64 (r,)
        Run ``i`` is ``count[i]`` rows of ``place`` from ``start[i]`` on.
    song_id : int64 (s,)
        The id of each song by its number.
    is_live : bool (s,)
        Whether a song is still in the index; postings of the others are left out.
    """
    total = 0
    for i in range(len(start)):
        if count[i] < 0 or not 0 <= start[i] <= len(place) - count[i]:
            return GatheredPostings(
                False, np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int32)
            )
        total += count[i]
    run = np.empty(total, np.int64)
    song = np.empty(total, np.int64)
    frame = np.empty(total, np.int32)
    n = 0
    for i in range(len(start)):
        for row in range(start[i], start[i] + count[i]):
            number = place[row, 0]
            if number >= len(song_id):
                return GatheredPostings(False, run[:0], song[:0], frame[:0])
            if is_live[number]:
                run[n], song[n], frame[n] = i, song_id[number], place[row, 1]
                n += 1
    return GatheredPostings(True, run[:n], song[:n], frame[:n])
