"""The order of the tests loses none, and puts long modules where a process begins."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.order import LONG, ordered

ROOT = Path(__file__).resolve().parents[1]
OTHERS = [f"tests/test_short.py::test_{number}" for number in range(40)]
NAMES = [*OTHERS[:20], *(f"{module}::test_{n}" for module in LONG for n in "ab"), *OTHERS[20:]]


@pytest.mark.parametrize("n_processes", [1, 2, 3, 5, 6, 70])
def test_every_test_is_there_once_and_the_others_keep_their_order(n_processes: int) -> None:
    found = ordered(NAMES, n_processes)
    assert sorted(found) == list(range(len(NAMES)))
    assert [NAMES[i] for i in found if NAMES[i] in OTHERS] == OTHERS


def test_each_process_begins_with_a_long_module() -> None:
    found = [NAMES[i] for i in ordered(NAMES, len(LONG))]
    shares = [found[start : start + 10] for start in range(0, 50, 10)]
    assert [share[:2] for share in shares] == [
        [f"{module}::test_a", f"{module}::test_b"] for module in LONG
    ]


def test_long_modules_alone_stay_as_they_are() -> None:
    names = [name for name in NAMES if name not in OTHERS]
    assert ordered(names, 1) == list(range(len(names)))
    assert ordered([], 5) == []


@pytest.mark.parametrize("module", LONG)
def test_long_modules_are_there(module: str) -> None:
    assert (ROOT / module).is_file()
