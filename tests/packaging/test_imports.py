"""The commands start quickly: the core loads no plot library, no data frames, no service."""

import json
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import fpcore

HEAVY = ["IPython", "fastapi", "librosa", "matplotlib", "pandas"]
CORE = [
    module.name
    for module in pkgutil.walk_packages(fpcore.__path__, "fpcore.")
    if not module.name.startswith("fpcore.display") and module.name != "fpcore.__main__"
]

PROBE = """
import importlib, json, sys, time
names = json.loads(sys.argv[1])
start_s = time.process_time()
for name in names:
    importlib.import_module(name)
print(json.dumps([time.process_time() - start_s, sorted(sys.modules)]))
"""


def probe(names: list[str], cwd: Path) -> tuple[float, set[str]]:
    """Return the seconds that importing ``names`` takes a fresh process, and what is loaded."""
    run = subprocess.run(
        [sys.executable, "-c", PROBE, json.dumps(names)],
        cwd=cwd,
        check=True,
        capture_output=True,
        text=True,
    )
    seconds, modules = json.loads(run.stdout)
    return float(seconds), set(modules)


def test_no_module_of_the_core_but_display_loads_a_heavy_library(root: Path) -> None:
    assert "fpcore.config" in CORE
    _, modules = probe(CORE, root)
    assert modules >= set(CORE)
    assert modules.isdisjoint(HEAVY)


@pytest.mark.parametrize("name", ["fpcore.cli", "experiments.cli"])
def test_help_waits_for_no_numerics(name: str, root: Path) -> None:
    _, modules = probe([name], root)
    assert modules.isdisjoint([*HEAVY, "numba", "numpy", "pydantic", "scipy"])


def test_the_client_of_the_service_loads_nothing_of_the_rest(root: Path) -> None:
    _, modules = probe(["clients.rest"], root)
    assert modules.isdisjoint([*HEAVY, "api", "fpcore", "numpy", "pydantic"])


@pytest.mark.parametrize("name", ["fpcore.library", "fpcore.cli"])
def test_core_imports_in_under_a_second(name: str, root: Path) -> None:
    # A promise to users, not a benchmark: processor time, which other processes do not prolong,
    # and several tries, since the first one may still have to compile the modules.
    assert any(probe([name], root)[0] < 1.0 for _ in range(5))
