"""The model card: what a profile was tested on and what came out, kept in its file.

Whoever is served under the profile reads it there; see `fpcore.config.Profile.provenance`.
"""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from experiments import metrics, provenance
from experiments.evaluation.context import Context
from fpcore.config import Profile

OF_PROMOTION = ("run", "trial", "corpus", "versions", "git_commit", "date")
"""What says where a promoted configuration comes from."""

OF_CONFIGURATION = ("postings_per_s", "bytes_per_hour")
"""What holds for the configuration, whatever decides."""


def origin(profile: Profile) -> dict[str, Any]:
    """Return what of a profile's card stays true under another decision, or another measurement.

    Where a promoted one comes from is then under ``promoted_from``.
    """
    card = profile.provenance or {}
    kept = {name: card[name] for name in OF_CONFIGURATION if name in card}
    if "run" in card:
        kept["promoted_from"] = {name: card[name] for name in OF_PROMOTION if name in card}
    elif "promoted_from" in card:
        kept["promoted_from"] = card["promoted_from"]
    return kept


def card_of(outcomes: pd.DataFrame, threshold: float, context: Context) -> dict[str, Any]:
    """Return as JSON what came out for the test tracks of a corpus, and when.

    Parameters
    ----------
    outcomes
        The rows of the test tracks, asked in the context.
    threshold
        Probability from which on an answer is given.
    context
        The corpus and the plan.
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
    """Return figures as JSON can hold them: Python's own numbers, None for NaN."""
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and math.isnan(value) else value
