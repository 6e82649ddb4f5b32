"""A small evaluation, and a profile as it was measured on its test half."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.corpora import corpus
from experiments.degradations import conditions
from experiments.evaluation.context import Context
from experiments.protocol.plan import Plan
from tests.experiments import small


@pytest.fixture(scope="session")
def context(workbench: Path) -> Context:
    plan = Plan(
        conditions(["clean", "tempo-m6"]), (5.0,), n_indexed=4, n_left_out=4, left_out_share=0.5
    )
    return Context.of(corpus(small.CORPUS), plan)
