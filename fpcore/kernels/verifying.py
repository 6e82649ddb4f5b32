"""Which peaks of a song a query has too, at given alignments."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, nogil=True)
def places(
    offset_ticks: NDArray[np.float64],
    song: tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32], NDArray[np.bool_]],
    query: tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]],
    reach: tuple[float, float, int],
    near_query: tuple[NDArray[np.bool_], NDArray[np.int64], int, int],
    compared: tuple[float, float, float, float],
    ranks: tuple[NDArray[np.uint8], NDArray[np.float64], int],
    ticks_per_frame: int,
    played: tuple[float, float],
) -> NDArray[np.float64]:
    """Return what speaks for each place in a song, float64 (n, 7).

    The columns are, of the song's paired peaks, the sum of `nearness`, their number in the
    query's span and the two of `rank_z`; then, of all its peaks, the sum of `nearness`,
    `rank_z` and `agreement`.

    Parameters
    ----------
    offset_ticks
        Where in the song the query begins, in ticks, (n,).
    song
        Frames, bins, levels in dB of the song's peaks, and which are paired, each (m,), by frame.
    query
        Ticks, bins and levels in dB of the query's peaks, each (k,), by tick.
    reach
        As `nearness` takes it: ``near_ticks``, ``reach_ticks``, ``reach_bins``.
    near_query
        What `in_reach` gives for the query.
    compared
        As `agreement` takes it: ``first_tick``, ``last_tick``, ``most_db``, ``scale_db``.
    ranks
        As `rank_z` takes it: ``rank``, ``loudness`` and ``first_bin``.
    ticks_per_frame
        Ticks of the query in a frame of the song.
    played
        Pitch and tempo at which the query was played.
    """
    (song_frame, song_bin, song_level_db, paired), query_tick = song, query[0]
    found = np.zeros((len(offset_ticks), 7), np.float64)
    for i, offset in enumerate(offset_ticks):
        if len(query_tick):
            start = np.searchsorted(song_frame, (query_tick[0] + offset) / ticks_per_frame)
            last = (query_tick[-1] + offset) / ticks_per_frame
            end = np.searchsorted(song_frame, last, side="right")
            tick = song_frame[start:end] * np.float64(ticks_per_frame) - offset
            near, apart_db = nearness(
                tick, song_bin[start:end], song_level_db[start:end], query, reach, near_query
            )
            for k in range(len(near)):
                if paired[start + k]:
                    found[i, 0] += near[k]
                    found[i, 1] += 1
            found[i, 4], found[i, 6] = near.sum(), agreement(tick, apart_db, *compared)
        found[i, 2], found[i, 3], found[i, 5] = rank_z(
            *ranks, (song_frame, song_bin, paired), offset, ticks_per_frame, *played
        )
    return found


@njit(cache=True, nogil=True)
def nearness(
    song_tick: NDArray[np.float64],
    song_bin: NDArray[np.int32],
    song_level_db: NDArray[np.float32],
    query: tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]],
    reach: tuple[float, float, int],
    near_query: tuple[NDArray[np.bool_], NDArray[np.int64], int, int],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return for each song peak how near in time the nearest query peak of its bin lies.

    1 up to ``near_ticks``, then falling linearly to 0 at ``reach_ticks``; 0 without a query peak
    within ``reach_bins`` (these three are ``reach``). Then the least difference in level, in dB,
    to a query peak in reach; infinite without one. Both constellations must be sorted by tick, on
    the query's time. ``near_query`` is what `in_reach` gives for the query.
    """
    query_tick, query_bin, query_level_db = query
    near_ticks, reach_ticks, reach_bins = reach
    near = np.zeros(len(song_tick), np.float64)
    difference_db = np.full(len(song_tick), np.inf)
    anything, begin, first_tick, first_bin = near_query
    for i in range(len(song_tick)):
        row, column = int(np.floor(song_tick[i])) - first_tick, song_bin[i] - first_bin
        if not (0 <= row < anything.shape[0] and 0 <= column < anything.shape[1]):
            continue
        if not anything[row, column]:
            continue
        j = begin[row]
        while j < len(query_tick) and query_tick[j] < song_tick[i] + reach_ticks:
            distance = abs(query_tick[j] - song_tick[i])
            if abs(query_bin[j] - song_bin[i]) <= reach_bins and distance < reach_ticks:
                weight = (reach_ticks - distance) / (reach_ticks - near_ticks)
                near[i] = max(near[i], min(weight, 1.0))
                apart_db = abs(np.float64(query_level_db[j]) - song_level_db[i])
                difference_db[i] = min(difference_db[i], apart_db)
            j += 1
    return near, difference_db


@njit(cache=True, nogil=True)
def in_reach(
    tick: NDArray[np.int32], bin_: NDArray[np.int32], reach_ticks: float, reach_bins: int
) -> tuple[NDArray[np.bool_], NDArray[np.int64], int, int]:
    """Return a map of where a song peak may be near one of the query's, bool (ticks, bins).

    Then for each of its ticks the first of the query's peaks that may be near, int64 (ticks,),
    and the tick and bin of its first element. Most song peaks laid at a wrong place are near none,
    and a glance at the map spares going through the query's peaks around it.
    """
    if not len(tick):
        return np.zeros((0, 0), np.bool_), np.zeros(0, np.int64), 0, 0
    first_tick = int(np.floor(tick[0] - reach_ticks))
    first_bin = int(bin_.min()) - reach_bins
    n_ticks = int(np.floor(tick[-1] + reach_ticks)) - first_tick + 1
    anything = np.zeros((n_ticks, int(bin_.max()) + reach_bins - first_bin + 1), np.bool_)
    for k in range(len(tick)):
        start = int(np.floor(tick[k] - reach_ticks)) - first_tick
        end = int(np.floor(tick[k] + reach_ticks)) - first_tick + 1
        column = bin_[k] - first_bin
        anything[start:end, column - reach_bins : column + reach_bins + 1] = True
    begin = np.searchsorted(tick, np.arange(n_ticks) + first_tick - reach_ticks, side="right")
    return anything, begin, first_tick, first_bin


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
def rank_z(
    rank: NDArray[np.uint8],
    loudness: NDArray[np.float64],
    first_bin: int,
    song: tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.bool_]],
    offset_ticks: float,
    ticks_per_frame: int,
    pitch: float,
    tempo: float,
) -> tuple[float, float, float]:
    """Return by how many standard deviations the mean rank at a song's peaks exceeds 1/2.

    Of the paired ones; then by how many of the same the mean ``loudness`` (n_ticks,) at their
    times exceeds 0; then the first of all peaks. ``rank`` (n_ticks, n_bins) is of a recording
    played at ``pitch`` and ``tempo``, in 256ths, its first column bin ``first_bin``. ``song`` has
    frames, ascending, bins, and which peaks are paired, each (m,); they are laid over it from
    ``offset_ticks`` on, and those outside do not count. 0 when none does.
    """
    song_frame, song_bin, paired = song
    n_ticks, n_bins = rank.shape
    start = np.searchsorted(song_frame, offset_ticks / ticks_per_frame)
    end = np.searchsorted(song_frame, (n_ticks * tempo + offset_ticks) / ticks_per_frame)
    total, n = 0.0, 0
    of_paired, at_any_bin, n_paired = 0.0, 0.0, 0
    for k in range(start, end):
        tick = int(np.rint((song_frame[k] * ticks_per_frame - offset_ticks) / tempo))
        column = int(np.rint(song_bin[k] * pitch)) - first_bin
        if 0 <= tick < n_ticks and 0 <= column < n_bins:
            above = (rank[tick, column] + 0.5) / 256 - 0.5
            total += above
            n += 1
            if paired[k]:
                of_paired += above
                at_any_bin += loudness[tick]
                n_paired += 1
    by_chance, of_all = np.sqrt(max(n_paired, 1) / 12), np.sqrt(max(n, 1) / 12)
    return of_paired / by_chance, at_any_bin / by_chance, total / of_all
