"""What others need to join in: a licence, how to cite, and hooks that need no network."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

REQUIRED_BY_CFF = {"cff-version", "message", "title", "authors"}
"""Keys that the schema of the Citation File Format 1.2.0 requires of every file."""

REQUIRED_OF_A_REFERENCE = {"type", "title", "authors"}

WHY = "\n\nThe old one could not be read.\n"


@pytest.fixture(scope="module")
def citation(root: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))
    return content


@pytest.fixture(scope="module")
def hooks(root: Path) -> list[dict[str, Any]]:
    config = yaml.safe_load((root / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert [one["repo"] for one in config["repos"]] == ["local"]
    found: list[dict[str, Any]] = config["repos"][0]["hooks"]
    return found


def test_the_licence_is_mit_and_the_developers(root: Path) -> None:
    text = (root / "LICENSE").read_text(encoding="utf-8")
    assert text.startswith("MIT License\n\nCopyright (c) 2026 The fpworkbench developers\n")


def test_the_citation_has_what_its_schema_requires(citation: dict[str, Any]) -> None:
    assert set(citation) >= REQUIRED_BY_CFF
    assert citation["cff-version"] == "1.2.0"
    for one in [citation, *citation["references"]]:
        assert all("name" in author or "family-names" in author for author in one["authors"])
    for reference in citation["references"]:
        assert set(reference) >= REQUIRED_OF_A_REFERENCE


def test_the_citation_is_of_this_version(citation: dict[str, Any], project: dict[str, Any]) -> None:
    assert citation["version"] == project["version"]
    assert citation["title"].startswith(project["name"])
    assert citation["license"] == "MIT"


def test_hooks_call_programs_of_the_project_alone(hooks: list[dict[str, Any]], root: Path) -> None:
    installed = Path(sys.executable).parent
    for hook in hooks:
        program, *arguments = hook["entry"].split()
        assert hook["language"] == "system"
        assert program.startswith(".venv/bin/")
        assert (installed / Path(program).name).is_file(), program
        assert all((root / one).exists() for one in arguments if one.startswith(".ci/"))


def test_hooks_check_what_make_test_checks(hooks: list[dict[str, Any]], root: Path) -> None:
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    ids = [hook["id"] for hook in hooks]
    assert ids == ["ruff-check", "ruff-format", "mypy", "lint-imports", "commit-message"]
    for words in ids[:-1]:
        assert f"$(BIN)/{words.replace('ruff-', 'ruff ')}" in makefile


@pytest.fixture
def repository(tmp_path: Path, root: Path) -> Path:
    """Return a new repository whose commit-msg hook is the project's check."""
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    hook = tmp_path / ".git" / "hooks" / "commit-msg"
    hook.parent.mkdir(exist_ok=True)
    script = root / ".ci" / "commit_message.py"
    hook.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{script}" "$1"\n')
    hook.chmod(0o755)
    return tmp_path


def commit(repository: Path, message: str) -> subprocess.CompletedProcess[str]:
    who = ["-c", "user.name=A", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"]
    return subprocess.run(
        ["git", *who, "commit", "--allow-empty", "--file", "-"],
        cwd=repository,
        input=message,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "message",
    ["Name it" + WHY, "x" * 72 + WHY, "é" * 72 + WHY, "Merge branch 'other'\n", "fixup! Name it\n"],
)
def test_a_commit_with_a_short_subject_and_a_body_is_taken(repository: Path, message: str) -> None:
    done = commit(repository, message)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "message, complaint",
    [
        ("x" * 73 + WHY, "the subject has 73 characters"),
        ("Name it\n", "there is no body"),
        ("Name it\nfor it could not be read\n", "the second line must be empty"),
        ("Name it\n\n# Changes to be committed:\n", "there is no body"),
    ],
)
def test_a_commit_that_is_hard_to_read_is_refused(
    repository: Path, message: str, complaint: str
) -> None:
    done = commit(repository, message)
    assert done.returncode != 0
    assert complaint in done.stderr
