"""Is a peak of the song found again in a recording of it?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fpcore.records import Peaks

REACH_FRAMES = 1.0
REACH_BINS = 1


def found_again(song: Peaks, heard: Sequence[Peaks], *, offset_frames: float) -> NDArray[np.bool_]:
    """Return which peaks of ``song`` a recording has within one frame and one bin, bool (n,).

    Parameters
    ----------
    song
        Peaks of the song, in its own frames.
    heard
        The recording's constellations at its sub-hop shifts: shift ``i`` of ``n`` begins
        ``i / n`` of a hop late.
    offset_frames
        Where in the song the recording begins, in hops; it may lie between frames.
    """
    ticks_per_frame = len(heard)
    tick = np.concatenate([p.frame * ticks_per_frame + i for i, p in enumerate(heard)])
    bins = np.concatenate([p.bin for p in heard])
    span = int(tick.max(initial=0)) + 1
    places = np.sort(bins.astype(np.int64) * span + tick)
    expected = (song.frame - offset_frames) * ticks_per_frame
    reach = REACH_FRAMES * ticks_per_frame
    first = np.clip(np.ceil(expected - reach), 0, span).astype(np.int64)
    last = np.clip(np.floor(expected + reach), -1, span - 1).astype(np.int64)
    found = np.zeros(len(song), bool)
    for beside in range(-REACH_BINS, REACH_BINS + 1):
        start = (song.bin.astype(np.int64) + beside) * span
        begin = np.searchsorted(places, start + first)
        end = np.searchsorted(places, start + last, side="right")
        found |= end > begin
    return found
