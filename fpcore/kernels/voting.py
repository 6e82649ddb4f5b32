"""Offset histogram: for each song the window of offsets that gathers most weight."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, nogil=True)
def best_windows(
    song_id: NDArray[np.int64],
    offset_ticks: NDArray[np.int64],
    weight: NDArray[np.float64],
    width_ticks: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return for each song the first and past-the-last hit of its best window, and its weight.

    Hits must be sorted by (song_id, offset_ticks). A window holds the hits of one song whose
    offsets lie in ``[o, o + width_ticks]`` for the offset ``o`` of one of them. Of windows of
    equal weight the first is taken. Songs come out in the order of their ids.
    """
    n = len(song_id)
    starts = np.empty(n, np.int64)
    ends = np.empty(n, np.int64)
    weights = np.empty(n, np.float64)
    n_songs = 0
    end = 0
    total = 0.0
    for start in range(n):
        if start == 0 or song_id[start] != song_id[start - 1]:
            weights[n_songs] = -1.0
            n_songs += 1
            end, total = start, 0.0
        while (
            end < n
            and song_id[end] == song_id[start]
            and offset_ticks[end] - offset_ticks[start] <= width_ticks
        ):
            total += weight[end]
            end += 1
        # A sum that is carried along drifts by rounding: a better window must be truly better.
        if total > weights[n_songs - 1] * (1 + 1e-12):
            starts[n_songs - 1], ends[n_songs - 1], weights[n_songs - 1] = start, end, total
        total -= weight[start]
    return starts[:n_songs].copy(), ends[:n_songs].copy(), weights[:n_songs].copy()


@njit(cache=True, nogil=True)
def top_windows(
    offset_ticks: NDArray[np.int64], weight: NDArray[np.float64], width_ticks: int, n_windows: int
) -> NDArray[np.int64]:
    """Return (start, end) rows of one song's heaviest windows, heaviest first, none overlapping.

    ``offset_ticks`` must be sorted. Windows are those of `best_windows`; one that shares a hit
    with a heavier one is left out. At most ``n_windows`` rows.
    """
    n = len(offset_ticks)
    cumulative = np.zeros(n + 1, np.float64)
    for i in range(n):
        cumulative[i + 1] = cumulative[i] + weight[i]
    ends = np.empty(n, np.int64)
    end = 0
    for start in range(n):
        while end < n and offset_ticks[end] - offset_ticks[start] <= width_ticks:
            end += 1
        ends[start] = end
    totals = cumulative[ends] - cumulative[:n]
    windows = np.empty((n_windows, 2), np.int64)
    n_found = 0
    while n_found < n_windows:
        best = -1
        for start in range(n):
            if totals[start] > 0 and (best < 0 or totals[start] > totals[best] * (1 + 1e-12)):
                best = start
        if best < 0:
            break
        windows[n_found, 0], windows[n_found, 1] = best, ends[best]
        n_found += 1
        first = best
        while first > 0 and ends[first - 1] > best:
            first -= 1
        totals[first : ends[best]] = 0.0
    return windows[:n_found].copy()
