"""Changes of one module, each tried in a fork of a process that has loaded its tests.

To begin anew for each change takes seconds: imports, the collection of tests, compiled code, and
what tests share. Here the module is loaded once, with every change that mutmut knows beside the
function as it is, and which of them a call reaches is decided when it comes. Tests are collected
once, and each change gets a fork, in which the tests that reach its function run until one fails.

Contract
--------
* Forks are *warm* at first: of a process in which all tests have run. What they keep in fixtures
  and caches was made by unchanged code there, so a change that no test notices is tried again
  *cold*, in forks of a process in which no test has run.
* A change is noticed, too, when the process dies, or takes much longer than the tests do without.
* Other programs that tests start run the unchanged code.
"""

from __future__ import annotations

import gc
import io
import math
import multiprocessing
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from difflib import unified_diff
from functools import partial, wraps
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any, TypeVar
from unittest import mock

import pytest

Returned = TypeVar("Returned")

FORK = multiprocessing.get_context("fork")

LEAST_CPU_S = 5
TIMES_AS_LONG = 6
"""What tests of a change may take: so many times as long as without it, and the seconds above."""

LONGEST_S = 1800.0
"""How long is waited for tests that take no processor time: the machine may be busy."""


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a function: its name, and the lines before and after it."""

    name: str
    before: str
    after: str

    @property
    def original(self) -> str:
        """The name that mutmut gives the function without a change."""
        return self.name.rpartition("_")[0] + "_orig"

    def __str__(self) -> str:
        return f"{self.name}\n    - {self.before}\n    + {self.after}"


class ChangedModule(MetaPathFinder, Loader):
    """A module with all its changes. Whoever imports it is given it in this form.

    Parameters
    ----------
    path : str
        Of the module, from the folder that Python imports from: the working one.

    Attributes
    ----------
    active : str
        Name of the change that calls reach from now on; "" for none.
    reached : set of str
        Original names of the functions that were called.
    """

    def __init__(self, path: str) -> None:
        from mutmut.mutation.file_mutation import mutate_file_contents  # most of a second

        self.active = ""
        self.reached: set[str] = set()
        self._path = Path(path)
        self._name = ".".join(self._path.with_suffix("").parts)
        self._mutated = mutate_file_contents(path, self._path.read_text())

    def changes(self) -> Iterator[Change]:
        """Yield every change."""
        for name in self._mutated.mutant_names:
            change = Change(name, "", "")
            sources = self._lines(change.original), self._lines(name)
            differences = list(unified_diff(*sources, n=0))[2:]
            before, after = (
                " ".join(line[1:].strip() for line in differences if line.startswith(sign))
                for sign in "-+"
            )
            yield Change(name, before, after)

    def _lines(self, function: str) -> list[str]:
        span = self._mutated.line_span_by_function_name[function]
        lines = self._mutated.code.splitlines()[span.start - 1 : span.end]
        return [line.replace(function, "") for line in lines]

    def find_spec(self, fullname: str, *_: object) -> ModuleSpec | None:
        """Return how the module is loaded, and None for any other one."""
        if fullname != self._name:
            return None
        return spec_from_file_location(fullname, self._path, loader=self)

    def exec_module(self, module: ModuleType) -> None:
        """Run the module's code with all changes."""
        with mock.patch("mutmut.mutation.trampoline.wrap_in_trampoline", self._switch):
            exec(compile(self._mutated.code, self._path, "exec"), module.__dict__)

    def _switch(
        self, versions: dict[str, Callable[..., Any]], is_classmethod: bool = False
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Return a decorator: a call of the function is one of the version that is active."""

        def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
            @wraps(function)
            def call(*args: Any, **kwargs: Any) -> Any:
                original = versions["_mutmut_orig"]
                self.reached.add(original.__name__)
                version = versions.get(self.active, original)
                if is_classmethod:
                    return getattr(args[0], version.__name__)(*args[1:], **kwargs)
                return version(*args, **kwargs)

            return call

        return decorate


def unnoticed(
    module: ChangedModule, changes: Sequence[Change], tests: Sequence[str]
) -> list[Change]:
    """Return the changes under which all tests pass. It takes a process that has done nothing yet.

    Parameters
    ----------
    module : ChangedModule
        Not imported so far, nor what imports it.
    changes : sequence of Change
        Some or all of its changes.
    tests : sequence of str
        Paths of tests, as for pytest.
    """
    trial = _Trial(module, changes)
    options = ["-p", "no:cacheprovider", "--hypothesis-seed=0"]
    said = io.StringIO()
    with (
        TemporaryDirectory() as folder,
        mock.patch.dict(os.environ, PYTEST_DEBUG_TEMPROOT=folder),
        # Preloaded code takes seconds in each fork; a test that needs such a server starts it.
        mock.patch("multiprocessing.forkserver.ensure_running"),
        mock.patch("sys.meta_path", [module, *sys.meta_path]),
        redirect_stdout(said),
    ):
        code = pytest.main([*options, *tests], plugins=[trial])
    if code != pytest.ExitCode.OK:
        raise RuntimeError(f"the tests of a module fail without a change:\n{said.getvalue()}")
    return trial.unnoticed


@dataclass(frozen=True, slots=True)
class _Seen:
    """What came of a test without a change."""

    passed: bool
    cpu_s: float
    reached: frozenset[str]


class _Trial:
    """A plugin of pytest that tries changes where otherwise tests are run."""

    def __init__(self, module: ChangedModule, changes: Sequence[Change]) -> None:
        self.unnoticed: list[Change] = []
        self._module = module
        self._changes = changes
        self._failed = False

    def pytest_configure(self) -> None:
        from hypothesis import HealthCheck, Phase, settings  # pytest has to load it first

        settings.register_profile(
            "changes",
            database=None,
            deadline=None,
            phases=[Phase.explicit, Phase.generate],  # the first failure will do, simple or not
            suppress_health_check=list(HealthCheck),
        )
        settings.load_profile("changes")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._failed |= report.failed

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        if session.testsfailed:
            return None  # pytest says what could not be collected
        warm = _in_fork(lambda: self._tried_warm(session.items))
        if warm is None:
            pytest.exit("the process of the tests died", returncode=1)
        seen, left = warm
        failed = [test for test, one in seen.items() if not one.passed]
        if failed:
            pytest.exit(f"failed: {', '.join(failed)}", returncode=1)
        self.unnoticed = [one for one in left if self._survives(one, session.items, seen)]
        return True

    def _tried_warm(self, items: list[pytest.Item]) -> tuple[dict[str, _Seen], list[Change]]:
        """Run all tests; return what came of them, and the changes that go unnoticed after that.

        Tests that do not pass again in a fork of their process take part in cold forks only.
        """
        first = self._run_each(items)
        again: dict[str, _Seen] = {}
        gc.collect()
        gc.freeze()
        for item in items:
            limit_s = _limit_s(first[item.nodeid].cpu_s)
            again |= _in_fork(partial(self._run_each, [item]), cpu_s=limit_s) or {}
        return first, [one for one in self._changes if self._survives(one, items, again)]

    def _run_each(self, items: list[pytest.Item]) -> dict[str, _Seen]:
        seen = {}
        for item, following in _in_order(items):
            start_s = time.process_time()
            self._module.reached.clear()
            passed = self._passes(item, following)
            cpu_s = time.process_time() - start_s
            seen[item.nodeid] = _Seen(passed, cpu_s, frozenset(self._module.reached))
        return seen

    def _survives(self, change: Change, items: list[pytest.Item], seen: dict[str, _Seen]) -> bool:
        """Whether the tests that reach a change pass with it, the quickest of each file first."""

        def is_of_it(item: pytest.Item) -> bool:
            one = seen.get(item.nodeid)
            return one is not None and one.passed and change.original in one.reached

        tests = sorted(
            filter(is_of_it, items), key=lambda item: (item.path, seen[item.nodeid].cpu_s)
        )
        limit_s = _limit_s(sum(seen[item.nodeid].cpu_s for item in tests))
        all_pass = partial(self._all_pass, change, tests)
        return not tests or _in_fork(all_pass, cpu_s=limit_s) is True

    def _all_pass(self, change: Change, tests: list[pytest.Item]) -> bool:
        self._module.active = change.name
        return all(self._passes(*pair) for pair in _in_order(tests))

    def _passes(self, item: pytest.Item, following: pytest.Item) -> bool:
        self._failed = False
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        return not self._failed


def _in_order(tests: list[pytest.Item]) -> Iterator[tuple[pytest.Item, pytest.Item]]:
    """Yield each test with the one that is run next; the first is next when all are through."""
    tests[0].session._setupstate.teardown_exact(tests[0])  # what another file's tests have set up
    yield from zip(tests, [*tests[1:], tests[0]], strict=True)


def _limit_s(cpu_s: float) -> float:
    """Return the processor time that tests may take with a change, from that without one."""
    return LEAST_CPU_S + TIMES_AS_LONG * cpu_s


def _in_fork(work: Callable[[], Returned], *, cpu_s: float = math.inf) -> Returned | None:
    """Return what comes of some work in a fork of this process.

    Parameters
    ----------
    work : callable
        Without parameters. What it returns can be pickled.
    cpu_s : float
        Processor time that it may take, in seconds.

    Returns
    -------
    object or None
        None when the fork dies, takes longer, or does not end.
    """
    ours, theirs = FORK.Pipe(duplex=False)

    def send() -> None:
        if cpu_s < math.inf:
            limit = math.ceil(cpu_s)
            resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))
        theirs.send(work())

    process = FORK.Process(target=send)
    process.start()
    theirs.close()
    with ours:
        try:
            return ours.recv() if ours.poll(LONGEST_S if cpu_s < math.inf else None) else None
        except EOFError:
            return None
        finally:
            process.kill()
            process.join()
            process.close()
