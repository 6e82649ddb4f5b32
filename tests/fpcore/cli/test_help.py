"""The whole tree of commands: its help says what each is for, and comes without the core."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import typer

from fpcore.cli import app
from tests.fpcore.cli.running import ROOT, environment, fpcore, fpcore_process

COMMANDS = (
    "learn",
    "recognize",
    "explain",
    "songs",
    "remove",
    "rename",
    "stats",
    "check",
    "snapshot",
    "backup",
    "reindex",
    "convert",
    "profile show",
    "profile list",
    "profile diff",
)


def _commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Yield every command below a group with its full name."""
    for name, child in getattr(command, "commands", {}).items():
        assert child.help, name
        if hasattr(child, "commands"):
            yield from _commands(child, (*path, name))
        else:
            yield " ".join((*path, name)), child


def _groups(command: Any, path: tuple[str, ...] = ("fpcore",)) -> Iterator[tuple[str, ...]]:
    """Yield the names of a group and of every group below it."""
    if hasattr(command, "commands"):
        yield path
        for name, child in command.commands.items():
            yield from _groups(child, (*path, name))


TREE = dict(_commands(typer.main.get_command(app)))


def test_every_command_is_walked() -> None:
    assert set(TREE) == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_an_example_and_the_exit_codes(name: str) -> None:
    text = TREE[name].help
    assert "Example" in text and f"\n  fpcore {name}" in text
    assert "Exit codes: 0 " in text


@pytest.mark.parametrize("name", COMMANDS)
def test_every_argument_and_option_is_documented(name: str) -> None:
    parameters = {parameter.name: parameter for parameter in TREE[name].params}
    assert {parameter for parameter, one in parameters.items() if not one.help} == set()
    assert "as_json" in parameters
    assert ("db" in parameters) == ("profile " not in name)


def test_examples_use_options_that_exist() -> None:
    for name, command in TREE.items():
        known = {option for parameter in command.params for option in parameter.opts}
        for line in command.help.splitlines():
            if line.strip().startswith(f"fpcore {name}"):
                used = {word for word in line.split() if word.startswith("-") and word != "-"}
                assert used <= known, line


@pytest.mark.parametrize("group", [*_groups(typer.main.get_command(app))], ids=" ".join)
def test_no_summary_of_a_command_is_cut_short(group: tuple[str, ...], tmp_path: Path) -> None:
    done = fpcore(*group[1:], "--help", cwd=tmp_path)
    summaries = done.stdout.partition("Commands:")[2].strip().splitlines()
    assert summaries
    assert all(summary.endswith(".") and "..." not in summary for summary in summaries)


def test_help_is_shown_by_the_command_itself(tmp_path: Path) -> None:
    done = fpcore_process("--help", cwd=tmp_path)
    assert done.returncode == 0
    for name in COMMANDS:
        assert f"\n  {name.split()[0]} " in done.stdout
    assert "130 interrupted" in done.stdout
    learn = fpcore("learn", "--help", cwd=tmp_path).stdout
    assert "FPCORE_DB" in learn and "FPCORE_PROFILE" in learn


SHOW_HELP = """
import json, sys, types
package = types.ModuleType("fpcore")  # the package's own first import is another matter
package.__path__ = [sys.argv.pop()]
sys.modules["fpcore"] = package
from fpcore.cli import app
try:
    app(["recognize", "--help"])
except SystemExit as stop:
    print(json.dumps([stop.code, sorted(sys.modules)]))
"""


def test_help_loads_nothing_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SHOW_HELP, str(ROOT / "fpcore")],
        capture_output=True,
        env=environment(),
        check=True,
    )
    code, loaded = json.loads(done.stdout.splitlines()[-1])
    assert code == 0
    assert "fpcore.cli.recognize" in loaded
    heavy = {"av", "matplotlib", "numba", "numpy", "scipy", "soundfile", "sqlite3"}
    assert heavy & set(loaded) == set()


def test_wrong_usage_ends_with_2(tmp_path: Path) -> None:
    for arguments in (
        ("learn",),
        ("recognize",),
        ("recognize", "x.wav", "--top", "0"),
        ("remove",),
        ("remove", "1", "--all", "--yes"),
        ("songs", "--colour"),
        ("songs", "--limit", "99999999999999999999"),
        ("songs", "--offset", "99999999999999999999"),
        ("sing",),
    ):
        done = fpcore(*arguments, cwd=tmp_path)
        assert done.returncode == 2, arguments
        assert "Traceback" not in done.stderr and "Error" in done.stderr


def test_the_version_is_told(tmp_path: Path) -> None:
    assert fpcore("--version", cwd=tmp_path).stdout == f"fpcore {metadata.version('fpworkbench')}\n"
