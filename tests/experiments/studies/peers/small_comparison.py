"""Comparisons small enough for tests, and what is read from their record."""

from __future__ import annotations

import pandas as pd

from experiments.corpora import corpus
from experiments.degradations import conditions
from experiments.evaluation.context import Context
from experiments.protocol.plan import Plan
from experiments.studies.peers.contract import Spec
from experiments.studies.peers.record import ComparisonFolder
from experiments.studies.peers.task import Comparison
from fpcore.profiles import load_profile
from tests.experiments import small

BALANCED = load_profile("balanced")
PLAN = Plan(conditions(["clean", "pink-m5db"]), (5.0,), 6, 6, left_out_share=0.5)
N_QUERIES = 2 * 6 + 2 * 6 + 2 * 6
"""Two conditions: left-out songs for calibration; indexed and left-out ones of the test half."""

RATE = 0.005


def comparison_of(*specs: Spec, plan: Plan = PLAN) -> Comparison:
    context = Context.of(corpus(small.CORPUS), plan)
    return Comparison(context, specs, BALANCED.fingerprint, RATE)


def silent(label: str, n_done: int, n_total: int) -> None:
    """Show no progress."""


def answers(record: ComparisonFolder) -> pd.DataFrame:
    """Return what must not depend on when and where it was asked."""
    rows = record.rows("outcomes")
    kept = [name for name in rows if name not in {"ask_s", "ask_cpu_s", "memory_bytes"}]
    return rows[kept].sort_values(["system", "query"], ignore_index=True)


def doomed_song() -> str:
    """Return the last but one of the songs that are indexed."""
    indexed = comparison_of().context.parts.indexed
    assert len(indexed) >= 4
    return indexed[-2].id
