"""Do the tests notice when the code is wrong? Mutation testing, by `make mutants`.

mutmut changes one thing at a time in a module: an operator, a number, an argument, a word. A
change that makes a test fail is *noticed*; one that none notices *survives*, and shows what no
test guards. The share noticed is printed for each module and in all, and every survivor with its
lines. How changes are tried: `tests.changes`.

Left out
--------
* `fpcore.kernels`: compiled functions are taken from Numba's cache, so a change of their source
  would not be run. Their tests compare them with naive loops instead.
* Constants of modules and decorated functions (properties): mutmut changes bodies of plain
  functions only. Constants that decide have tests of their own.
* `EQUIVALENT`: changes after which the code does what it did before. Each has its reason.

Usage
-----
``make mutants ONLY=metrics`` takes the modules whose path contains "metrics".
``ONLY="metrics --survivors"`` tries again what survived the last time, for example after a test
was added, and ``--told`` only tells the last results.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import re
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from tests.changes import Change, ChangedModule, unnoticed
from tests.equivalent_mutants import EQUIVALENT
from tests.packaging.test_layout import place_of_tests

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / ".cache" / "mutants"

WANTED = 0.95
"""Share of the changes that tests should notice."""

MODULES: dict[str, tuple[str, ...]] = {
    "experiments/metrics/answers.py": (),
    "experiments/metrics/costs.py": (),
    "experiments/metrics/counts.py": (),
    "experiments/metrics/detection.py": (),
    "experiments/metrics/intervals.py": (),
    "experiments/metrics/paired.py": (),
    "experiments/metrics/recordings.py": (),
    "experiments/metrics/reliability.py": (),
    "experiments/metrics/rows.py": (),
    "experiments/calibration/adapt.py": (),
    "experiments/calibration/answers.py": (),
    "experiments/calibration/fit.py": (),
    "experiments/calibration/measure.py": (),
    "experiments/calibration/model_card.py": (),
    "experiments/calibration/regression.py": (),
    "experiments/calibration/thresholds.py": (),
    "experiments/protocol/excerpts.py": (),
    "experiments/protocol/plan.py": (),
    "experiments/protocol/queries.py": ("tests/experiments/evaluation/test_context.py",),
    "experiments/protocol/recordings/halves.py": (),
    "experiments/protocol/splits.py": (),
    "experiments/report/equal_terms.py": (),
    "experiments/report/pairing.py": (),
    "experiments/report/tables.py": (),
    "experiments/evaluation/ask.py": (),
    "experiments/evaluation/context.py": (),
    "experiments/evaluation/index.py": (),
    "experiments/evaluation/recordings.py": (),
    "experiments/evaluation/rows.py": ("tests/experiments/evaluation/test_ask.py",),
    "experiments/evaluation/stage_cache.py": (),
    "experiments/evaluation/sub_index.py": (),
    "experiments/evaluation/verdicts.py": (),
    "experiments/sweeps/protection.py": (),
    "fpcore/stages/crest.py": (),
    "fpcore/stages/decision.py": (),
    "fpcore/stages/hashing.py": (),
    "fpcore/stages/landmarks.py": (),
    "fpcore/stages/level_ranks.py": (),
    "fpcore/stages/matching.py": (),
    "fpcore/stages/pauses.py": (),
    "fpcore/stages/peaks.py": (),
    "fpcore/stages/spectrogram.py": ("tests/fpcore/test_golden.py",),
    "fpcore/stages/splicing.py": (),
    "fpcore/stages/verification.py": (),
    "fpcore/stages/windows.py": (),
    "fpcore/search/duplicates.py": (),
    "fpcore/search/interruptions.py": (),
    "fpcore/search/passes.py": ("tests/fpcore/search/test_playback.py",),
    "fpcore/search/playback.py": (),
    "fpcore/search/plays.py": (),
    "fpcore/search/scan.py": (),
    "fpcore/search/sightings.py": (),
    "fpcore/search/tempo.py": (),
}
"""The modules that are changed, and which tests are to notice beside those at the mirrored path."""


@dataclass(frozen=True, slots=True)
class Found:
    """What came out for one module."""

    module: str
    n_changes: int
    survivors: tuple[Change, ...]

    @property
    def n_noticed(self) -> int:
        """How many of the changes some test noticed."""
        return self.n_changes - len(self.survivors)

    def __str__(self) -> str:
        share = self.n_noticed / self.n_changes if self.n_changes else 1.0
        return f"{self.module:40s} {self.n_noticed:5d} of {self.n_changes:5d}  {share:6.1%}"


def main() -> None:
    """Try the changes of the chosen modules and print what was noticed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("part", nargs="*", help="part of a module's path; all modules without")
    parser.add_argument("--survivors", action="store_true", help="only what survived before")
    parser.add_argument("--told", action="store_true", help="tell the last results, try nothing")
    parser.add_argument("--jobs", type=int, default=2, help="modules tried at the same time")
    asked = parser.parse_args()
    modules = [module for module in MODULES if any(part in module for part in asked.part or [""])]
    find = _last if asked.told else partial(_tried, again=asked.survivors)
    all_found = []
    with ProcessPoolExecutor(
        asked.jobs, multiprocessing.get_context("spawn"), max_tasks_per_child=1
    ) as processes:
        for found in processes.map(find, modules):
            print(found, flush=True)
            all_found.append(found)
    _print_survivors(all_found)


def _tried(module: str, *, again: bool) -> Found:
    """Try the changes of a module, or those that survived the last time, and keep what is found."""
    changed = ChangedModule(module)
    counted = [one for one in changed.changes() if not is_equivalent(one, module)]
    chosen = set(_last(module).survivors if again else counted)
    left = [one for one in counted if one in chosen]
    survivors = unnoticed(changed, left, [place_of_tests(module), *MODULES[module]]) if left else []
    found = Found(module, len(counted), tuple(survivors))
    RESULTS.mkdir(parents=True, exist_ok=True)
    _results(module).write_text(json.dumps(asdict(found), indent=1))
    return found


def _last(module: str) -> Found:
    """Return what the last trial of a module found."""
    if not _results(module).is_file():
        sys.exit(f"nothing is known of {module} yet: run it first")
    kept = json.loads(_results(module).read_text())
    return Found(module, kept["n_changes"], tuple(Change(**one) for one in kept["survivors"]))


def _results(module: str) -> Path:
    return RESULTS / f"{module.replace('/', '.')}.json"


def is_equivalent(one: Change, module: str) -> bool:
    """Whether a change is one of `EQUIVALENT`: exactly one of its texts replaced by the other."""
    return any(
        one.before[: place.start()] + place.expand(known.after) + one.before[place.end() :]
        == one.after
        for known in EQUIVALENT
        if known.module in module
        for place in re.finditer(known.before, one.before)
    )


def _print_survivors(all_found: list[Found]) -> None:
    for found in all_found:
        if found.survivors:
            print(f"\n{found.module}: not noticed")
            print("\n".join(f"  {one}" for one in found.survivors))
    n_changes = sum(found.n_changes for found in all_found)
    n_noticed = sum(found.n_noticed for found in all_found)
    share = n_noticed / n_changes if n_changes else 1.0
    print(f"\n{n_noticed} of {n_changes} changes were noticed: {share:.1%}, wanted {WANTED:.0%}")
    sys.exit(share < WANTED)


if __name__ == "__main__":
    main()
