"""Task of a comparison: which systems learn which songs and answer which queries.

Queries of the test half measure; queries of left-out calibration songs set the thresholds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from experiments import provenance
from experiments.evaluation.context import Context
from experiments.protocol import queries as q
from experiments.protocol.splits import Role
from experiments.studies.peers.contract import Spec
from fpcore.config import FingerprintConfig


@dataclass(frozen=True)
class Comparison:
    """Comparison of several systems on one corpus.

    Parameters
    ----------
    context : Context
        The corpus and the plan. ``n_indexed`` counts queries of the test half alone;
        ``n_left_out`` queries of left-out songs come from each half.
    specs : sequence of Spec
        The systems.
    cutting : FingerprintConfig
        Gives the sample rate at which queries are cut and degraded.
    false_alarm_rate : float, in (0, 1)
        Share of unknown songs that may be given a name.
    own_sources : sequence of str, optional
        Sources of the context that are somebody's own, and may come to hold other sound.
    """

    context: Context
    specs: Sequence[Spec]
    cutting: FingerprintConfig
    false_alarm_rate: float
    own_sources: Sequence[str] = ()

    def settings(self) -> dict[str, Any]:
        """Return everything that the rows depend on, as JSON."""
        corpus, asked = self.context.corpus, self.context.plan
        plan = asdict(asked)
        plan["conditions"] = [one.model_dump(mode="json") for one in asked.conditions]
        if asked.repeats == 1:
            del plan["repeats"]  # comparisons that were begun without it can be continued
        checksums = self.context.source_checksums
        own = {name: checksums[name] for name in self.own_sources if name in checksums}
        return {
            **({"sources": own} if own else {}),
            "corpus": corpus.name,
            "corpus_checksum": corpus.checksum,
            "plan": plan,
            "false_alarm_rate": self.false_alarm_rate,
            "sample_rate_hz": self.cutting.sample_rate_hz,
            "systems": {spec.name: spec.describe() for spec in self.specs},
            "versions": provenance.versions(),
        }

    def queries(self) -> dict[Role, list[q.Query]]:
        """Return all queries of the test half, and of calibration those of left-out songs."""
        unknown = replace(self.context.plan, n_indexed=0)
        return {
            "calibration": unknown.queries(self.context.parts, "calibration"),
            "test": self.context.queries("test"),
        }
