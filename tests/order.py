"""Order of the tests: modules that take long come first in the share of a process.

xdist gives each process an equal part of the list, from the beginning to the end. One that has
nothing left takes half of what another one has, from the end. So what comes first in a part is
not what is left at last, and its tests stay together with what they share.
"""

from __future__ import annotations

from collections.abc import Sequence

LONG = (
    "tests/packaging/test_wheel.py",
    "tests/notebooks/test_lessons.py",
    "tests/experiments/studies/peers/test_with_audfprint.py",
    "tests/experiments/studies/benchmarks/test_scale.py",
    "tests/fpcore/cli/test_interruptions.py",
)


def ordered(names: Sequence[str], n_processes: int) -> list[int]:
    """Return the positions of the tests in the order in which they are to run.

    Parameters
    ----------
    names : sequence of str
        The tests, as pytest names them: ``path::test``.
    n_processes : int, at least 1
        How many processes share them.
    """
    modules = [name.partition("::")[0] for name in names]
    heads = [[i for i, module in enumerate(modules) if module == long] for long in LONG]
    rest = [i for i, module in enumerate(modules) if module not in LONG]
    found: list[int] = []
    for number in range(n_processes):
        n_share = (len(names) - len(found)) // (n_processes - number)
        head = [i for tests in heads[number::n_processes] for i in tests]
        n_more = max(0, n_share - len(head))
        found += [*head, *rest[:n_more]]
        del rest[:n_more]
    return found + rest
