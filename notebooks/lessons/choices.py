"""Comparison of several configurations on the same queries: a small experiment for notebook 06.

`fpbench sweep` does it thoroughly, with many conditions and a decision fitted for each
configuration. Here there is one condition and no threshold. Shares lie in [0, 1].
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from experiments import metrics
from experiments.evaluation.ask import index_and_ask
from experiments.evaluation.context import Context
from fpcore import pipeline
from fpcore.config import Profile


def variants(
    base: Profile, *, densities: Sequence[float], fan_outs: Sequence[int]
) -> dict[str, Profile]:
    """Return a profile for every density and fan-out of the index.

    Parameters
    ----------
    base : Profile
        Everything else is taken from it.
    densities : sequence of float
        Peaks a second that are kept, each above 0.
    fan_outs : sequence of int
        Pairs that begin at a peak, each at least 1.

    Returns
    -------
    dict of str to Profile
        By a name that tells both, such as "10 peaks/s × 5"; all fan-outs of the first density
        come first.
    """
    found = {}
    for density in densities:
        for fan_out in fan_outs:
            content = base.model_dump()
            content["fingerprint"]["peaks"]["max_peaks_per_s"] = density
            content["fingerprint"]["pairs"]["fan_out"] = fan_out
            found[f"{density:g} peaks/s × {fan_out}"] = Profile.model_validate(content)
    return found


def ask_all(context: Context, profiles: Mapping[str, Profile]) -> dict[str, pd.DataFrame]:
    """Return the outcome rows of every profile by its name, all asked the same queries."""
    return {
        name: index_and_ask(context, profile, "test", n_jobs=1).outcomes
        for name, profile in profiles.items()
    }


def size_and_accuracy(
    context: Context,
    profiles: Mapping[str, Profile],
    outcomes: Mapping[str, pd.DataFrame],
) -> pd.DataFrame:
    """Return what each profile stores and how often the right song comes first.

    Parameters
    ----------
    context : Context
        The corpus and what was asked of it.
    profiles : mapping of str to Profile
        Configurations by name.
    outcomes : mapping of str to pandas.DataFrame
        What `ask_all` returned for these two.

    Returns
    -------
    pandas.DataFrame
        A row for each profile, in their order, with the columns configuration, postings_per_s,
        n_right, n, share, low and high (Wilson's 95% interval, widened because excerpts of one
        song are alike), and dominated: another profile is at least as good in size and share, and
        better in one of them.
    """
    rows = []
    for name, profile in profiles.items():
        top1 = metrics.overall(outcomes[name], threshold=0).loc["top1"]
        row: dict[str, Any] = {str(key): value for key, value in top1.items()}
        row["postings_per_s"] = postings_per_s(context, profile)
        rows.append({"configuration": name, **row})
    table = pd.DataFrame(rows)
    size, share = table["postings_per_s"].to_numpy(float), table["share"].to_numpy(float)
    smaller = (size[None] <= size[:, None]) & (share[None] >= share[:, None])
    strictly = (size[None] < size[:, None]) | (share[None] > share[:, None])
    table["dominated"] = np.any(smaller & strictly, axis=1)
    return table


def postings_per_s(context: Context, profile: Profile) -> float:
    """Return how many hashes a profile stores for each second of audio, over all indexed tracks."""
    config, tracks = profile.fingerprint, context.parts.indexed
    n_postings = sum(
        len(
            pipeline.fingerprint_of(
                context.cache.song_maxima(context.corpus, track, config), track.duration_s, config
            ).hashes
        )
        for track in tracks
    )
    return n_postings / sum(track.duration_s for track in tracks)
