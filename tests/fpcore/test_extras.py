"""What is told of a package that is not installed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from fpcore.errors import MissingExtraError
from fpcore.extras import needing

ROOT = Path(__file__).resolve().parents[2]

WITHOUT = """
import runpy, sys
missing, module, *arguments = sys.argv[1:]
sys.modules[missing] = None  # Python's own import then fails as for a missing package
sys.argv = [module, *arguments]
runpy.run_module(module, run_name="__main__", alter_sys=True)
"""


def test_a_missing_package_is_told_with_the_extra_that_brings_it() -> None:
    with (
        pytest.raises(MissingExtraError, match=r'^.* no_such_package .*"fpworkbench\[bench\]"'),
        needing("bench"),
    ):
        import no_such_package.part  # type: ignore[import-not-found]  # noqa: F401


def test_a_missing_module_of_a_loaded_package_stays_an_error_of_that_package() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"fpcore\.nothing"), needing("bench"):
        import fpcore.nothing  # type: ignore[import-not-found]  # noqa: F401


@pytest.mark.parametrize(
    ("missing", "command", "code", "sentence"),
    [
        ("pandas", ("experiments", "sweep", "classic"), 1, r'^fpbench: .*"fpworkbench\[bench\]"'),
        ("psutil", ("experiments", "bench-scale"), 1, r'^fpbench: .*"fpworkbench\[bench\]"'),
        ("uvicorn", ("api",), 2, r'^api: .*"fpworkbench\[service\]"'),
    ],
)
def test_a_command_without_its_extra_says_one_sentence(
    missing: str, command: tuple[str, ...], code: int, sentence: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, missing, *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code
    [line] = done.stderr.splitlines()
    assert f"the package {missing} is not installed" in line
    assert re.search(sentence, line)
