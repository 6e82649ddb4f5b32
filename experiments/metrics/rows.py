"""Columns of outcome rows that metrics read, checked before they are used.

A row is a query. ``indexed`` (whether its track was in the index), ``right`` (whether the answer
names its track) and ``probability`` decide; other columns are read where a metric needs them.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.metrics.intervals import Bools

CELL = ["condition", "clip_s"]

Floats = NDArray[np.float64]


def require(rows: pd.DataFrame, columns: list[str]) -> None:
    """Refuse rows without these columns, by a ValueError that names those missing."""
    missing = [name for name in columns if name not in rows]
    if missing:
        raise ValueError(f"the rows have no column {', '.join(missing)}")


def probability_of(outcomes: pd.DataFrame) -> Floats:
    """Return the probability (n,) that decides about each row: out of fold where known."""
    held_out = "confidence_probability" in outcomes
    name = "confidence_probability" if held_out else "probability"
    require(outcomes, [name])
    return outcomes[name].to_numpy(float)


def scores_of(outcomes: pd.DataFrame) -> tuple[Floats, Bools, Bools]:
    """Return probability, whether right, and whether negative, each (n,)."""
    require(outcomes, ["indexed", "right"])
    negative = ~outcomes["indexed"].to_numpy(bool)
    right = outcomes["right"].to_numpy(bool) & ~negative
    return probability_of(outcomes), right, negative
