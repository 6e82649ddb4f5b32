"""Preferences: what the user chose, kept in a file of the client's folder."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from clients.desktop.storage import DamagedError, read_json, set_aside, write_json

FILE = "preferences.json"

RECORDING_S = (5, 8, 10)
"""How long a recording may be."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """What the user chose.

    ``source`` is the name of the input to record from, empty for the system's own choice;
    ``is_local`` tells that this computer serves.
    """

    address: str = "http://127.0.0.1:8000"
    key: str = ""
    recording_s: int = 8
    source: str = ""
    is_dark: bool = False
    is_local: bool = False


def load(folder: Path) -> tuple[Preferences, str]:
    """Return the preferences of a folder, and a sentence when those there cannot be used."""
    path = folder / FILE
    try:
        return _of(read_json(path)), ""
    except DamagedError as fault:
        kept = set_aside(path)
        return Preferences(), f"The settings could not be read ({fault}) and were kept as {kept}."
    except OSError as error:
        return Preferences(), f"The settings cannot be read ({error.strerror})."


def save(preferences: Preferences, folder: Path) -> None:
    """Keep preferences; raises OSError when they cannot be written."""
    write_json(folder / FILE, asdict(preferences))


def _of(content: Any) -> Preferences:
    """Return preferences out of JSON; what is not known is passed over."""
    if content is None:
        return Preferences()
    if not isinstance(content, dict):
        raise DamagedError("it is no JSON object")
    given: dict[str, Any] = {}
    for field in fields(Preferences):
        if field.name in content:
            value = content[field.name]
            if type(value) is not type(field.default):
                raise DamagedError(f"{field.name} is no {type(field.default).__name__}")
            given[field.name] = value
    if given.get("recording_s", RECORDING_S[0]) not in RECORDING_S:
        raise DamagedError(f"recording_s is none of {RECORDING_S}")
    return Preferences(**given)
