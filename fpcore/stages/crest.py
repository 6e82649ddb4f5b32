"""Spectral crest: by how many dB a recording's highest peaks stand above its mean height.

Peaks of music tower above the levels between them, and noise fills the gaps, so the crest tells
a clean recording from a noisy one. It needs no song. `fpcore.stages.decision` uses it as
evidence, because a missing peak means different things: in a clean recording nearly all peaks
of the right song are found and each missing one counts against it; under noise half of them
are gone and a missing one says hardly anything.

The unit is dB. The loudness of a recording does not change its crest, except where the
recording is as quiet as the floor of the levels.
"""

from __future__ import annotations

import numpy as np

from fpcore.records import FloatArray, Peaks

PEAKS_PER_S = 10.0
"""How many of the highest peaks count for each second: about as many as a song is indexed with."""


def crest_db(height_db: FloatArray, maxima: Peaks, duration_s: float) -> float:
    """Return the median height of a recording's highest peaks minus its mean height.

    Parameters
    ----------
    height_db : float32 (n_frames, n_bins)
        Heights in dB by which ``maxima`` were picked.
    maxima : Peaks
        Local maxima of the recording, before any are left out.
    duration_s : float
        Length of the recording in seconds. It sets how many peaks count: `PEAKS_PER_S` each second.

    Returns
    -------
    float
        Crest in dB; 0 when there are no maxima.
    """
    if not len(maxima):
        return 0.0
    n = min(max(1, round(PEAKS_PER_S * duration_s)), len(maxima))
    highest = np.partition(maxima.level_db, len(maxima) - n)[len(maxima) - n :]
    return float(np.median(highest) - height_db.mean(dtype=np.float64))
