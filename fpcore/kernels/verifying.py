"""Peaks of a song that a query has too, at given offsets.

Times are in ticks of the query, counted from its start; `QueryScale` says what they are in frames
of the song.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fpcore.kernels.compiling import kernel


class SongPlaces(NamedTuple):
    """Places in songs that a query may come from.

    Attributes
    ----------
    song : int64 (n,)
        The song of each, numbered from 0.
    offset_ticks : float64 (n,)
        Where in the song the query begins, in ticks.
    """

    song: NDArray[np.int64]
    offset_ticks: NDArray[np.float64]


class IndexedPeaks(NamedTuple):
    """Peaks of a song as the index has them, by frame; of several songs, one song after another.

    Attributes
    ----------
    frame, bin : int32 (m,)
        Where they lie.
    level_db : float32 (m,)
        Their levels in dB.
    paired : bool (m,)
        Which of them make pairs.
    """

    frame: NDArray[np.int32]
    bin: NDArray[np.int32]
    level_db: NDArray[np.float32]
    paired: NDArray[np.bool_]


class HeardPeaks(NamedTuple):
    """Peaks of a query at all of its shifts, by tick, as if it had been played as learned.

    Attributes
    ----------
    tick, bin : int32 (k,)
        Where they lie.
    level_db : float32 (k,)
        Their levels in dB.
    """

    tick: NDArray[np.int32]
    bin: NDArray[np.int32]
    level_db: NDArray[np.float32]


class Reach(NamedTuple):
    """How near a query peak must be to a song peak to count for it.

    It counts 1 up to ``near_ticks``, then less, linearly, down to 0 at ``reach_ticks``.

    Attributes
    ----------
    near_ticks, reach_ticks : float
        Distances in time.
    reach_bins : int
        Farthest that it may lie above or below.
    """

    near_ticks: float
    reach_ticks: float
    reach_bins: int


class ReachMap(NamedTuple):
    """Where a song peak may be near one of the query's.

    Attributes
    ----------
    is_near : bool (n_ticks, n_bins)
        Whether a peak of the query may be in reach.
    first_peak : int64 (n_ticks,)
        The first peak of the query that may be in reach at each tick.
    first_tick, first_bin : int
        Tick and bin of the first element of the map.
    """

    is_near: NDArray[np.bool_]
    first_peak: NDArray[np.int64]
    first_tick: int
    first_bin: int


class LevelLimits(NamedTuple):
    """Which differences in level count, and how much.

    Attributes
    ----------
    first_tick, last_tick : float
        Peaks before the first or after the last tick do not count.
    most_db : float
        A difference counts as at most this.
    scale_db : float
        Mean difference that gives an agreement of 1 / e.
    """

    first_tick: float
    last_tick: float
    most_db: float
    scale_db: float


class RankMap(NamedTuple):
    """How loud a query is at each tick and bin, beside the same bin at other times.

    Attributes
    ----------
    rank : uint8 (n_ticks, n_bins)
        Ranks of the query's levels in 256ths, as it was played.
    sounding : bool (n_ticks,)
        Which ticks are not silent. Silent ones have no ranks.
    loudness : float64 (n_ticks,)
        By how much the mean rank of all bins exceeds 1/2.
    first_bin : int
        FFT bin of the first column of ``rank``.
    first_tick : int
        Tick of its first row.
    """

    rank: NDArray[np.uint8]
    sounding: NDArray[np.bool_]
    loudness: NDArray[np.float64]
    first_bin: int
    first_tick: int


class QueryScale(NamedTuple):
    """How ticks and bins of a query as it was heard relate to frames and bins of a song.

    Attributes
    ----------
    ticks_per_frame : int
        Ticks of the query in a frame of the song.
    pitch, tempo : float
        Pitch and tempo at which the query was played.
    """

    ticks_per_frame: int
    pitch: float
    tempo: float


class HeardQuery(NamedTuple):
    """All that is needed of a query to verify a place in a song.

    Attributes
    ----------
    peaks : HeardPeaks
        Its peaks.
    reach : Reach
        How near they must be to those of the song.
    limits : LevelLimits
        Which of their levels are compared.
    ranks : RankMap
        How loud it is at other places than its peaks.
    scale : QueryScale
        How it relates to the song.
    """

    peaks: HeardPeaks
    reach: Reach
    limits: LevelLimits
    ranks: RankMap
    scale: QueryScale


class PlaceEvidence(NamedTuple):
    """What speaks for each of n places; the columns of `fpcore.records.Verification`.

    Attributes
    ----------
    verified : float64 (n,)
        Sum of `nearness` of the song's paired peaks.
    expected : int64 (n,)
        Their number in the query's span, without those at silent ticks.
    rank_z, broadband_z : float64 (n,)
        As `rank_z` returns them.
    kept_verified : float64 (n,)
        Sum of `nearness` of all the song's peaks.
    kept_rank_z : float64 (n,)
        As `rank_z` returns it.
    level_agreement : float64 (n,)
        The `agreement` of all the song's peaks.
    """

    verified: NDArray[np.float64]
    expected: NDArray[np.int64]
    rank_z: NDArray[np.float64]
    broadband_z: NDArray[np.float64]
    kept_verified: NDArray[np.float64]
    kept_rank_z: NDArray[np.float64]
    level_agreement: NDArray[np.float64]


class LaidPeaks(NamedTuple):
    """Peaks of a song laid over a query, by tick.

    Attributes
    ----------
    tick : float64 (m,)
        Their times in the query, in ticks.
    bin : int32 (m,)
        Their bins.
    level_db : float32 (m,)
        Their levels in dB.
    """

    tick: NDArray[np.float64]
    bin: NDArray[np.int32]
    level_db: NDArray[np.float32]


class Nearness(NamedTuple):
    """How near a query has each peak of a song, and how different its level is.

    Attributes
    ----------
    weight : float64 (m,)
        From 0 to 1, as `Reach` says; 0 without a query peak in reach.
    apart_db : float64 (m,)
        Least difference in level to a query peak in reach, in dB; infinite without one.
    """

    weight: NDArray[np.float64]
    apart_db: NDArray[np.float64]


class RankZ(NamedTuple):
    """By how much a query is louder at a song's peaks than at other times, in standard deviations.

    Attributes
    ----------
    paired : float
        How far the mean rank at the paired peaks exceeds that of all bins while the song lasts;
        0 without any peak.
    broadband : float
        By how many of the same deviations the mean loudness at their times exceeds that.
    kept : float
        As the first, of all peaks.
    """

    paired: float
    broadband: float
    kept: float


@kernel
def verify_places(
    places: SongPlaces, peaks: IndexedPeaks, first: NDArray[np.int64], query: HeardQuery
) -> PlaceEvidence:
    """Return what speaks for each of n places in songs.

    Parameters
    ----------
    places : SongPlaces
        The places.
    peaks : IndexedPeaks
        The peaks of the songs, one song after another.
    first : int64 (s + 1,)
        Where the peaks of each song begin, and last where those of all end.
    query : HeardQuery
        The query.
    """
    query_tick, ticks_per_frame = query.peaks.tick, query.scale.ticks_per_frame
    reach_map = in_reach(query.peaks, query.reach)
    found = no_evidence(len(places.song))
    for i, offset in enumerate(places.offset_ticks):
        song = _of_song(peaks, first[places.song[i]], first[places.song[i] + 1])
        if len(query_tick):
            start = np.searchsorted(song.frame, (query_tick[0] + offset) / ticks_per_frame)
            last = (query_tick[-1] + offset) / ticks_per_frame
            end = np.searchsorted(song.frame, last, side="right")
            tick = song.frame[start:end] * np.float64(ticks_per_frame) - offset
            laid = LaidPeaks(tick, song.bin[start:end], song.level_db[start:end])
            near = nearness(laid, query.peaks, query.reach, reach_map)
            for k in range(len(tick)):
                if song.paired[start + k]:
                    found.verified[i] += near.weight[k]
                    found.expected[i] += not _is_silent(tick[k], query.ranks, query.scale)
            found.kept_verified[i] = near.weight.sum()
            found.level_agreement[i] = agreement(tick, near.apart_db, query.limits)
        z = rank_z(song, offset, query.ranks, query.scale)
        found.rank_z[i], found.broadband_z[i], found.kept_rank_z[i] = z.paired, z.broadband, z.kept
    return found


@kernel
def _is_silent(tick: float, ranks: RankMap, scale: QueryScale) -> bool:
    """Return whether a query is silent at a tick of it as it was learned."""
    row = int(np.rint(tick / scale.tempo)) - ranks.first_tick
    return 0 <= row < len(ranks.sounding) and not ranks.sounding[row]


@kernel
def _of_song(peaks: IndexedPeaks, start: int, end: int) -> IndexedPeaks:
    return IndexedPeaks(
        peaks.frame[start:end],
        peaks.bin[start:end],
        peaks.level_db[start:end],
        peaks.paired[start:end],
    )


@kernel
def no_evidence(n: int) -> PlaceEvidence:
    """Return zeros for ``n`` places, to be filled in."""
    return PlaceEvidence(
        np.zeros(n, np.float64),
        np.zeros(n, np.int64),
        np.zeros(n, np.float64),
        np.zeros(n, np.float64),
        np.zeros(n, np.float64),
        np.zeros(n, np.float64),
        np.zeros(n, np.float64),
    )


@kernel
def nearness(song: LaidPeaks, query: HeardPeaks, reach: Reach, reach_map: ReachMap) -> Nearness:
    """Return how near the query has each peak of a song, and how different its level is.

    Parameters
    ----------
    song : LaidPeaks
        The song's peaks.
    query : HeardPeaks
        The query's peaks.
    reach : Reach
        How near one must be to the other.
    reach_map : ReachMap
        What `in_reach` returns for the query and the reach.
    """
    weight = np.zeros(len(song.tick), np.float64)
    apart_db = np.full(len(song.tick), np.inf)
    is_near = reach_map.is_near
    for i in range(len(song.tick)):
        row = int(np.floor(song.tick[i])) - reach_map.first_tick
        column = song.bin[i] - reach_map.first_bin
        if not (0 <= row < is_near.shape[0] and 0 <= column < is_near.shape[1]):
            continue
        if not is_near[row, column]:
            continue
        j = reach_map.first_peak[row]
        while j < len(query.tick) and query.tick[j] < song.tick[i] + reach.reach_ticks:
            distance = abs(query.tick[j] - song.tick[i])
            is_of_bin = abs(query.bin[j] - song.bin[i]) <= reach.reach_bins
            if is_of_bin and distance < reach.reach_ticks:
                falling = (reach.reach_ticks - distance) / (reach.reach_ticks - reach.near_ticks)
                weight[i] = max(weight[i], min(falling, 1.0))
                difference_db = abs(np.float64(query.level_db[j]) - song.level_db[i])
                apart_db[i] = min(apart_db[i], difference_db)
            j += 1
    return Nearness(weight, apart_db)


@kernel
def in_reach(query: HeardPeaks, reach: Reach) -> ReachMap:
    """Return a map of where a song peak may be near one of the query's; empty without peaks.

    Most song peaks at a wrong place are near none, and a glance at the map spares going through the
    query's peaks around them.
    """
    tick, reach_ticks, reach_bins = query.tick, reach.reach_ticks, reach.reach_bins
    if not len(tick):
        return ReachMap(np.zeros((0, 0), np.bool_), np.zeros(0, np.int64), 0, 0)
    first_tick = int(np.floor(tick[0] - reach_ticks))
    first_bin = int(query.bin.min()) - reach_bins
    n_ticks = int(np.floor(tick[-1] + reach_ticks)) - first_tick + 1
    is_near = np.zeros((n_ticks, int(query.bin.max()) + reach_bins - first_bin + 1), np.bool_)
    for k in range(len(tick)):
        start = int(np.floor(tick[k] - reach_ticks)) - first_tick
        end = int(np.floor(tick[k] + reach_ticks)) - first_tick + 1
        column = query.bin[k] - first_bin
        is_near[start:end, column - reach_bins : column + reach_bins + 1] = True
    ticks = np.arange(n_ticks) + first_tick
    first_peak = np.searchsorted(tick, ticks - reach_ticks, side="right")
    return ReachMap(is_near, first_peak, first_tick, first_bin)


@kernel
def agreement(
    tick: NDArray[np.float64], apart_db: NDArray[np.float64], limits: LevelLimits
) -> float:
    """Return exp(-mean / ``scale_db``) of differences in level: 1 when alike, towards 0 when not.

    Parameters
    ----------
    tick : float64 (n,)
        Where the song's peaks lie in the query, in ticks.
    apart_db : float64 (n,)
        By how many dB the query differs there, or infinity.
    limits : LevelLimits
        Which differences count, and how much.

    Returns
    -------
    float
        0 when no peak counts.
    """
    total, n = 0.0, 0
    for i in range(len(tick)):
        if limits.first_tick <= tick[i] <= limits.last_tick:
            total += min(apart_db[i], limits.most_db)
            n += 1
    return np.exp(-total / n / limits.scale_db) if n else 0.0


@kernel
def rank_z(song: IndexedPeaks, offset_ticks: float, ranks: RankMap, scale: QueryScale) -> RankZ:
    """Return by how much a query is louder at a song's peaks than at other times.

    Parameters
    ----------
    song : IndexedPeaks
        The song's peaks.
    offset_ticks : float
        Where in the song the query begins, in ticks. Peaks outside the query, or where it is
        silent, do not count.
    ranks : RankMap
        The query's ranks.
    scale : QueryScale
        How the query relates to the song.
    """
    ticks_per_frame, tempo = scale.ticks_per_frame, scale.tempo
    n_ticks, n_bins = ranks.rank.shape
    first, last = ranks.first_tick * tempo, (ranks.first_tick + n_ticks) * tempo
    start = np.searchsorted(song.frame, (first + offset_ticks) / ticks_per_frame)
    end = np.searchsorted(song.frame, (last + offset_ticks) / ticks_per_frame)
    usual = _usual_loudness(song, offset_ticks, ranks, scale)
    of_kept, n_kept = 0.0, 0
    of_paired, at_any_bin, n_paired = 0.0, 0.0, 0
    for k in range(start, end):
        heard = (song.frame[k] * ticks_per_frame - offset_ticks) / tempo
        tick = int(np.rint(heard)) - ranks.first_tick
        column = int(np.rint(song.bin[k] * scale.pitch)) - ranks.first_bin
        if 0 <= tick < n_ticks and 0 <= column < n_bins and ranks.sounding[tick]:
            above = (ranks.rank[tick, column] + 0.5) / 256 - 0.5 - usual
            of_kept += above
            n_kept += 1
            if song.paired[k]:
                of_paired += above
                at_any_bin += ranks.loudness[tick] - usual
                n_paired += 1
    deviation_paired = np.sqrt(max(n_paired, 1) / 12)
    deviation_kept = np.sqrt(max(n_kept, 1) / 12)
    return RankZ(
        of_paired / deviation_paired, at_any_bin / deviation_paired, of_kept / deviation_kept
    )


@kernel
def _usual_loudness(
    song: IndexedPeaks, offset_ticks: float, ranks: RankMap, scale: QueryScale
) -> float:
    """Return the mean loudness of a query from the first to the last peak of a song.

    It is 0 where the song outlasts the query, for ranks are shares of all ticks.
    """
    if not len(song.frame):
        return 0.0
    n_ticks = len(ranks.loudness)
    first = (song.frame[0] * scale.ticks_per_frame - offset_ticks) / scale.tempo
    last = (song.frame[-1] * scale.ticks_per_frame - offset_ticks) / scale.tempo
    start = max(int(np.rint(first)) - ranks.first_tick, 0)
    end = min(int(np.rint(last)) - ranks.first_tick + 1, n_ticks)
    if start == 0 and end == n_ticks:
        return 0.0
    total, n = 0.0, 0
    for tick in range(start, end):
        if ranks.sounding[tick]:
            total += ranks.loudness[tick]
            n += 1
    return total / n if n else 0.0
