"""What docstrings promise: every public name has one, and it names the parameters there are."""

from __future__ import annotations

import ast
import doctest
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ["api", "clients", "experiments", "fpcore", "notebooks"]
"""The packages whose docstrings are held to the rules below."""

FEW_PARAMETERS = 2
"""A function with more parameters describes each one in a section of its own."""

ENTRY_POINTS = {"command", "callback", "get", "post", "put", "patch", "delete", "websocket"}
"""Decorators of commands and routes. Their docstring is what a user of ``--help`` or of the
service's page reads, and their parameters are described there by `help` or `description`."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Documented:
    """A public module, class or function, where it stands, and what it inherits."""

    place: str
    node: ast.Module | ast.ClassDef | Function
    inherited: str = ""

    @property
    def doc(self) -> str:
        """Its docstring, without indentation; empty when it has none."""
        return ast.get_docstring(self.node) or ""

    @property
    def parameters(self) -> list[str]:
        """Names of a function's parameters in order, without ``self`` and ``cls``."""
        if not isinstance(self.node, Function):
            return []
        given = self.node.args
        named = [*given.posonlyargs, *given.args, given.vararg, *given.kwonlyargs, given.kwarg]
        names = [one.arg for one in named if one is not None]
        return [name for name in names if name not in {"self", "cls"}]


def public_names(package: str) -> Iterator[Documented]:
    """Yield every public module, class, function and method of a package."""
    files = sorted((ROOT / package).rglob("*.py"))
    trees = {file: ast.parse(file.read_text(encoding="utf-8")) for file in files}
    bases = {
        node.name: node
        for tree in trees.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    for file, tree in trees.items():
        module = ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        if not any(_is_private(part) for part in module.split(".")):
            yield from names_in(tree, module, bases)


def names_in(
    node: ast.Module | ast.ClassDef, place: str, bases: dict[str, ast.ClassDef]
) -> Iterator[Documented]:
    """Yield a module or class and the public names in it; ``bases`` are classes by their name."""
    yield Documented(place, node)
    for child in node.body:
        if isinstance(child, ast.ClassDef) and not _is_private(child.name):
            yield from names_in(child, f"{place}.{child.name}", bases)
        elif isinstance(child, Function) and not _is_private(child.name) | _is_overload(child):
            inherited = _inherited(node, child.name, bases)
            yield Documented(f"{place}.{child.name}", child, inherited)


def _is_overload(function: Function) -> bool:
    """Whether it only tells types of a function that follows, which has the docstring."""
    return any(
        isinstance(one, ast.Name) and one.id == "overload" for one in function.decorator_list
    )


def _is_private(name: str) -> bool:
    return name.startswith("_")


def _inherited(
    owner: ast.Module | ast.ClassDef, method: str, bases: dict[str, ast.ClassDef]
) -> str:
    """Return the docstring of the method that a method of a class takes the place of."""
    for base in owner.bases if isinstance(owner, ast.ClassDef) else []:
        parent = bases.get(base.id) if isinstance(base, ast.Name) else None
        for child in parent.body if parent is not None else []:
            if isinstance(child, Function) and child.name == method:
                return ast.get_docstring(child) or ""
    return ""


def is_entry_point(function: Function) -> bool:
    """Whether a function is a command or a route, whose parameters are described for users."""
    called = [one.func for one in function.decorator_list if isinstance(one, ast.Call)]
    if any(isinstance(one, ast.Attribute) and one.attr in ENTRY_POINTS for one in called):
        return True
    given = [*function.args.args, *function.args.kwonlyargs]
    types = [ast.unparse(one.annotation) for one in given if one.annotation is not None]
    return any(re.search(r"\btyper\.(Option|Argument)\b|^options\.[A-Z]", one) for one in types)


def section(doc: str, title: str) -> list[str]:
    """Return the lines of a numpydoc section; none when there is no such section."""
    lines = doc.splitlines()
    for i, (line, rule) in enumerate(pairwise(lines)):
        if line == title and re.fullmatch("-{3,}", rule):
            end = next(
                (j - 1 for j in range(i + 2, len(lines)) if re.fullmatch("-{3,}", lines[j])),
                len(lines),
            )
            return lines[i + 2 : end]
    return []


def described(doc: str) -> dict[str, str]:
    """Return each parameter that a docstring describes, with the type given for it."""
    heads = [line for line in section(doc, "Parameters") if line and not line.startswith(" ")]
    types = {}
    for head in heads:
        names, _, type_ = head.partition(" : ")
        types |= {name.strip().lstrip("*"): type_.strip() for name in names.split(",")}
    return types


def faults(names: Iterator[Documented]) -> Iterator[str]:
    """Yield a sentence for each public name whose docstring breaks a rule."""
    for name in names:
        if not name.doc:
            if not (isinstance(name.node, ast.Module) and not name.node.body):
                yield f"{name.place} has no docstring"
            continue
        if not isinstance(name.node, Function):
            continue
        has = described(name.doc)
        unknown = [one for one in has if one not in name.parameters]
        if unknown:
            yield f"{name.place} describes parameters that it does not have: {unknown}"
        known = has | described(name.inherited)
        missing = [one for one in name.parameters if one not in known]
        if missing and len(name.parameters) > FEW_PARAMETERS and not is_entry_point(name.node):
            yield f"{name.place} does not describe its parameters {missing}"


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_has_a_docstring_that_names_its_parameters(package: str) -> None:
    assert list(faults(public_names(package))) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_described_parameter_has_a_type(package: str) -> None:
    untyped = [
        f"{name.place}: {parameter}"
        for name in public_names(package)
        for parameter, type_ in described(name.doc).items()
        if not type_
    ]
    assert untyped == []


def with_examples(package: str) -> list[str]:
    """Return the modules of a package whose docstrings have examples."""
    files = sorted((ROOT / package).rglob("*.py"))
    found = [file for file in files if ">>> " in file.read_text(encoding="utf-8")]
    names = [".".join(file.relative_to(ROOT).with_suffix("").parts) for file in found]
    return [name.removesuffix(".__init__") for name in names]


@pytest.mark.parametrize("module", [name for one in PACKAGES for name in with_examples(one)])
def test_examples_in_docstrings_give_what_they_show(module: str) -> None:
    failed, attempted = doctest.testmod(import_module(module))
    assert attempted > 0
    assert failed == 0


DESCRIBED = '''"""Return the sum.

    Parameters
    ----------
    a, b : int
        Two numbers.
    c : int
        A third one.

    Returns
    -------
    int
        The sum.
    """'''


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        (f"def f(a, b, c):\n    {DESCRIBED}", None),
        ('def f(a, b):\n    """Return the sum."""', None),
        ('def _f(a, b, c):\n    "Return."', None),
        ("class C:\n    'It.'\n    def f(self, a, b): 'Return.'", None),
        ("def f(a): pass", "m.f has no docstring"),
        ("@overload\ndef f(a): ...\ndef f(a): 'Return.'", None),
        ("class C:\n    'It.'\n    def f(self): pass", "m.C.f has no docstring"),
        ("def f(a, *, b, c): 'Return.'", "m.f does not describe its parameters ['a', 'b', 'c']"),
        (f"def f(a, b, c, d):\n    {DESCRIBED}", "m.f does not describe its parameters ['d']"),
        (f"def f(a, b):\n    {DESCRIBED}", "m.f describes parameters that it does not have: ['c']"),
        ("@app.command('x')\ndef f(a, b, c): 'Do.'", None),
        ("def f(a: Annotated[int, typer.Option()], b, c): 'Do.'", None),
    ],
)
def test_a_docstring_that_breaks_a_rule_is_found(source: str, fault: str | None) -> None:
    module = ast.parse(f'"""A module."""\n{source}')
    assert list(faults(names_in(module, "m", {}))) == ([] if fault is None else [fault])


def test_a_method_inherits_the_description_of_its_parameters() -> None:
    method = f"def f(self, a, b, c):\n        {DESCRIBED.replace(chr(10), chr(10) + '    ')}"
    child = "class Child(Parent):\n    'It.'\n    def f(self, a, b, c): 'Return it fast.'"
    module = ast.parse(f"'M.'\nclass Parent:\n    'It.'\n    {method}\n{child}")
    bases = {node.name: node for node in module.body if isinstance(node, ast.ClassDef)}
    assert list(faults(names_in(module, "m", bases))) == []
    assert len(list(faults(names_in(module, "m", {})))) == 1
