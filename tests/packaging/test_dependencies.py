"""pyproject.toml is the single source: the conda environment and the lock follow from it."""

import ast
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

CORE = {"numpy", "scipy", "matplotlib"}
BENCH = {"pandas", "papermill"}
LESSONS = {"jupyterlab", "librosa"}
SERVICE = {"fastapi", "uvicorn"}
FIXED = CORE | BENCH | LESSONS | SERVICE
"""The packages that the design fixes, by where they belong."""

MODULES = {
    "audfprint2": "audfprint2",
    "fastapi-offline": "fastapi_offline",
    "immich-memories-music": "immich_memories_music",
    "ipython": "IPython",
    "pillow": "PIL",
    "prometheus-client": "prometheus_client",
    "python-multipart": "python_multipart",
    "pyyaml": "yaml",
    "scikit-learn": "sklearn",
}
"""Packages that are imported under another name than they are installed under."""

CONDA_NAMES = {
    "sounddevice": "python-sounddevice",
    "soundfile": "pysoundfile",
    "soxr": "soxr-python",
}
"""Packages that have another name on conda-forge than on PyPI."""

ENTRY = re.compile(
    r"^(?P<name>[a-z0-9-]+)==(?P<version>[^\s;]+)(?: ; (?P<marker>[^\\\n]+?))?"
    r"(?: \\\n    --hash=sha256:[0-9a-f]{64})+\n",
    re.MULTILINE,
)
"""A requirement of the lock: name, version, perhaps a marker, and at least one hash."""


@pytest.fixture(scope="session")
def conda(root: Path) -> dict[str, Any]:
    environment: dict[str, Any] = yaml.safe_load((root / "environment.yml").read_text())
    return environment


@pytest.fixture(scope="session")
def lock(root: Path) -> str:
    return (root / "requirements.lock").read_text()


def bounds(requirements: list[Requirement]) -> dict[str, SpecifierSet]:
    return {canonicalize_name(item.name): item.specifier for item in requirements}


def pip_part(conda: dict[str, Any]) -> list[str]:
    (part,) = (item["pip"] for item in conda["dependencies"] if isinstance(item, dict))
    return list(part)


def names(requirements: list[Requirement]) -> set[str]:
    return {item.name for item in requirements}


def imported(package: Path) -> set[str]:
    """Return the first names of all that the modules of a package import, early or late."""
    found = set()
    for file in package.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.partition(".")[0])
    return found


def test_the_set_up_installs_the_packages_that_the_design_fixes(
    requirements: list[Requirement], conda: dict[str, Any], lock: str
) -> None:
    assert names(requirements) >= FIXED
    assert {entry["name"] for entry in ENTRY.finditer(lock)} >= FIXED
    from_conda = [Requirement(one) for one in conda["dependencies"] if isinstance(one, str)]
    assert names(from_conda) >= FIXED


def test_the_core_is_installed_without_an_extra_and_the_rest_with_the_one_it_belongs_to(
    project: dict[str, Any], extras: dict[str, list[Requirement]]
) -> None:
    core = {Requirement(text).name for text in project["dependencies"]}
    assert core & FIXED == CORE
    assert names(extras["bench"]) & FIXED == BENCH
    assert names(extras["lessons"]) & FIXED == BENCH | LESSONS
    assert names(extras["service"]) & FIXED == SERVICE
    for group in ("bench", "cluster", "lessons", "service"):
        assert core.isdisjoint(names(extras[group]))


@pytest.mark.parametrize(
    ("package", "among"),
    [
        ("fpcore", ("postgres",)),
        ("api", ("service",)),
        ("clients", ("client", "desktop")),
        ("experiments", ("bench", "cluster", "peers", "demo")),
        ("notebooks", ("lessons",)),
    ],
)
def test_a_package_imports_what_the_core_and_its_extras_bring_and_nothing_else(
    package: str,
    among: tuple[str, ...],
    root: Path,
    project: dict[str, Any],
    extras: dict[str, list[Requirement]],
) -> None:
    brought = {Requirement(text).name for text in project["dependencies"]}
    brought |= {name for extra in among for name in names(extras[extra])}
    modules = {MODULES.get(name, name) for name in brought}
    own = {"fpcore", "experiments", "api", "clients", "notebooks"}
    assert imported(root / package) - modules - own - sys.stdlib_module_names == set()


def test_every_requirement_has_a_lower_bound(requirements: list[Requirement]) -> None:
    unbounded = [
        item.name for item in requirements if ">=" not in {part.operator for part in item.specifier}
    ]
    assert requirements
    assert unbounded == []


def test_conda_environment_has_the_same_packages_with_the_same_bounds(
    conda: dict[str, Any], project: dict[str, Any], requirements: list[Requirement]
) -> None:
    from_conda = [item for item in conda["dependencies"] if isinstance(item, str)]
    from_pip = [item for item in pip_part(conda) if not item.startswith("-")]
    expected = {
        CONDA_NAMES.get(name, name): specifier for name, specifier in bounds(requirements).items()
    }
    expected |= {"python": SpecifierSet(project["requires-python"]), "pip": SpecifierSet()}
    assert bounds([Requirement(item) for item in from_conda + from_pip]) == expected


def test_conda_environment_holds_the_project_itself(conda: dict[str, Any]) -> None:
    assert conda["channels"] == ["conda-forge"]
    assert [item for item in pip_part(conda) if item.startswith("-")] == ["-e ."]


def test_lock_is_requirements_with_hashes_and_comments_only(lock: str) -> None:
    other = [line for line in ENTRY.sub("", lock).splitlines() if not line.startswith("    # ")]
    assert ENTRY.search(lock)
    assert other == []


def test_lock_names_no_address_and_no_index(lock: str) -> None:
    assert "://" not in lock
    assert "index" not in re.sub(r"^\S+==", "", lock, flags=re.MULTILINE)


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_lock_pins_every_requirement_once_and_within_its_bounds(
    python: str, platform: str, lock: str, requirements: list[Requirement]
) -> None:
    target = {
        "python_version": python,
        "python_full_version": f"{python}.9",
        "sys_platform": platform,
        "os_name": "nt" if platform == "win32" else "posix",
    }
    pinned: dict[str, list[Version]] = {}
    for entry in ENTRY.finditer(lock):
        if entry["marker"] is None or Marker(entry["marker"]).evaluate(target):
            pinned.setdefault(entry["name"], []).append(Version(entry["version"]))

    assert [name for name, versions in pinned.items() if len(versions) > 1] == []
    wrong = {
        name: pinned.get(name)
        for name, specifier in bounds(requirements).items()
        if name not in pinned or not specifier.contains(pinned[name][0], prereleases=True)
    }
    assert wrong == {}
