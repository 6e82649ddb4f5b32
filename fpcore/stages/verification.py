"""Verification: how many of a song's peaks a query has at the place that a candidate gives.

Votes count pairs, and one lucky clump of peaks makes many pairs. So each peak of the song is
looked for by itself, at the time and bin where the candidate's offset puts it. This tells the
right place from a refrain or a chance match, which share only some of the peaks. Times are in
ticks of the query (see `fpcore.records.QueryHashes`), levels in dB. Nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from fpcore.records import (
    AS_LEARNED,
    Candidates,
    Constellation,
    DoubleArray,
    LevelRanks,
    Peaks,
    Playback,
    Verification,
)

if TYPE_CHECKING:
    from fpcore.kernels.verifying import HeardPeaks, HeardQuery, Reach

NEAR_FRAMES = 0.5
"""A peak this near to where it is expected counts in full: frames of song and query may lie half
a frame apart."""
REACH_FRAMES = 1.5
"""Beyond `NEAR_FRAMES` the weight of a peak falls linearly, to 0 at this distance."""
REACH_BINS = 1
"""A peak may lie this many bins away from where it is expected."""

APART_DB = 1.0
"""A level that differs by more than this comes from another performance or from noise, as does a
missing peak; how much more says nothing. A refrain played again has most notes at the same levels,
but where another instrument joins in, some differ or are missing. Under noise so many of them
differ, even at the true place, that no place shows any agreement."""
AGREEING_DB = 0.25
"""Mean difference in dB between the levels of one and the same passage: frames of song and query do
not start at the same sample."""


def verify(
    candidates: Candidates,
    query_peaks: Sequence[Peaks],
    ranks: LevelRanks,
    constellations: Mapping[int, Constellation],
    playback: Playback = AS_LEARNED,
    *,
    margin_ticks: float = 0.0,
) -> Verification:
    """Return how many of each candidate's peaks the query has, how alike, and how loud it is there.

    Parameters
    ----------
    candidates : Candidates
        The places to verify.
    query_peaks : sequence of Peaks
        The query's constellations, one for each sub-hop shift, in their order.
    ranks : LevelRanks
        Ranks of the query's levels, as it was played.
    constellations : mapping of int to Constellation
        By its id, the constellation that the index keeps of each song among the candidates.
    playback : Playback
        How the query was played, by this hypothesis.
    margin_ticks : float
        Levels are compared from this long after the query's first peak to this long before its
        last, in ticks. Nearer to the ends whitening sees one side only, which in the song it saw
        both of.

    Returns
    -------
    Verification
        In the order of ``candidates``.

    Raises
    ------
    KeyError
        When the constellation of a candidate's song is missing.
    """
    from fpcore.kernels import verifying

    if not len(candidates):
        return Verification(*verifying.no_evidence(0))
    song_ids, song = np.unique(candidates.song_id, return_inverse=True)
    songs = [constellations[song_id] for song_id in song_ids.tolist()]
    found = verifying.verify_places(
        verifying.SongPlaces(song, candidates.offset_ticks),
        verifying.IndexedPeaks(
            np.concatenate([one.frame for one in songs]),
            np.concatenate([one.bin for one in songs]),
            np.concatenate([one.level_db for one in songs]),
            np.concatenate([one.paired for one in songs]),
        ),
        np.cumsum([0, *map(len, songs)]),
        _heard_query(query_peaks, ranks, playback, margin_ticks),
    )
    return Verification(*found)


def _heard_query(
    query_peaks: Sequence[Peaks], ranks: LevelRanks, playback: Playback, margin_ticks: float
) -> HeardQuery:
    """Return what the kernels need of a query; the parameters are those of `verify`."""
    from fpcore.kernels import verifying

    peaks, n_shifts = merged(query_peaks, playback), len(query_peaks)
    first, last = peaks.tick[[0, -1]] if len(peaks.tick) else (0, 0)
    return verifying.HeardQuery(
        peaks,
        _reach(n_shifts),
        verifying.LevelLimits(first + margin_ticks, last - margin_ticks, APART_DB, AGREEING_DB),
        verifying.RankMap(
            ranks.rank, ranks.sounding, ranks.loudness, ranks.first_bin, ranks.first_tick
        ),
        verifying.QueryScale(n_shifts, playback.pitch, playback.tempo),
    )


def _reach(ticks_per_frame: int) -> Reach:
    """Return how near to a song peak a query peak must lie, with so many ticks in a frame."""
    from fpcore.kernels import verifying

    near_ticks, reach_ticks = NEAR_FRAMES * ticks_per_frame, REACH_FRAMES * ticks_per_frame
    return verifying.Reach(near_ticks, reach_ticks, REACH_BINS)


def nearness(
    song: Peaks,
    offset_ticks: float,
    query: HeardPeaks,
    ticks_per_frame: int,
) -> tuple[slice, DoubleArray, DoubleArray]:
    """Return which song peaks lie in the query's span, and how near the query has each.

    Parameters
    ----------
    song : Peaks
        Peaks of the song, sorted by frame.
    offset_ticks : float
        Where in the song the query begins, in ticks.
    query : HeardPeaks
        The query's peaks as `merged` returns them.
    ticks_per_frame : int
        Ticks in a frame, >= 1.

    Returns
    -------
    inside : slice
        The n peaks of ``song`` in the query's span.
    near : float64 (n,)
        From 1 where the query has the peak at its place to 0 where it has none in reach.
    difference_db : float64 (n,)
        The least difference in level to a query peak in reach, in dB; infinite without one.
    """
    from fpcore.kernels import verifying

    if not len(query.tick):
        return slice(0, 0), np.empty(0), np.empty(0)
    first, last = (np.array([query.tick[0], query.tick[-1]]) + offset_ticks) / ticks_per_frame
    start = np.searchsorted(song.frame, first)
    end = np.searchsorted(song.frame, last, side="right")
    inside = slice(int(start), int(end))
    reach = _reach(ticks_per_frame)
    tick = song.frame[inside].astype(np.float64) * ticks_per_frame - offset_ticks
    laid = verifying.LaidPeaks(tick, song.bin[inside], song.level_db[inside])
    near = verifying.nearness(laid, query, reach, verifying.in_reach(query, reach))
    return inside, near.weight, near.apart_db


def merged(query_peaks: Sequence[Peaks], playback: Playback = AS_LEARNED) -> HeardPeaks:
    """Return a query's peaks at all shifts.

    They are sorted by (tick, bin), and are where the peaks would be if the query had not been
    played as ``playback`` says. ``query_peaks`` has one constellation for each shift, in order.
    """
    from fpcore.kernels import verifying

    n = np.int32(len(query_peaks))
    tick = np.concatenate([p.frame * n + np.int32(shift) for shift, p in enumerate(query_peaks)])
    bin_ = np.concatenate([p.bin for p in query_peaks])
    level_db = np.concatenate([p.level_db for p in query_peaks])
    if playback != AS_LEARNED:
        fraction = np.concatenate([p.fraction for p in query_peaks])
        tick = np.rint(tick * playback.tempo).astype(np.int32)
        bin_ = np.rint((bin_ + fraction) / playback.pitch).astype(np.int32)
    order = np.lexsort((bin_, tick))
    return verifying.HeardPeaks(tick[order], bin_[order], level_db[order])
