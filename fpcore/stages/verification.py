"""Candidates + the songs' constellations -> Verification: are the song's peaks in the query?

Votes count pairs, and one lucky clump of peaks makes many pairs. Each peak of the song, looked
for by itself at the place where the alignment puts it, tells the right place from a refrain or
a chance match that shares only some of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from fpcore.records import (
    AS_LEARNED,
    Candidates,
    Constellation,
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
peak; how much more tells nothing. A refrain played again has most notes at the same levels, but
where another instrument joins in, some differ or are missing. Under noise so many do, at the true
place too, that no place has any agreement to speak of."""
AGREEING_DB = 0.25
"""How far apart levels are on average where the passage is the very same: frames of song and
query do not start at the same sample."""


def verify(
    candidates: Candidates,
    query_peaks: Sequence[Peaks],
    ranks: LevelRanks,
    constellations: Mapping[int, Constellation],
    playback: Playback = AS_LEARNED,
    *,
    margin_ticks: float = 0.0,
) -> Verification:
    """Return how many of each candidate's peaks the query has, how alike, and how loud it is.

    ``query_peaks`` are the query's constellations at its shifts, ``constellations`` has the
    indexed one of each candidate's song id (else a `KeyError`). Levels are compared from
    ``margin_ticks`` after the query's first peak to as long before its last: nearer to the ends
    whitening knows one side only, and in the song it knew both.
    """
    from fpcore.kernels import verifying

    query, n_shifts = merged(query_peaks, playback), len(query_peaks)
    reach = _reach(n_shifts)
    near_query = verifying.in_reach(*query[:2], *reach[1:])
    first, last = query[0][[0, -1]] if len(query[0]) else (0, 0)
    compared = (first + margin_ticks, last - margin_ticks, APART_DB, AGREEING_DB)
    found = np.zeros((len(candidates), 7))
    for song_id in np.unique(candidates.song_id).tolist():
        rows = np.flatnonzero(candidates.song_id == song_id)
        song = constellations[song_id]
        found[rows] = verifying.places(
            candidates.offset_ticks[rows],
            (song.frame, song.bin, song.level_db, song.paired),
            query,
            reach,
            near_query,
            compared,
            (ranks.rank, ranks.loudness, ranks.first_bin),
            n_shifts,
            (playback.pitch, playback.tempo),
        )
    verified, expected, *others = found.T.copy()
    return Verification(verified, expected.astype(np.int64), *others)


def _reach(ticks_per_frame: int) -> tuple[float, float, int]:
    """Return in ticks how near a peak counts in full and from where on not at all, and in bins."""
    return NEAR_FRAMES * ticks_per_frame, REACH_FRAMES * ticks_per_frame, REACH_BINS


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

    tick, bin_, _ = query
    if not len(tick):
        return slice(0, 0), np.empty(0), np.empty(0)
    first, last = (np.array([tick[0], tick[-1]]) + offset_ticks) / ticks_per_frame
    start = np.searchsorted(song.frame, first)
    end = np.searchsorted(song.frame, last, side="right")
    inside = slice(int(start), int(end))
    reach = _reach(ticks_per_frame)
    near, difference_db = verifying.nearness(
        song.frame[inside].astype(np.float64) * ticks_per_frame - offset_ticks,
        song.bin[inside],
        song.level_db[inside],
        query,
        reach,
        verifying.in_reach(tick, bin_, *reach[1:]),
    )
    return inside, near, difference_db


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
