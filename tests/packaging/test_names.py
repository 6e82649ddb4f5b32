"""One word for one notion: no public class and no public alias of a type is defined twice."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WORLDS = (("fpcore", "experiments", "api", "notebooks"), ("clients",))
"""Packages that share their words. Clients know none of the others, and call what they are told
by the names that the service has for it."""


def public_types(module: ast.Module) -> Iterator[str]:
    """Yield the names of classes and of aliases of types that a module defines for others."""
    for node in ast.walk(module):
        if isinstance(node, ast.ClassDef):
            yield node.name
    for node in module.body:
        if isinstance(node, ast.Assign) and not _is_local(node.value):
            names = [target.id for target in node.targets if isinstance(target, ast.Name)]
            yield from (name for name in names if _is_in_title_case(name))


def _is_in_title_case(name: str) -> bool:
    return name[0].isupper() and not name.isupper()


def _is_local(value: ast.expr) -> bool:
    """Whether a module makes a name for itself: a type variable, or an option of its commands."""
    called = {ast.unparse(one.func) for one in ast.walk(value) if isinstance(one, ast.Call)}
    return bool(called & {"TypeVar", "typer.Argument", "typer.Option"})


def defined_twice(sources: dict[str, str]) -> dict[str, list[str]]:
    """Return, by their name, the files of types that several of the ``sources`` define."""
    places = defaultdict(list)
    for file, source in sources.items():
        for name in public_types(ast.parse(source)):
            if not name.startswith("_"):
                places[name].append(file)
    return {name: files for name, files in places.items() if len(files) > 1}


@pytest.mark.parametrize(("packages", "n_files"), [(WORLDS[0], 200), (WORLDS[1], 10)])
def test_no_public_type_has_the_name_of_another(packages: tuple[str, ...], n_files: int) -> None:
    files = [file for package in packages for file in sorted((ROOT / package).rglob("*.py"))]
    sources = {str(file.relative_to(ROOT)): file.read_text(encoding="utf-8") for file in files}
    assert len(sources) > n_files
    assert defined_twice(sources) == {}


def test_types_of_one_name_are_found_and_what_is_local_is_not() -> None:
    first = "class A: pass\nRow = dict[str, int]\nT = TypeVar('T')\nclass _C: pass\nD_S = 1"
    second = (
        "def f():\n    class A: pass\nclass Row: pass\nT = TypeVar('T')\nclass _C: pass\nD_S = 2"
    )
    assert defined_twice({"a.py": first, "b.py": second}) == {
        "A": ["a.py", "b.py"],
        "Row": ["a.py", "b.py"],
    }
