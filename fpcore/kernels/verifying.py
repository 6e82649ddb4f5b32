"""Which peaks of a song a query has too, at given alignments."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, nogil=True)
def places(
    offset_ticks: NDArray[np.float64],
    song: tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]],
    query: tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]],
    reach: tuple[float, float, int],
    compared: tuple[float, float, float, float],
    ranks: tuple[NDArray[np.uint8], NDArray[np.float64], int],
    ticks_per_frame: int,
    played: tuple[float, float],
) -> NDArray[np.float64]:
    """Return what speaks for each place in a song, float64 (n, 5).

    The columns are: the sum of `nearness`, the number of song peaks in the query's span,
    `agreement`, and the two of `prominence`.

    Parameters
    ----------
    offset_ticks
        Where in the song the query begins, in ticks, (n,).
    song
        Frames, bins and levels in dB of the song's peaks, each (m,), by frame.
    query
        Ticks, bins and levels in dB of the query's peaks, each (k,), by tick.
    reach
        As `nearness` takes it: ``near_ticks``, ``reach_ticks``, ``reach_bins``.
    compared
        As `agreement` takes it: ``first_tick``, ``last_tick``, ``most_db``, ``scale_db``.
    ranks
        As `prominence` takes it: ``rank``, ``loudness`` and ``first_bin``.
    ticks_per_frame
        Ticks of the query in a frame of the song.
    played
        Pitch and tempo at which the query was played.
    """
    (song_frame, song_bin, song_level_db), query_tick = song, query[0]
    found = np.zeros((len(offset_ticks), 5), np.float64)
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
        found[i, 3:] = prominence(*ranks, song_frame, song_bin, offset, ticks_per_frame, *played)
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
    """Return exp(-mean / ``scale_db``) of the differences in level, each at most ``most_db``.

    ``tick`` (n,) is where the song's peaks lie in the query, ``apart_db`` (n,) by how many dB
    the query differs there. Peaks before ``first_tick`` or after ``last_tick`` do not count; 0
    when none does.
    """
    total, n = 0.0, 0
    for i in range(len(tick)):
        if first_tick <= tick[i] <= last_tick:
            total += min(apart_db[i], most_db)
            n += 1
    return np.exp(-total / n / scale_db) if n else 0.0


@njit(cache=True, nogil=True)
def prominence(
    rank: NDArray[np.uint8],
    loudness: NDArray[np.float64],
    first_bin: int,
    song_frame: NDArray[np.int32],
    song_bin: NDArray[np.int32],
    offset_ticks: float,
    ticks_per_frame: int,
    pitch: float,
    tempo: float,
) -> tuple[float, float]:
    """Return by how many standard deviations the mean rank at a song's peaks exceeds 1/2.

    And by how many of the same the mean ``loudness`` (n_ticks,) at their times exceeds 0.
    ``rank`` (n_ticks, n_bins) is of a recording played at ``pitch`` and ``tempo``, in 256ths,
    its first column bin ``first_bin``. The peaks (m,) are laid over it from ``offset_ticks``
    on, their frames ascending; those outside do not count. 0 when none does.
    """
    n_ticks, n_bins = rank.shape
    start = np.searchsorted(song_frame, offset_ticks / ticks_per_frame)
    end = np.searchsorted(song_frame, (n_ticks * tempo + offset_ticks) / ticks_per_frame)
    total, n = 0.0, 0
    at_any_bin = 0.0
    for k in range(start, end):
        tick = int(np.rint((song_frame[k] * ticks_per_frame - offset_ticks) / tempo))
        column = int(np.rint(song_bin[k] * pitch)) - first_bin
        if 0 <= tick < n_ticks and 0 <= column < n_bins:
            total += (rank[tick, column] + 0.5) / 256 - 0.5
            at_any_bin += loudness[tick]
            n += 1
    by_chance = np.sqrt(n / 12)
    return (total / by_chance, at_any_bin / by_chance) if n else (0.0, 0.0)
