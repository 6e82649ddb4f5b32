"""Pairing of runs: which of their queries are the same.

They are the same where corpus and seed are, where the condition does the same to an excerpt in
all runs, from the same files, and where the excerpt is: with another longest clip it is not.
Recordings are the same where name and content are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from experiments.degradations import Condition
from experiments.metrics.paired import SAME_PLACE_S
from experiments.results.run_folder import Manifest


def asked_otherwise(a: Manifest, b: Manifest) -> list[str]:
    """Return why two runs have no query in common, each as part of a sentence."""
    reasons = []
    if a.corpus != b.corpus:  # excerpts are drawn by the name of the corpus too
        reasons.append(f"of the corpora {a.corpus} and {b.corpus}")
    elif a.corpus_checksum != b.corpus_checksum:
        reasons.append(f"of other files in the corpus {a.corpus}")
    if a.seed != b.seed:
        reasons.append(f"drawn with the seeds {a.seed} and {b.seed}")
    return reasons


def heard_alike(a: Manifest, b: Manifest) -> list[str]:
    """Return the names of the conditions that do the same to an excerpt in both runs.

    Those of recordings are among them, which do nothing: a recording's query names its content.
    """
    in_b = {condition.name: condition for condition in b.spec.degradations}
    recorded = sorted(set(a.recorded_conditions) & set(b.recorded_conditions))
    return recorded + [
        condition.name
        for condition in a.spec.degradations
        if condition.name in in_b
        and condition.chain == in_b[condition.name].chain
        and _drawn(condition, a, b) == _drawn(condition, b, a)
    ]


def alike_in_all(manifests: Sequence[Manifest]) -> set[str]:
    """Return the names of the conditions that do the same to an excerpt in all of these runs."""
    first, *others = manifests
    found = {condition.name for condition in first.spec.degradations}
    found |= set(first.recorded_conditions)
    for other in others:
        found &= set(heard_alike(first, other))
    return found


def asked_by_all(outcomes: Sequence[pd.DataFrame]) -> set[str]:
    """Return the ids of the queries that are the same excerpt in each of these outcome rows."""
    asked = pd.concat(
        [rows.set_index("query")["start_s"] for rows in outcomes], axis=1, join="inner"
    )
    is_same = asked.max(axis=1) - asked.min(axis=1) < SAME_PLACE_S
    is_placed = asked.notna()
    # The place of a recording may be unknown; then it has to be so in all rows.
    is_same = (is_same & is_placed.all(axis=1)) | ~is_placed.any(axis=1)
    return set(asked.index[is_same])


def _drawn(condition: Condition, run: Manifest, other: Manifest) -> list[Any]:
    """Return the checksums of the sources of a condition, where both runs recorded them."""
    if run.source_checksums is None or other.source_checksums is None:
        return []
    return [run.source_checksums.get(name) for name in condition.source_names]
