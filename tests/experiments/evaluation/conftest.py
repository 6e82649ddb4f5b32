"""The small corpus, and what an index of it answers to its calibration queries, asked once."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.corpora import Corpus, corpus
from experiments.degradations import conditions
from experiments.evaluation.ask import index_and_ask
from experiments.evaluation.context import Context
from experiments.evaluation.rows import Answers
from experiments.protocol.plan import Plan
from fpcore.profiles import load_profile
from tests.experiments import small


@pytest.fixture(scope="session")
def source(workbench: Path) -> Corpus:
    return corpus(small.CORPUS)


@pytest.fixture(scope="session")
def plan() -> Plan:
    return Plan(conditions(["clean"]), (5.0,), n_indexed=16, n_left_out=6, left_out_share=0.5)


@pytest.fixture(scope="session")
def answers(source: Corpus, plan: Plan) -> Answers:
    """Answers of the profile `balanced`, asked in this process."""
    return index_and_ask(
        Context.of(source, plan), load_profile("balanced"), "calibration", n_jobs=1
    )
