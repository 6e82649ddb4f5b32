"""What mutation testing tries is all that decides, and what it leaves out is still there."""

from __future__ import annotations

import re

import pytest

from tests.changes import Change
from tests.equivalent_mutants import EQUIVALENT, Equivalent
from tests.mutants import MODULES, ROOT, is_equivalent

LEFT_OUT = {
    "experiments/protocol/defaults.py": "constants",
    "fpcore/search/explain.py": "what pictures show",
}
"""Modules beside those that are tried, and what they hold."""


@pytest.mark.parametrize(
    "folder",
    [
        *("experiments/metrics", "experiments/calibration"),
        *("experiments/evaluation", "experiments/protocol"),
        *("fpcore/stages", "fpcore/search"),
    ],
)
def test_every_module_of_the_statistics_the_stages_and_the_search_is_tried(folder: str) -> None:
    modules = {str(path.relative_to(ROOT)) for path in (ROOT / folder).glob("*.py")}
    assert modules - {f"{folder}/__init__.py", *LEFT_OUT} <= set(MODULES)


def test_every_module_and_every_test_is_there() -> None:
    paths = [*MODULES, *(path for tests in MODULES.values() for path in tests)]
    assert [path for path in paths if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("known", EQUIVALENT, ids=lambda known: known.before)
def test_what_is_called_equivalent_stands_in_the_code_and_has_a_reason(known: Equivalent) -> None:
    sources = [(ROOT / module).read_text() for module in MODULES if known.module in module]
    assert sources
    assert any(re.search(known.before, re.sub(r"\s+", " ", source)) for source in sources)
    assert known.reason


def test_a_change_is_equivalent_only_when_nothing_else_changed() -> None:
    def found(before: str, after: str) -> bool:
        return is_equivalent(Change("a", before, after), "experiments/metrics/counts.py")

    assert found("f(zip(a, b, strict=True))", "f(zip(a, b, strict=False))")
    assert not found("f(zip(a, b, strict=True))", "g(zip(a, b, strict=False))")
    assert not found("f(zip(a, b, strict=True))", "f(zip(b, b, strict=True))")
