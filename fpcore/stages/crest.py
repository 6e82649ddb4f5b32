"""How far do a recording's peaks stand out: is it clean, or full of noise?

Whether a song's peak is missing means different things. In a clean recording nearly all of the
right song's peaks are found, and each that is missing tells against it; under noise half of
them are gone, and a missing one says hardly anything. So this number is evidence of its own (see
`fpcore.stages.decision`): the clearer a recording, the more of a song it must show. It needs no
song: peaks of music tower above what lies between them, and noise fills it up.
"""

from __future__ import annotations

import numpy as np

from fpcore.records import FloatArray, Peaks

PEAKS_PER_S = 10.0
"""So many of the highest peaks are looked at: about those that a song is indexed with."""


def crest_db(height_db: FloatArray, maxima: Peaks, duration_s: float) -> float:
    """Return by how many dB a recording's highest peaks stand above its mean height.

    ``height_db`` float32 (n_frames, n_bins) are the heights by which ``maxima`` were picked.
    Their median counts; 0 without any. The loudness of the recording plays no role, but for what
    is as quiet as the floor of levels.
    """
    if not len(maxima):
        return 0.0
    n = min(max(1, round(PEAKS_PER_S * duration_s)), len(maxima))
    highest = np.partition(maxima.level_db, len(maxima) - n)[len(maxima) - n :]
    return float(np.median(highest) - height_db.mean(dtype=np.float64))
