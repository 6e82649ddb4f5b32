"""Small matrices of levels, as hypothesis draws them."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp


def matrices(n_values: int, max_side: int = 9) -> st.SearchStrategy[np.ndarray]:
    """Return small matrices of few different levels, all multiples of 2**-10 dB."""
    return hnp.arrays(
        np.float32,
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=max_side),
        elements=st.integers(0, n_values - 1).map(lambda n: float(np.float32(n * 0.375 - 40))),
    )
