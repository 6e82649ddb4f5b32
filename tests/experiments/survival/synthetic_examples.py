"""Examples whose peaks live by a law that the test knows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from experiments.survival.examples import Examples
from experiments.survival.features import NAMES

CONDITIONS = ("noise", "room")
PEAKS_PER_WINDOW = 20


def examples(log_odds_of: NDArray[np.float64], *, n_windows: int, n_works: int = 8) -> Examples:
    """Return peaks with standard normal features, of which ``log_odds_of`` (k,) tells the fate."""
    rng = np.random.default_rng(11)
    n = n_windows * PEAKS_PER_WINDOW
    description = rng.normal(size=(n, len(NAMES)))
    probability = 1 / (1 + np.exp(-description @ log_odds_of))
    window = np.repeat(np.arange(n_windows), PEAKS_PER_WINDOW)
    work = np.array([f"work {w % n_works}" for w in window])
    found = rng.random((n, len(CONDITIONS))) < probability[:, None]
    return Examples(description, found, work, window, CONDITIONS)


def law(**weights: float) -> NDArray[np.float64]:
    return np.array([weights.get(name, 0.0) for name in NAMES])
