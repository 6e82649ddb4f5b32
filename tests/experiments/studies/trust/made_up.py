"""Rows of made-up loops that reach everything, with changes."""

from __future__ import annotations

from typing import Any

import pandas as pd

GOOD: dict[str, Any] = {
    "spec": "trust",
    "n_tracks": 25,
    "recommended": "t001",
    "refused": "",
    "is_baseline": False,
    "twins_differ": False,
    "stated_accepted_right_low": 0.9,
    "stated_accepted_right_high": 1.0,
    "stated_false_accept_low": 0.0,
    "stated_false_accept_high": 0.1,
}
for name in ("promoted", "base"):
    GOOD |= {
        f"{name}_n_strangers": 300,
        f"{name}_n_named": 1,
        f"{name}_accuracy": 0.95,
        f"{name}_calibration_error": 0.01,
    }
    for metric, share in (("accepted_right", 0.95), ("false_accept", 0.01)):
        GOOD |= {
            f"{name}_{metric}_share": share,
            f"{name}_{metric}_low": share - 0.01,
            f"{name}_{metric}_high": share + 0.01,
        }


def loops(*changes: dict[str, Any]) -> pd.DataFrame:
    """Return ten good loops, of which the first have these changes."""
    return pd.DataFrame([GOOD | one for one in (*changes, *[{}] * (10 - len(changes)))])


TRUTH = pd.DataFrame({"spec": "trust", "trial": ["t000", "t001"], "accuracy": [0.93, 0.97]})
"""What is true of the trials of these loops."""
