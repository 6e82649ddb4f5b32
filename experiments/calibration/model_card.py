"""Model cards: what a profile was tested on and what came out, kept in the profile's file.

Whoever uses the profile can read the card there; see `fpcore.config.Profile.provenance`. Cards hold
JSON values only; NaN is written as null.
"""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from experiments import metrics, provenance
from experiments.evaluation.context import Context
from fpcore.config import Profile

OF_PROMOTION = ("run", "trial", "corpus", "versions", "git_commit", "date")
"""Keys of a card that say where a promoted configuration comes from."""

OF_CONFIGURATION = ("postings_per_s", "bytes_per_hour")
"""Keys of a card that hold for the configuration, whatever its decision."""


def origin(profile: Profile) -> dict[str, Any]:
    """Return the part of a profile's card that stays true under another decision or test.

    Where the configuration was promoted from stands under ``promoted_from``.
    """
    card = profile.provenance or {}
    kept = {name: card[name] for name in OF_CONFIGURATION if name in card}
    if "run" in card:
        kept["promoted_from"] = {name: card[name] for name in OF_PROMOTION if name in card}
    elif "promoted_from" in card:
        kept["promoted_from"] = card["promoted_from"]
    return kept


def card_of(outcomes: pd.DataFrame, threshold: float, context: Context) -> dict[str, Any]:
    """Return what came out for the test tracks of a corpus, and when, as JSON values.

    Parameters
    ----------
    outcomes : pandas.DataFrame, a row per query
        Outcome rows of the test tracks, asked in the context.
    threshold : float, from 0 to 1
        Probability from which the profile accepts.
    context : Context
        The corpus, and the plan by which the queries were asked.

    Returns
    -------
    dict
        Corpus, split, seeds, number of queries, the metrics over all queries and by condition
        and clip length, calibration error, versions, commit and date.
    """
    source, plan = context.corpus, context.plan
    error = metrics.calibration_error(metrics.calibration_curve(outcomes))
    return {
        "corpus": {"name": source.name, "checksum": source.checksum},
        "split": {
            "role": "test",
            "calibration_share": plan.calibration_share,
            "left_out_share": plan.left_out_share,
            **context.parts.sizes(),
        },
        "seeds": {"seed": plan.seed, "repeats": plan.repeats},
        "n_queries": len(outcomes),
        "overall": plain(metrics.overall(outcomes, threshold).to_dict("index")),
        "metrics": plain(metrics.summary(outcomes, threshold).to_dict("records")),
        "calibration_error": plain(error),
        "versions": provenance.versions(),
        "git_commit": provenance.git_commit(),
        "date": provenance.now(),
    }


def plain(value: Any) -> Any:
    """Return figures as JSON can hold them: Python's own numbers, None for NaN.

    Examples
    --------
    >>> import numpy as np
    >>> plain({"share": np.float64(0.5), "low": float("nan")})
    {'share': 0.5, 'low': None}
    """
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and math.isnan(value) else value
