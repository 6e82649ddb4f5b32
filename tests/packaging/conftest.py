"""The project's own files, as the packaging tests read them."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement


@pytest.fixture(scope="session")
def root() -> Path:
    return Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def project(root: Path) -> dict[str, Any]:
    """Return the table [project] of pyproject.toml."""
    table: dict[str, Any] = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    return table


@pytest.fixture(scope="session")
def extras(project: dict[str, Any]) -> dict[str, list[Requirement]]:
    """Return what each extra of pyproject.toml brings, with what the extras that it names bring."""
    table = project["optional-dependencies"]

    def brought(name: str) -> list[Requirement]:
        wanted = [Requirement(text) for text in table[name]]
        own = [item for item in wanted if item.name != project["name"]]
        named = [extra for item in wanted if item.name == project["name"] for extra in item.extras]
        return [*own, *(item for extra in named for item in brought(extra))]

    return {name: brought(name) for name in table}


@pytest.fixture(scope="session")
def requirements(
    project: dict[str, Any], extras: dict[str, list[Requirement]]
) -> list[Requirement]:
    """Return every requirement of pyproject.toml, the extras' too: what `make setup` installs."""
    core = [Requirement(text) for text in project["dependencies"]]
    return [*core, *(item for group in extras.values() for item in group)]
