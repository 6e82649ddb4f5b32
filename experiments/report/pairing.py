"""Pairing of two runs: which of their queries are the same.

They are the same where corpus and seed are, and where the condition does the same to an excerpt in
both runs, from the same files.
"""

from __future__ import annotations

from typing import Any

from experiments.degradations import Condition
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
    """Return the names of the conditions that do the same to an excerpt in both runs."""
    in_b = {condition.name: condition for condition in b.spec.degradations}
    return [
        condition.name
        for condition in a.spec.degradations
        if condition.name in in_b
        and condition.chain == in_b[condition.name].chain
        and _drawn(condition, a, b) == _drawn(condition, b, a)
    ]


def _drawn(condition: Condition, run: Manifest, other: Manifest) -> list[Any]:
    """Return the checksums of the sources of a condition, where both runs recorded them."""
    if run.source_checksums is None or other.source_checksums is None:
        return []
    return [run.source_checksums.get(name) for name in condition.source_names]
