"""Outcome rows for the tests of metrics: six that are counted by hand, and random ones."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd
from hypothesis import strategies as st

Row = tuple[bool, bool, float, float, bool]
"""Whether indexed, whether right, probability, offset error in seconds, whether in place."""


def outcomes(rows: Sequence[Row]) -> pd.DataFrame:
    """Return outcome rows of one condition, each of a work of its own."""
    frame = pd.DataFrame(
        rows, columns=["indexed", "right", "probability", "offset_error_s", "same_passage"]
    )
    frame["query"] = [f"q{i}" for i in range(len(frame))]
    frame["work"] = [f"w{i}" for i in range(len(frame))]
    return frame.assign(condition="clean", clip_s=5.0).astype(
        {"indexed": bool, "right": bool, "same_passage": bool, "offset_error_s": float}
    )


SIX = outcomes(
    [
        (True, True, 0.9, 0.01, True),
        (True, True, 0.8, -0.05, True),
        (True, True, 0.2, 12.0, True),
        (True, False, 0.7, math.nan, False),
        (False, False, 0.75, math.nan, False),
        (False, False, 0.1, math.nan, False),
    ]
)

random_rows = st.lists(
    st.tuples(
        st.booleans(),
        st.booleans(),
        st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0]),
        st.sampled_from([0.0, 0.04, -0.3, 2.0, math.nan]),
        st.booleans(),
    ),
    max_size=40,
)
