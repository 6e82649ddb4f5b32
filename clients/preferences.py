"""Preferences: what the user of a client chose, kept in a file of the client's folder.

They are a frozen dataclass of each client's own, whose fields have texts, numbers and truth values
as defaults, and whose ``__post_init__`` raises ValueError for what cannot be chosen.
"""

from __future__ import annotations

from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, TypeVar

from clients.storage import DamagedError, read_json, set_aside, write_json

FILE = "preferences.json"

ChosenT = TypeVar("ChosenT")


def load(kind: type[ChosenT], folder: Path) -> tuple[ChosenT, str]:
    """Return the preferences of a folder, and a sentence when those there cannot be used."""
    path = folder / FILE
    try:
        return _of(kind, read_json(path)), ""
    except DamagedError as fault:
        kept = set_aside(path)
        return kind(), f"The settings could not be read ({fault}) and were kept as {kept}."
    except OSError as error:
        return kind(), f"The settings cannot be read ({error.strerror})."


def save(chosen: Any, folder: Path) -> None:
    """Keep preferences; raises OSError when they cannot be written."""
    write_json(folder / FILE, asdict(chosen))


def _of(kind: Any, content: Any) -> Any:
    """Return preferences out of JSON; what is not known is passed over."""
    if content is None:
        return kind()
    if not isinstance(content, dict):
        raise DamagedError("it is no JSON object")
    given: dict[str, Any] = {}
    for field in fields(kind):
        if field.name in content:
            value = content[field.name]
            if type(value) is not type(field.default):
                raise DamagedError(f"{field.name} is no {type(field.default).__name__}")
            given[field.name] = value
    try:
        return kind(**given)
    except ValueError as fault:
        raise DamagedError(str(fault)) from None
