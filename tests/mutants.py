"""Do the tests notice when the code is wrong? Mutation testing, by `make mutants`.

mutmut changes one thing at a time in a module (an operator, a number, an argument, a word) and
runs the tests that reach the changed function, each change in a process of its own. A change that
makes a test fail is *noticed*; one that none notices *survives*, and shows what no test guards.
The share noticed is printed for each module and in all, and every survivor with its lines.

Left out
--------
* `fpcore.kernels`: compiled functions are taken from Numba's cache, so a change of their source
  would not be run. Their tests compare them with naive loops instead.
* Constants of modules and decorated functions (properties): mutmut changes bodies of plain
  functions only. Constants that decide have tests of their own.
* `EQUIVALENT`: changes after which the code does what it did before. Each has its reason.

Usage
-----
``make mutants`` takes some hours on two cores; ``make mutants ONLY=metrics`` takes the modules
whose path contains "metrics". ``ONLY="metrics --survivors"`` tries again what survived the last
time, for example after a test was added, and ``--told`` only tells the last results.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.equivalent_mutants import EQUIVALENT
from tests.packaging.test_layout import place_of_tests

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / ".cache" / "mutants"
"""Holds links to the project, and in a folder ``mutants`` the copy that mutmut changes."""

WANTED = 0.95
"""Share of the changes that tests should notice."""

COPIED = ("fpcore", "experiments", "api", "clients", "notebooks", "tests", "Makefile", "README.md")

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
    "experiments/evaluation/recordings.py": (),
    "experiments/evaluation/rows.py": ("tests/experiments/evaluation/test_ask.py",),
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
    "fpcore/search/interruptions.py": (),
    "fpcore/search/passes.py": ("tests/fpcore/search/test_playback.py",),
    "fpcore/search/plays.py": (),
    "fpcore/search/scan.py": (),
    "fpcore/search/sightings.py": (),
    "fpcore/search/tempo.py": (),
}
"""The modules that are changed, and which tests are to notice beside those at the mirrored path."""

NOT_NOTICED = {0, 5, 33}
"""mutmut's codes of a change under which all tests passed, or that no test reaches."""


@dataclass(frozen=True, slots=True)
class Survivor:
    """A change that no test noticed: its name, and the lines before and after it."""

    name: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.name}\n    - {self.before}\n    + {self.after}"


@dataclass(frozen=True, slots=True)
class Found:
    """What came out for one module."""

    module: str
    n_changes: int
    survivors: tuple[Survivor, ...]

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
    parser.add_argument("--jobs", type=int, default=2, help="changes tried at the same time")
    asked = parser.parse_args()
    modules = [module for module in MODULES if any(part in module for part in asked.part or [""])]
    _prepare()
    all_found = []
    for module in modules:
        if not asked.told:
            _run(module, jobs=asked.jobs, again=asked.survivors)
        all_found.append(_found(module))
        print(all_found[-1], flush=True)
    _print_survivors(all_found)


def _prepare() -> None:
    WORK.mkdir(parents=True, exist_ok=True)
    for name in COPIED:
        link = WORK / name
        if not link.is_symlink():
            link.symlink_to(ROOT / name)


def _run(module: str, *, jobs: int, again: bool) -> None:
    """Let mutmut try the changes of a module, and keep what it found.

    What it says meanwhile lies in ``log.txt``, for when it fails.
    """
    names = [one.name for one in _found(module).survivors] if again else []
    if again and not names:
        return
    if not again:
        _meta(module).unlink(missing_ok=True)
    _write_settings(module)
    (WORK / "mutants" / "mutmut-stats.json").unlink(missing_ok=True)
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", str(jobs), *names]
    log = WORK / "log.txt"
    with log.open("w") as file:
        done = subprocess.run(command, cwd=WORK, stdout=file, stderr=file, check=False)
    if done.returncode or not _meta(module).is_file():
        said = log.read_text().replace("\r", "\n").splitlines()
        sys.exit("\n".join([*said[-40:], f"mutmut failed on {module}, see {log}"]))
    _keep(module)


def _write_settings(module: str) -> None:
    settings = {
        "source_paths": [module],
        "also_copy": [name for name in COPIED if name != "tests"],
        "pytest_add_cli_args": ["-p", "no:cacheprovider", "--hypothesis-seed=0"],
        "pytest_add_cli_args_test_selection": [place_of_tests(module), *MODULES[module]],
    }
    lines = [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
    project = (ROOT / "pyproject.toml").read_text()
    (WORK / "pyproject.toml").write_text("\n".join([project, "[tool.mutmut]", *lines, ""]))


def _meta(module: str) -> Path:
    return WORK / "mutants" / f"{module}.meta"


def _keep(module: str) -> None:
    """Write what was not noticed to a file; the changed code is that of this module until then."""
    codes = json.loads(_meta(module).read_text())["exit_code_by_key"]
    unnoticed = [_survivor(name, module) for name, code in codes.items() if code in NOT_NOTICED]
    content = {"n_changes": len(codes), "unnoticed": [asdict(one) for one in unnoticed]}
    _kept(module).write_text(json.dumps(content, indent=1))


def _kept(module: str) -> Path:
    return WORK / f"{module.replace('/', '.')}.json"


def _found(module: str) -> Found:
    """Return what the last run found, without the equivalent changes."""
    if not _kept(module).is_file():
        sys.exit(f"nothing is known of {module} yet: run it first")
    content = json.loads(_kept(module).read_text())
    unnoticed = [Survivor(**one) for one in content["unnoticed"]]
    survivors = [one for one in unnoticed if not is_equivalent(one, module)]
    n_equivalent = len(unnoticed) - len(survivors)
    return Found(module, content["n_changes"] - n_equivalent, tuple(survivors))


def _survivor(name: str, module: str) -> Survivor:
    from mutmut.mutation.diff_apply import get_diff_for_mutant

    with contextlib.chdir(WORK):
        diff = get_diff_for_mutant(name, path=Path(module))
    before, after = (" ".join(_changed_lines(diff, sign)) for sign in "-+")
    return Survivor(name, before, after)


def _changed_lines(diff: str, sign: str) -> Iterator[str]:
    for line in diff.splitlines():
        if line.startswith(sign) and not line.startswith(3 * sign):
            yield line[1:].strip()


def is_equivalent(one: Survivor, module: str) -> bool:
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
