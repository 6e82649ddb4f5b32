"""What is compared on what: systems, songs and queries.

Queries of the test half measure; queries of left-out calibration songs set the thresholds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from experiments import provenance
from experiments import queries as q
from experiments.corpora import Corpus, Track
from experiments.corpora.cache import cache_folder
from experiments.evaluation import Bench
from experiments.peers.contract import Spec
from experiments.stages import StageCache
from experiments.trial import Plan, Role, sources_for, split_of
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
        return split_of(self.source, self.plan).indexed

    def queries(self) -> dict[Role, list[q.Query]]:
        """Return what is asked: all of the test half, left-out songs of the other."""
        parts = split_of(self.source, self.plan)

        def planned(indexed: Sequence[Track], left_out: Sequence[Track], n: int) -> list[q.Query]:
            return q.plan(
                indexed,
                left_out,
                conditions=self.plan.conditions,
                clip_lengths_s=self.plan.clip_lengths_s,
                n_indexed=n,
                n_left_out=self.plan.n_left_out,
                seed=self.plan.seed,
            )

        return {
            "calibration": planned((), parts.calibration_left_out, 0),
            "test": planned(parts.test_indexed, parts.test_left_out, self.plan.n_indexed),
        }

    def bench(self) -> Bench:
        """Return the bench that queries are cut on; it has no index."""
        return Bench(
            corpus=self.source,
            profile=self.cutting,
            database=Path(),
            cache=StageCache(cache_folder() / "stages"),
            sources=sources_for(self.plan.conditions),
            seed=self.plan.seed,
            longest_s=max(self.plan.clip_lengths_s),
        )
