"""Are the song's peaks loud in the recording, even where they are not its peaks?

Under loud noise most peaks of a song are no longer the highest in their surroundings: neither
pairs nor single peaks find them. Yet their bins are louder when the song plays them than at
other times. So each bin of the recording is ranked against itself at all of its times, and the
ranks at the places where an alignment puts the song's peaks are averaged. At a wrong place any
rank is as likely as any other: the mean of n independent ones is 1/2 with a standard deviation of
1 / sqrt(12 n), whatever the noise. The *rank z* of a candidate is how many of these its
mean rank lies above 1/2. (Ranks, so that no level of the noise has to be known: F. Wilcoxon,
"Individual comparisons by ranking methods", Biometrics Bulletin 1, 1945.)

One thing makes a wrong place stand out: where two songs of one tempo are laid over each other
beat on beat, every bin is loud at once when the drums are struck. The *broadband z* of a candidate
is the rank z that it would have if at the time of each peak all bins were as loud as they are on
average. It is for the decision to say how much of a rank z that takes back.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fpcore.records import (
    AS_LEARNED,
    Constellation,
    FloatArray,
    LevelRanks,
    Playback,
)

REACH_BINS = 1


def level_ranks(heights_db: Sequence[FloatArray], *, first_bin: int) -> LevelRanks:
    """Return the ranks of a recording's levels, given those at each of its shifts.

    ``heights_db`` are float32 (n_frames, n_bins), by which peaks are picked. A place counts as
    the loudest within half a frame (a tick at least) and a bin of it, as far as a peak may have
    moved.
    """
    from fpcore.kernels import ranking

    n_frames = min(len(height_db) for height_db in heights_db)
    n_bins = heights_db[0].shape[1]
    if not n_frames or not n_bins:
        return LevelRanks(np.empty((0, n_bins), np.uint8), first_bin)
    together = np.stack([height_db[:n_frames] for height_db in heights_db], axis=1)
    ticks = together.reshape(n_frames * len(heights_db), n_bins)
    reach_ticks = max(1, len(heights_db) // 2)
    return LevelRanks(ranking.ranks(ticks, reach_ticks, REACH_BINS), first_bin)


def rank_z_and_broadband_z(
    song: Constellation,
    offset_ticks: float,
    ranks: LevelRanks,
    ticks_per_frame: int,
    playback: Playback = AS_LEARNED,
) -> tuple[float, float]:
    """Return by how many standard deviations a song's paired peaks stand out at an alignment.

    And by how many the recording as a whole is loud at their times.
    """
    from fpcore.kernels import verifying

    stands_out, on_beat, _ = verifying.rank_z(
        ranks.rank,
        ranks.loudness,
        ranks.first_bin,
        (song.frame, song.bin, song.paired),
        offset_ticks,
        ticks_per_frame,
        playback.pitch,
        playback.tempo,
    )
    return float(stands_out), float(on_beat)
