"""README's table has every command, and says of each what its ``--help`` says in one line."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
TABLE = re.findall(
    r"^\| `([^`]+)` \| (.+) \|$", README.partition("\n## Commands\n")[2], re.MULTILINE
)
GROUPS = ("fpcore profile",)
"""Commands that only hold others."""


def help_of(*words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *words, "--help"],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def commands(name: str, *words: str) -> Iterator[tuple[str, str]]:
    """Yield the commands of a program, each with its line in the program's help."""
    listed = help_of(*words).partition("Commands:\n")[2]
    for command, line in re.findall(r"^  (\S+) +(.+)$", listed, re.MULTILINE):
        if f"{name} {command}" in GROUPS:
            yield from commands(f"{name} {command}", *words, command)
        else:
            yield f"{name} {command}", line


def test_the_table_of_commands_is_what_their_help_says() -> None:
    section = README.partition("\n## Commands\n")[2]
    table = re.findall(r"^\| `([^`]+)` \| (.+) \|$", section, re.MULTILINE)
    [heard] = re.findall(r"\n\n(Record .+?\.)\s", help_of("clients.desktop"))
    [shown] = re.findall(r"\n\n(Show .+?\.)\s", help_of("clients.mobile"))
    [served] = re.findall(r"\n\n(Serve .+?\.)\s", help_of("api"))
    expected = [
        *commands("fpcore", "fpcore"),
        *commands("fpbench", "experiments"),
        ("fpdesk", heard),
        ("fpmobile", shown),
        ("python -m api", served),
    ]
    assert len(expected) > 20
    assert table == expected
