"""Changes are told apart: which of them tests notice, at once or in what they share."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

MODULE = """
class Scale:
    def __init__(self, factor):
        self.factor = 2 * factor

    @classmethod
    def whole(cls):
        return cls(3)

def shared():
    return 5

def unguarded(x):
    return x + 7

def ended(n):
    while n > 5:
        pass
"""

TESTS = """
import pytest
from module import Scale, ended, shared, unguarded

@pytest.fixture(scope="module")
def five():
    return shared()

def test_what_is_shared(five):
    assert five == 5

def test_a_class():
    assert Scale.whole().factor == 6

def test_what_is_hardly_guarded():
    assert unguarded(0) > 0

def test_what_may_not_end():
    ended(5)
"""

TRIAL = """
from tests import changes

changes.LEAST_CPU_S = 1
module = changes.ChangedModule("module.py")
for change in changes.unnoticed(module, list(module.changes()), ["test_module.py"]):
    print(change.name, change.before, change.after, sep=" | ")
"""

SETTINGS = """
[tool.mutmut]
source_paths = ["."]
"""


def test_what_no_test_notices_is_found_and_nothing_else(tmp_path: Path) -> None:
    for name, content in {
        "module.py": MODULE,
        "test_module.py": TESTS,
        "trial.py": TRIAL,
        "pyproject.toml": SETTINGS,
    }.items():
        (tmp_path / name).write_text(content)
    done = subprocess.run(
        [sys.executable, "trial.py"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(Path(__file__).resolve().parents[1]), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "x_unguarded__mutmut_2 | return x + 7 | return x + 8",
        "x_ended__mutmut_2 | while n > 5: | while n > 6:",
    ]
