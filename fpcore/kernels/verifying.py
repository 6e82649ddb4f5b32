"""Peaks of a song that a query has too, at given offsets."""

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
    """Return what speaks for each place in a song.

    Parameters
    ----------
    offset_ticks : float64 (n,)
        Where in the song the query begins, in ticks.
    song : tuple of int32 (m,), int32 (m,), float32 (m,) and bool (m,)
        Frames, bins, levels in dB of the song's peaks, and which are paired, by frame.
    query : tuple of int32 (k,), int32 (k,) and float32 (k,)
        Ticks, bins and levels in dB of the query's peaks, by tick.
    reach : tuple of float, float and int
        As `nearness` takes it: ``near_ticks``, ``reach_ticks``, ``reach_bins``.
    near_query : tuple
        What `in_reach` returns for the query.
    compared : tuple of 4 float
        As `agreement` takes it: ``first_tick``, ``last_tick``, ``most_db``, ``scale_db``.
    ranks : tuple of uint8 (n_ticks, n_bins), float64 (n_ticks,) and int
        As `rank_z` takes it: ``rank``, ``loudness`` and ``first_bin``.
    ticks_per_frame : int
        Ticks of the query in a frame of the song.
    played : tuple of 2 float
        Pitch and tempo at which the query was played.

    Returns
    -------
    float64 (n, 7)
        The columns are, of the song's paired peaks, the sum of `nearness`, their number in the
        query's span and the two z of `rank_z`; then, of all its peaks, the sum of `nearness`, the
        rank z and the `agreement`.
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
    """Return how near the query has each song peak, and how different its level is.

    A peak counts 1 up to ``near_ticks``, then less, linearly, down to 0 at ``reach_ticks``; 0
    without a query peak within ``reach_bins``.

    Parameters
    ----------
    song_tick : float64 (n,)
        Where the song's peaks lie in the query, in ticks, ascending.
    song_bin : int32 (n,)
        Bins of these peaks.
    song_level_db : float32 (n,)
        Their levels in dB.
    query : tuple of int32 (k,), int32 (k,) and float32 (k,)
        Ticks, bins and levels in dB of the query's peaks, by tick.
    reach : tuple of float, float and int
        ``near_ticks``, ``reach_ticks`` and ``reach_bins``.
    near_query : tuple
        What `in_reach` returns for the query.

    Returns
    -------
    near : float64 (n,)
        From 0 to 1.
    difference_db : float64 (n,)
        Least difference in level to a query peak in reach, in dB; infinite without one.
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
    """Return a map of where a song peak may be near one of the query's.

    Most song peaks at a wrong place are near none, and a glance at the map spares going through the
    query's peaks around them.

    Parameters
    ----------
    tick, bin_ : int32 (k,)
        The query's peaks, by tick.
    reach_ticks : float
        How far a song peak may lie from one of them in time, in ticks.
    reach_bins : int
        How far in bins.

    Returns
    -------
    anything : bool (n_ticks, n_bins)
        Whether a peak of the query may be in reach.
    begin : int64 (n_ticks,)
        The first peak of the query that may be in reach at each tick.
    first_tick, first_bin : int
        Tick and bin of the first element of the map.
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
    """Return exp(-mean / ``scale_db``) of differences in level: 1 when alike, towards 0 when not.

    Parameters
    ----------
    tick : float64 (n,)
        Where the song's peaks lie in the query, in ticks.
    apart_db : float64 (n,)
        By how many dB the query differs there, or infinity.
    first_tick, last_tick : float
        Peaks before the first or after the last tick do not count.
    most_db : float
        A difference counts as at most this.
    scale_db : float
        Mean difference that gives 1 / e.

    Returns
    -------
    float
        0 when no peak counts.
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
    """Return by how much a query is louder at a song's peaks than at other times.

    Parameters
    ----------
    rank : uint8 (n_ticks, n_bins)
        Ranks of the query's levels in 256ths, as it was played.
    loudness : float64 (n_ticks,)
        By how much the mean rank of all bins exceeds 1/2.
    first_bin : int
        FFT bin of the first column of ``rank``.
    song : tuple of int32 (m,), int32 (m,) and bool (m,)
        Frames, ascending, and bins of the song's peaks, and which are paired.
    offset_ticks : float
        Where in the song the query begins, in ticks. Peaks outside the query do not count.
    ticks_per_frame : int
        Ticks of the query in a frame of the song.
    pitch, tempo : float
        Pitch and tempo at which the query was played.

    Returns
    -------
    rank_z : float
        By how many standard deviations the mean rank at the paired peaks exceeds 1/2; 0 without
        any peak.
    broadband_z : float
        By how many of the same the mean ``loudness`` at their times exceeds 0.
    kept_rank_z : float
        As the first, of all peaks.
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
