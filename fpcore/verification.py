"""Candidates + the songs' constellations -> Verification: are the song's peaks in the query?

Votes count pairs, and one lucky clump of peaks makes many pairs. Each peak of the song, looked
for by itself at the place where the alignment puts it, tells the right place from a refrain or
a chance match that shares only some of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from fpcore.prominence import prominence
from fpcore.records import (
    AS_LEARNED,
    Candidates,
    DoubleArray,
    FloatArray,
    IntArray,
    LevelRanks,
    Peaks,
    Playback,
    Verification,
)

NEAR_FRAMES = 0.5
"""A peak this near to where it is expected counts in full: frames of song and query may lie half
a frame apart."""
REACH_FRAMES = 1.5
"""From there its weight falls linearly, to 0 at this distance."""
REACH_BINS = 1

APART_DB = 1.0
"""A level that differs by more comes from another performance or from noise, as does a missing
peak; how much more tells nothing."""
AGREEING_DB = 0.25
"""How far apart levels are on average where the passage is the very same: frames of song and
query do not start at the same sample."""


def verify(
    candidates: Candidates,
    query_peaks: Sequence[Peaks],
    ranks: LevelRanks,
    peaks_of: Callable[[int], Peaks],
    playback: Playback = AS_LEARNED,
    *,
    margin_ticks: float = 0.0,
) -> Verification:
    """Return how many of each candidate's peaks the query has, and how loud it is there.

    ``query_peaks`` are the query's constellations at its shifts, ``peaks_of`` gives the
    indexed constellation of a song id. Levels are compared from ``margin_ticks`` after the first
    peak to as long before the last: nearer to the ends whitening knows one side only, and in the
    song it knew both.
    """
    from fpcore.kernels import verifying

    constellation = merged(query_peaks, playback)
    n_shifts = len(query_peaks)
    ends = constellation[0][[0, -1]] if len(constellation[0]) else np.zeros(2)
    middle, reach = float(ends.mean()), float(np.ptp(ends)) / 2
    verified, expected = np.zeros(len(candidates)), np.zeros(len(candidates), np.int64)
    loud_share, agreement, prominences = np.zeros((3, len(candidates)))
    songs: dict[int, Peaks] = {}
    for row, (song_id, offset) in enumerate(
        zip(candidates.song_id.tolist(), candidates.offset_ticks.tolist(), strict=True)
    ):
        if song_id not in songs:
            songs[song_id] = peaks_of(song_id)
        song = songs[song_id]
        inside, near, difference_db = nearness(song, offset, constellation, n_shifts)
        verified[row], expected[row] = near.sum(), len(near)
        loud_share[row] = verifying.louder_share(near, song.level_db[inside])
        tick = song.frame[inside] * n_shifts - offset
        inner = np.abs(tick - middle) <= reach - margin_ticks
        agreement[row] = level_agreement(difference_db[inner])
        prominences[row] = prominence(song, offset, ranks, n_shifts, playback)
    return Verification(verified, expected, loud_share, agreement, prominences)


def nearness(
    song: Peaks,
    offset_ticks: float,
    query: tuple[IntArray, IntArray, FloatArray],
    ticks_per_frame: int,
) -> tuple[slice, DoubleArray, DoubleArray]:
    """Return which song peaks lie in the query's span, and how near the query has each, 0 to 1.

    Then by how many dB its level differs at least from what the query has there; infinite where
    it has nothing. ``query`` is what `merged` returns.
    """
    from fpcore.kernels import verifying

    tick, bin_, level_db = query
    if not len(tick):
        return slice(0, 0), np.empty(0), np.empty(0)
    first, last = (np.array([tick[0], tick[-1]]) + offset_ticks) / ticks_per_frame
    start = np.searchsorted(song.frame, first)
    end = np.searchsorted(song.frame, last, side="right")
    inside = slice(int(start), int(end))
    near, difference_db = verifying.nearness(
        song.frame[inside].astype(np.float64) * ticks_per_frame - offset_ticks,
        song.bin[inside],
        song.level_db[inside],
        tick,
        bin_,
        level_db,
        NEAR_FRAMES * ticks_per_frame,
        REACH_FRAMES * ticks_per_frame,
        REACH_BINS,
    )
    return inside, near, difference_db


def level_agreement(difference_db: DoubleArray) -> float:
    """Return from 0 to 1 how well the levels of all expected peaks agree.

    A refrain played again has most notes at the same levels, but where another instrument joins
    in, some differ or are missing. Under noise so many do, at the true place too, that no place
    has any agreement to speak of.
    """
    if not len(difference_db):
        return 0.0
    return math.exp(-np.minimum(difference_db, APART_DB).mean() / AGREEING_DB)


def merged(
    query_peaks: Sequence[Peaks], playback: Playback = AS_LEARNED
) -> tuple[IntArray, IntArray, FloatArray]:
    """Return ticks and bins, int32, and levels of the query's peaks at all shifts, by tick.

    They are where the peaks would be if the query had not been played as ``playback`` says.
    """
    n = np.int32(len(query_peaks))
    tick = np.concatenate([p.frame * n + np.int32(shift) for shift, p in enumerate(query_peaks)])
    bin_ = np.concatenate([p.bin for p in query_peaks])
    level_db = np.concatenate([p.level_db for p in query_peaks])
    if playback != AS_LEARNED:
        fraction = np.concatenate([p.fraction for p in query_peaks])
        tick = np.rint(tick * playback.tempo).astype(np.int32)
        bin_ = np.rint((bin_ + fraction) / playback.pitch).astype(np.int32)
    order = np.lexsort((bin_, tick))
    return tick[order], bin_[order], level_db[order]
