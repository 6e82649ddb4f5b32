"""Level ranks: how loud each bin of a recording is against itself at other times.

Under loud noise most peaks of a song are no longer the highest in their surroundings, so neither
pairs nor single peaks find them. Yet their bins are louder while the song plays them than at
other times. So each bin of the recording is ranked against itself at all of its times, and the
ranks at the places where an offset puts the song's peaks are averaged. At a wrong place any
rank is as likely as any other: the mean of n independent ones is 1/2 with a standard deviation
of 1 / sqrt(12 n), whatever the noise. The *rank z* of a candidate says by how many of these
standard deviations its mean rank exceeds 1/2. (Ranks are used so that no level of the noise has
to be known: F. Wilcoxon, "Individual comparisons by ranking methods", Biometrics Bulletin 1,
1945.)

Beside silence or a faint hiss all of the music is loud, and a song that begins where these end
would stand out wherever its peaks lie. So silence is not ranked, and peaks that fall into it do not
count. Where a song begins or ends within the recording, its ranks are compared with the mean of all
bins in between in place of 1/2.

One thing makes a wrong place stand out: where two songs of one tempo are laid over each other
beat on beat, all bins are loud together whenever the drums are struck. The *broadband z* of a
candidate is the rank z that it would have if, at the time of each peak, every bin were as loud
as the bins are on average. The decision says how much of a rank z that takes back.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fpcore.records import (
    AS_LEARNED,
    BoolArray,
    Constellation,
    FloatArray,
    LevelRanks,
    Playback,
)

REACH_BINS = 1
"""How far in bins a peak may have moved between song and recording."""


def level_ranks(
    heights_db: Sequence[FloatArray],
    *,
    sounding: Sequence[BoolArray],
    first_bin: int,
    first_tick: int = 0,
) -> LevelRanks:
    """Return the ranks of a recording's levels.

    A place counts as loud as the loudest one within half a frame (at least a tick) and one bin of
    it, because that is how far a peak may have moved.

    Parameters
    ----------
    heights_db : sequence of float32 (n_frames, n_bins)
        Heights in dB by which peaks are picked, one array for each sub-hop shift, in their order.
        Not empty; arrays may differ in length by a frame.
    sounding : sequence of bool (n_frames,)
        Which frames of each are not silent.
    first_bin : int
        FFT bin of the first column.
    first_tick : int, optional
        Tick of the first row in the recording.

    Returns
    -------
    LevelRanks
        With ``len(heights_db)`` ticks in a frame; without rows when an array has no frames.
    """
    from fpcore.kernels import ranking

    n_frames = min(len(height_db) for height_db in heights_db)
    n_bins = heights_db[0].shape[1]
    together = np.stack([height_db[:n_frames] for height_db in heights_db], axis=1)
    ticks = together.reshape(n_frames * len(heights_db), n_bins)
    is_heard = np.stack([one[:n_frames] for one in sounding], axis=1).ravel()
    rank = np.zeros(ticks.shape, np.uint8)
    if np.any(is_heard):
        reach_ticks = max(1, len(heights_db) // 2)
        rank[is_heard] = ranking.ranks(ticks[is_heard], reach_ticks, REACH_BINS)
    return LevelRanks(rank, is_heard, first_bin, first_tick)


def rank_z_and_broadband_z(
    song: Constellation,
    offset_ticks: float,
    ranks: LevelRanks,
    ticks_per_frame: int,
    playback: Playback = AS_LEARNED,
) -> tuple[float, float]:
    """Return by how much a recording is louder at a song's paired peaks, and at their times.

    Parameters
    ----------
    song : Constellation
        The song's peaks; only the paired ones count.
    offset_ticks : float
        Where in the song the recording begins, in ticks.
    ranks : LevelRanks
        Ranks of the recording as it was played.
    ticks_per_frame : int
        Ticks in a frame, >= 1.
    playback : Playback
        How the recording was played, by this hypothesis.

    Returns
    -------
    rank_z, broadband_z : float
        In standard deviations of chance; 0 when none of the peaks falls into the recording.
    """
    from fpcore.kernels import verifying

    z = verifying.rank_z(
        verifying.IndexedPeaks(song.frame, song.bin, song.level_db, song.paired),
        offset_ticks,
        verifying.RankMap(
            ranks.rank, ranks.sounding, ranks.loudness, ranks.first_bin, ranks.first_tick
        ),
        verifying.QueryScale(ticks_per_frame, playback.pitch, playback.tempo),
    )
    return float(z.paired), float(z.broadband)
