"""What is compared on what: systems, songs and queries.

Queries of the test half measure; queries of left-out calibration songs set the thresholds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from experiments import provenance
from experiments.corpora import Corpus, Track
from experiments.evaluation.context import Bench, bench_of
from experiments.protocol import queries as q
from experiments.protocol.plan import Plan
from experiments.protocol.splits import Role
from experiments.studies.peers.contract import Spec
from fpcore.config import Profile


@dataclass(frozen=True)
class Comparison:
    """What is compared on what.

    ``n_indexed`` of the plan counts queries of the test half alone; ``n_left_out`` queries of
    left-out songs come from each half. ``cutting`` is the profile at whose sample rate queries
    are cut and degraded.
    """

    source: Corpus
    specs: Sequence[Spec]
    plan: Plan
    cutting: Profile
    false_alarm_rate: float

    def settings(self) -> dict[str, Any]:
        """Return everything that the rows depend on, as JSON."""
        plan = asdict(self.plan)
        plan["conditions"] = [one.model_dump(mode="json") for one in self.plan.conditions]
        return {
            "corpus": self.source.name,
            "corpus_checksum": self.source.checksum,
            "plan": plan,
            "false_alarm_rate": self.false_alarm_rate,
            "sample_rate_hz": self.cutting.fingerprint.sample_rate_hz,
            "systems": {spec.name: spec.describe() for spec in self.specs},
            "versions": provenance.versions(),
        }

    def indexed(self) -> tuple[Track, ...]:
        """Return the tracks that every system learns."""
        return self.plan.split(self.source).indexed

    def queries(self) -> dict[Role, list[q.Query]]:
        """Return what is asked: all of the test half, left-out songs of the other."""
        parts = self.plan.split(self.source)
        unknown = replace(self.plan, n_indexed=0)
        return {
            "calibration": unknown.queries(parts, "calibration"),
            "test": self.plan.queries(parts, "test"),
        }

    def bench(self) -> Bench:
        """Return the bench that queries are cut on; it has no index."""
        return bench_of(self.plan, self.source, self.cutting, Path())
