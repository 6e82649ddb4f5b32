"""JSON to frozen dataclasses, strictly: every field must be there, of the type that it states.

Types of fields may be str, int, float, bool, datetime, Literal, Any, ``Mapping[str, Any]``,
another dataclass, tuples of these, and any of them or None. Fields that a class does not have are
ignored, so that a newer server may say more. A float may come as an integer; true is no number.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import math
from collections.abc import Callable, Mapping
from datetime import datetime
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

RecordT = TypeVar("RecordT")

_Reader = Callable[[object, str], Any]
"""Returns what a JSON value stands for; the text is the place of the value, for errors."""

_SHOWN = 40


def parsed(kind: type[RecordT], body: bytes) -> RecordT:
    """Return the JSON text ``body`` as a record of a dataclass.

    Raises
    ------
    ValueError
        When it is not JSON, or a field is missing or of another type; the text names the field.
    """
    try:
        content = json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise ValueError("it is not JSON") from None
    read: _Reader = _reader_of(cast(Any, kind))
    return cast(RecordT, read(content, ""))


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no number of JSON")


@functools.cache
def _reader_of(kind: Any) -> _Reader:
    """Return what reads values of a type."""
    origin, arguments = get_origin(kind), get_args(kind)
    if kind is Any:
        return lambda content, place: content
    if dataclasses.is_dataclass(kind):
        return _record_reader(kind)
    if origin in (Union, UnionType):
        (inner,) = (one for one in arguments if one is not NoneType)
        return _optional_reader(_reader_of(inner))
    if origin is Literal:
        return _word_reader(arguments)
    if origin is tuple:
        return _tuple_reader(arguments)
    return _PLAIN[origin or kind]


def _record_reader(kind: Any) -> _Reader:
    hints = get_type_hints(kind)
    readers = {field.name: _reader_of(hints[field.name]) for field in dataclasses.fields(kind)}

    def read(content: object, place: str) -> Any:
        if not isinstance(content, dict):
            raise _fault(place, "an object", content)
        start = f"{place}." if place else ""
        missing = [name for name in readers if name not in content]
        if missing:
            raise ValueError(f"{start}{missing[0]} is missing")
        return kind(**{name: one(content[name], f"{start}{name}") for name, one in readers.items()})

    return read


def _optional_reader(inner: _Reader) -> _Reader:
    return lambda content, place: None if content is None else inner(content, place)


def _word_reader(words: tuple[Any, ...]) -> _Reader:
    def read(content: object, place: str) -> Any:
        if content not in words:
            raise _fault(place, f"one of {', '.join(words)}", content)
        return content

    return read


def _tuple_reader(kinds: tuple[Any, ...]) -> _Reader:
    """Return the reader of a tuple of given types, or of any number of items of one type."""
    is_open = kinds[-1] is Ellipsis
    readers = [_reader_of(kind) for kind in kinds if kind is not Ellipsis]

    def read(content: object, place: str) -> Any:
        if not isinstance(content, list):
            raise _fault(place, "a list", content)
        if not is_open and len(content) != len(readers):
            raise _fault(place, f"a list of {len(readers)}", content)
        each = readers * len(content) if is_open else readers
        return tuple(
            one(item, f"{place}[{n}]")
            for n, (one, item) in enumerate(zip(each, content, strict=True))
        )

    return read


def _whole(content: object, place: str) -> int:
    if isinstance(content, bool) or not isinstance(content, int):
        raise _fault(place, "a whole number", content)
    return content


def _number(content: object, place: str) -> float:
    if isinstance(content, bool) or not isinstance(content, int | float):
        raise _fault(place, "a number", content)
    try:
        number = float(content)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise _fault(place, "a finite number", content)
    return number


def _text(content: object, place: str) -> str:
    if not isinstance(content, str):
        raise _fault(place, "text", content)
    return content


def _flag(content: object, place: str) -> bool:
    if not isinstance(content, bool):
        raise _fault(place, "true or false", content)
    return content


def _time(content: object, place: str) -> datetime:
    try:
        time = datetime.fromisoformat(_text(content, place))
    except ValueError:
        time = datetime.min
    if time.tzinfo is None:
        raise _fault(place, "a time with its zone", content)
    return time


def _object(content: object, place: str) -> Mapping[str, Any]:
    if not isinstance(content, dict):
        raise _fault(place, "an object", content)
    return content


_PLAIN: dict[Any, _Reader] = {
    int: _whole,
    float: _number,
    str: _text,
    bool: _flag,
    datetime: _time,
    Mapping: _object,
}


def _fault(place: str, wanted: str, content: object) -> ValueError:
    shown = repr(content)
    cut = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
    return ValueError(f"{place or 'it'} must be {wanted}, got {cut}")
