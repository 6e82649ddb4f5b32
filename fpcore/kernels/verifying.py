"""Which peaks of a song a query has too, at given alignments."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from fpcore.kernels.ranking import mean_rank


@njit(cache=True, nogil=True)
def places(
    offset_ticks: NDArray[np.float64],
    song: tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]],
    query: tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]],
    reach: tuple[float, float, int],
    compared: tuple[float, float, float, float],
    ranks: tuple[NDArray[np.uint8], int],
    ticks_per_frame: int,
    played: tuple[float, float],
) -> NDArray[np.float64]:
    """Return what speaks for each offset of a song, float64 (n, 4).

    The columns are: the sum of `nearness`, the peaks in the query's span, `agreement`, and by
    how many standard deviations `mean_rank` lies above one half. ``song`` are frames, bins and
    levels, ``query`` ticks, bins and levels, ``played`` pitch and tempo; ``reach`` is the end of
    `nearness`'s arguments, ``compared`` that of `agreement`'s and ``ranks`` the beginning of
    `mean_rank`'s.
    """
    (song_frame, song_bin, song_level_db), query_tick = song, query[0]
    found = np.zeros((len(offset_ticks), 4), np.float64)
    for i, offset in enumerate(offset_ticks):
        if len(query_tick):
            start = np.searchsorted(song_frame, (query_tick[0] + offset) / ticks_per_frame)
            last = (query_tick[-1] + offset) / ticks_per_frame
            end = np.searchsorted(song_frame, last, side="right")
            tick = song_frame[start:end] * np.float64(ticks_per_frame) - offset
            near, apart_db = nearness(
                tick, song_bin[start:end], song_level_db[start:end], *query, *reach
            )
            found[i, 0], found[i, 1] = near.sum(), len(near)
            found[i, 2] = agreement(tick, apart_db, *compared)
        mean, n = mean_rank(*ranks, song_frame, song_bin, offset, ticks_per_frame, *played)
        found[i, 3] = (mean - 0.5) * np.sqrt(12 * n)
    return found


@njit(cache=True, nogil=True)
def nearness(
    song_tick: NDArray[np.float64],
    song_bin: NDArray[np.int32],
    song_level_db: NDArray[np.float32],
    query_tick: NDArray[np.int32],
    query_bin: NDArray[np.int32],
    query_level_db: NDArray[np.float32],
    near_ticks: float,
    reach_ticks: float,
    reach_bins: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return for each song peak how near in time the nearest query peak of its bin lies.

    1 up to ``near_ticks``, then falling linearly to 0 at ``reach_ticks``; 0 without a query peak
    within ``reach_bins``. Then the least difference in level, in dB, to a query peak in reach;
    infinite without one. Both constellations must be sorted by tick, on the query's time.
    """
    near = np.zeros(len(song_tick), np.float64)
    difference_db = np.full(len(song_tick), np.inf)
    first = 0
    for i in range(len(song_tick)):
        while first < len(query_tick) and query_tick[first] <= song_tick[i] - reach_ticks:
            first += 1
        j = first
        while j < len(query_tick) and query_tick[j] < song_tick[i] + reach_ticks:
            if abs(query_bin[j] - song_bin[i]) <= reach_bins:
                distance = abs(query_tick[j] - song_tick[i])
                weight = (reach_ticks - distance) / (reach_ticks - near_ticks)
                near[i] = max(near[i], min(weight, 1.0))
                apart_db = abs(np.float64(query_level_db[j]) - song_level_db[i])
                difference_db[i] = min(difference_db[i], apart_db)
            j += 1
    return near, difference_db


@njit(cache=True, nogil=True)
def agreement(
    tick: NDArray[np.float64],
    apart_db: NDArray[np.float64],
    first_tick: float,
    last_tick: float,
    most_db: float,
    scale_db: float,
) -> float:
    """Return exp(-mean / ``scale_db``) of the differences, each at most ``most_db``.

    Of those peaks that lie between ``first_tick`` and ``last_tick``, both included; 0 of none.
    """
    total, n = 0.0, 0
    for i in range(len(tick)):
        if first_tick <= tick[i] <= last_tick:
            total += min(apart_db[i], most_db)
            n += 1
    return np.exp(-total / n / scale_db) if n else 0.0
