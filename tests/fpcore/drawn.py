"""Random arrays from seeds that hypothesis draws: it would take far longer over each element.

A seed that fails is reported and tried again, as any other example is.
"""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

rngs = st.integers(0, 2**32 - 1).map(np.random.default_rng)
"""Generators of random numbers."""


def matrices(n_values: int, max_side: int = 9) -> st.SearchStrategy[np.ndarray]:
    """Return small matrices of few different levels, all multiples of 2**-10 dB."""

    def drawn(rng: np.random.Generator) -> np.ndarray:
        steps = rng.integers(0, n_values, rng.integers(1, max_side + 1, 2))
        return (steps * 0.375 - 40).astype(np.float32)

    return rngs.map(drawn)
