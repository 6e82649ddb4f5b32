"""What the pages name exists: files that they link or mention, targets of make, commands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from experiments.cli import app as fpbench
from fpcore.cli import app as fpcore

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("README.md", "CONTRIBUTING.md", "docs/architecture.md")
DETAILS = ("docs/mobile.md",)
"""Pages without links or commands of `fpcore`."""
TOP = {path.name for path in ROOT.iterdir()}
MADE = (".venv/bin/pytest", "experiments/profiles")
"""What comes about by use, and is not there in a fresh copy."""
FILE = re.compile(r"[A-Za-z0-9_.][\w./-]*")


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def mentioned(page: str) -> Iterator[Path]:
    """Yield the files and folders that a page names in code or in a command, as from the root."""
    code = re.findall(r"`([^`\n]+)`", text_of(page)) + re.findall(
        r"^    (.+)$", text_of(page), re.M
    )
    for word in " ".join(code).split():
        first = word.partition("/")[0]
        if FILE.fullmatch(word) and first in TOP and ("/" in word or "." in word):
            yield ROOT / word


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_links_to_is_there(page: str) -> None:
    links = [link for link in re.findall(r"\]\(([^)]+)\)", text_of(page)) if "://" not in link]
    assert links
    assert [link for link in links if not ((ROOT / page).parent / link).exists()] == []


def test_the_files_that_pages_name_are_there() -> None:
    named = {path for page in (*PAGES, *DETAILS) for path in mentioned(page)} - {
        ROOT / one for one in MADE
    }
    assert ROOT / "fpcore/stages/peaks.py" in named
    missing = [one for one in named if not one.exists() and not one.with_suffix(".py").exists()]
    assert missing == []


def test_what_a_page_says_to_be_in_a_module_is_there() -> None:
    said = re.findall(r"`(\w+)`\s+in\s+`([\w/]+\.py)`", text_of("CONTRIBUTING.md"))
    assert len(said) >= 5
    for name, module in said:
        assert re.search(rf"\b{name}\b", text_of(module)), f"{name} in {module}"


@pytest.mark.parametrize("page", (*PAGES, *DETAILS))
def test_the_make_targets_of_a_page_are_there(page: str) -> None:
    makefile = text_of("Makefile")
    targets = re.findall(r"(?:`|^    )make ([a-z-]+)", text_of(page), re.MULTILINE)
    assert targets
    assert [one for one in targets if not re.search(rf"^{one}:", makefile, re.MULTILINE)] == []


def commands_of(app: typer.Typer, path: tuple[str, ...]) -> Iterator[str]:
    """Yield the full names of the commands of a program."""
    yield from _below(typer.main.get_command(app), path)


def _below(command: object, path: tuple[str, ...]) -> Iterator[str]:
    for name, child in getattr(command, "commands", {}).items():
        if hasattr(child, "commands"):
            yield from _below(child, (*path, name))
        else:
            yield " ".join((*path, name))


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_of_a_page_are_there(page: str) -> None:
    known = {*commands_of(fpcore, ("fpcore",)), *commands_of(fpbench, ("fpbench",))}
    used = re.findall(r"(?:`|^    )((?:fpcore|fpbench) [a-z][a-z -]*)", text_of(page), re.MULTILINE)
    assert used
    for command in used:
        assert any(f"{command} ".startswith(f"{one} ") for one in known), command
