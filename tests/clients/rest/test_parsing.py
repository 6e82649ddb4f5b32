"""JSON becomes records, or a sentence that names the field at fault."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import pytest

from clients.rest.parsing import parsed


@dataclass(frozen=True)
class Inner:
    n: int


@dataclass(frozen=True)
class Outer:
    text: str
    number: float
    flag: bool
    at: datetime
    word: Literal["a", "b"] | None
    several: tuple[Inner, ...]
    pair: tuple[float, float]
    free: Mapping[str, Any]


GOOD: dict[str, Any] = {
    "text": "é",
    "number": 1,
    "flag": True,
    "at": "2026-05-01T12:00:00Z",
    "word": None,
    "several": [{"n": 1}, {"n": 2, "later": "said"}],
    "pair": [0.5, 2],
    "free": {"x": [None]},
}


def test_every_type_of_field_is_read_and_further_fields_are_ignored() -> None:
    record = parsed(Outer, json.dumps(GOOD | {"new": 1}).encode())
    assert record == Outer(
        text="é",
        number=1.0,
        flag=True,
        at=datetime(2026, 5, 1, 12, tzinfo=UTC),
        word=None,
        several=(Inner(1), Inner(2)),
        pair=(0.5, 2.0),
        free={"x": [None]},
    )
    assert isinstance(record.number, float)


@pytest.mark.parametrize("name", sorted(GOOD))
def test_a_missing_field_is_named(name: str) -> None:
    body = json.dumps({field: content for field, content in GOOD.items() if field != name})
    with pytest.raises(ValueError, match=f"^{name} is missing$"):
        parsed(Outer, body.encode())


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("text", None, "text must be text, got None"),
        ("number", "1", "number must be a number, got '1'"),
        ("number", True, "number must be a number, got True"),
        ("number", 10**400, "number must be a finite number"),
        ("flag", 1, "flag must be true or false, got 1"),
        ("at", "soon", "at must be a time with its zone, got 'soon'"),
        ("at", "2026-05-01T12:00:00", "at must be a time with its zone"),
        ("at", 5, "at must be a time with its zone, got 5"),
        ("word", "c", "word must be one of a, b, got 'c'"),
        ("several", {}, "several must be a list"),
        ("several", [{"n": 1}, {}], r"several\[1\].n is missing"),
        ("several", [{"n": 1.5}], r"several\[0\].n must be a whole number, got 1.5"),
        ("several", [{"n": True}], r"several\[0\].n must be a whole number, got True"),
        ("several", ["x" * 99], r"several\[0\] must be an object, got 'x{39}…$"),
        ("pair", [1.0], "pair must be a list of 2"),
        ("free", [], "free must be an object"),
    ],
)
def test_a_field_of_another_type_is_named(name: str, content: object, fault: str) -> None:
    with pytest.raises(ValueError, match=f"^{fault}"):
        parsed(Outer, json.dumps(GOOD | {name: content}).encode())


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b'{"n": 1', b'{"n": NaN}', b'{"n": 1}x', b"\xff\xfe\xfd", b"[" * 99_999],
    ids=["empty", "html", "cut", "nan", "more", "no text", "deep"],
)
def test_what_is_not_json_is_told(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"^it is not JSON$"):
        parsed(Inner, body)


def test_another_shape_than_an_object_is_told() -> None:
    with pytest.raises(ValueError, match=r"^it must be an object, got \[\]$"):
        parsed(Inner, b"[]")
