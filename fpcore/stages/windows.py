"""Windows: the parts of a recording that are searched by themselves.

The evidence for a song is measured against the rest of what was analysed together with it: how
loud a bin is beside other times, how many peaks a span of time has, how many hits chance gives.
In a minute of which ten seconds are music and the rest silence or noise, all of that says
something else than in ten seconds of music, and strangers were given names. So a long recording
is cut into windows about as long as the recordings that decisions are fitted on. They overlap by
half, so that most of what begins or ends anywhere falls into one of them.
"""

from __future__ import annotations

import math

WINDOW_S = 10.0
"""Length of a window in seconds."""

STEP_S = 5.0
"""Seconds from the start of one window to that of the next."""

ROUNDING = 0.05
"""A step may be longer by a little, where else rounding to frames would ask for one more window."""

LONGEST_S = 12.0
"""A recording of at most so many seconds is one window."""


def window_frames(duration_s: float, hop_s: float) -> list[tuple[int, int]]:
    """Return where windows start, in frames, and how many frames apart start and end lie.

    Parameters
    ----------
    duration_s : float
        Length of the recording in seconds.
    hop_s : float
        Seconds from one frame to the next.

    Returns
    -------
    list of (int, int)
        Starts ascend from 0, evenly spread, and the last window ends with the recording.

    Examples
    --------
    >>> window_frames(8.0, 0.05), window_frames(30.0, 0.05)
    ([(0, 160)], [(0, 200), (100, 200), (200, 200), (300, 200), (400, 200)])
    """
    n_frames = math.ceil(duration_s / hop_s)
    if duration_s <= LONGEST_S:
        return [(0, n_frames)]
    length = round(WINDOW_S / hop_s)
    n_steps = math.ceil((n_frames - length) * hop_s / STEP_S - ROUNDING)
    return [(round(i * (n_frames - length) / n_steps), length) for i in range(n_steps + 1)]
