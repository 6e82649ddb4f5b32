"""Ranks of levels: how loud a bin is compared with the same bin at other times."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fpcore.kernels.compiling import kernel

N_STEPS = 1024
"""Heights are compared in this many steps between the lowest and the highest."""


@kernel
def ranks(height_db: NDArray[np.float32], reach_ticks: int, reach_bins: int) -> NDArray[np.uint8]:
    """Return for each element which share of its column lies below it, in 256ths.

    Of equal elements, itself included, each counts half. The highest height around each element is
    compared in place of its own.

    Parameters
    ----------
    height_db : float32 (n_ticks, n_bins)
        Heights in dB; not empty.
    reach_ticks, reach_bins : int
        How far around an element the highest height is taken, to either side, >= 0.

    Returns
    -------
    uint8 (n_ticks, n_bins)
        Ranks from 0 to 255.
    """
    n_ticks, n_bins = height_db.shape
    result = np.zeros((n_ticks, n_bins), np.uint8)
    lowest, highest = height_db.min(), height_db.max()
    scale = np.float32(N_STEPS - 1) / max(highest - lowest, np.float32(1e-6))
    step = np.empty((n_ticks, n_bins), np.int32)
    wide = np.empty(n_bins, np.float32)
    for i in range(n_ticks):
        wide[:] = height_db[i]
        for k in range(max(i - reach_ticks, 0), min(i + reach_ticks + 1, n_ticks)):
            for j in range(n_bins):
                wide[j] = max(wide[j], height_db[k, j])
        for j in range(n_bins):
            top = wide[j]
            for k in range(max(j - reach_bins, 0), min(j + reach_bins + 1, n_bins)):
                top = max(top, wide[k])
            step[i, j] = np.int32((top - lowest) * scale)
    count = np.empty(N_STEPS, np.int32)
    for j in range(n_bins):
        count[:] = 0
        first, last = N_STEPS - 1, 0
        for i in range(n_ticks):
            count[step[i, j]] += 1
            first, last = min(first, step[i, j]), max(last, step[i, j])
        below = 0
        for s in range(first, last + 1):  # count becomes twice the rank
            n = count[s]
            count[s] = 2 * below + n
            below += n
        for i in range(n_ticks):
            result[i, j] = min(255, count[step[i, j]] * 128 // n_ticks)
    return result
