"""History: what was asked and what the answer was, kept in a file of the client's folder."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Self, get_args, get_origin, get_type_hints

from clients.rest import Recognition
from clients.storage import DamagedError, read_json, set_aside, write_json

FILE = "history.json"
MAX_ENTRIES = 1000
"""As many as are kept by default: more make every answer slower to keep."""

_FORMAT = "fpdesk history 1"


@dataclass(frozen=True, slots=True)
class Entry:
    """An answer: when it came (ISO 8601, UTC), of what, and which song it was, if any.

    Where recordings wait before they are asked about, it is the time of the recording.
    """

    asked_at: str
    source: str
    song_id: int | None
    song_name: str | None
    confidence: float
    song_offset_s: float | None

    @classmethod
    def of(cls, found: Recognition, source: str, at: str = "") -> Self:
        """Return the answer about a source at a time, or that came just now.

        Parameters
        ----------
        found : Recognition
            What the server answered.
        source : str
            What was recorded.
        at : str
            The time, ISO 8601 and UTC; now, to the second, when it is empty.

        Returns
        -------
        Entry
            It is in no history yet.
        """
        return cls(
            asked_at=at or datetime.now(UTC).isoformat(timespec="seconds"),
            source=source,
            song_id=found.song_id,
            song_name=found.song_name,
            confidence=found.confidence,
            song_offset_s=found.offset_s if found.song_offset_s is None else found.song_offset_s,
        )


_KINDS = get_type_hints(Entry)


class History:
    """The answers in a file, the last first.

    A file that is damaged, or was not written by this class, is set aside under another name;
    `note` says so then. Windows may share a file: what one adds is kept when another does.

    Parameters
    ----------
    folder : Path
        Where the file lies; it is made when it is needed.
    max_entries : int
        How many answers are kept; the oldest go.
    """

    def __init__(self, folder: Path, max_entries: int = MAX_ENTRIES) -> None:
        self._path = folder / FILE
        self._max_entries = max_entries
        self.note = ""
        self._entries = self._read()

    @property
    def entries(self) -> Sequence[Entry]:
        """The answers, the last first."""
        return self._entries

    def reread(self) -> None:
        """Take the answers that others have added to the file."""
        self._entries = self._read()

    def add(self, entry: Entry) -> None:
        """Put an answer before the others; raises OSError when it cannot be kept, but has it."""
        self._entries = [entry, *self._read()][: self._max_entries]
        self._write()

    def clear(self) -> None:
        """Forget all answers; raises OSError when the file cannot be written."""
        self._entries = []
        self._write()

    def _read(self) -> list[Entry]:
        try:
            return _entries_of(read_json(self._path))
        except DamagedError as fault:
            kept = set_aside(self._path)
            self.note = f"The history could not be read ({fault}) and was kept as {kept}."
        except OSError as error:
            self.note = f"The history cannot be read ({error.strerror}): {self._path}."
        return []

    def _write(self) -> None:
        kept = [{name: getattr(entry, name) for name in _KINDS} for entry in self._entries]
        write_json(self._path, {"format": _FORMAT, "entries": kept})


def _entries_of(content: Any) -> list[Entry]:
    if content is None:
        return []
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise DamagedError("another program or version wrote it")
    rows = content.get("entries")
    if not isinstance(rows, list):
        raise DamagedError("it has no entries")
    return [_entry_of(row) for row in rows]


def _entry_of(row: Any) -> Entry:
    if not isinstance(row, dict) or row.keys() != _KINDS.keys():
        raise DamagedError("an entry has other fields")
    for name, kind in _KINDS.items():
        if not _is_of(row[name], kind):
            raise DamagedError(f"{name} of an entry is no {kind}")
    try:
        datetime.fromisoformat(row["asked_at"])
    except ValueError:
        raise DamagedError("the time of an entry is none") from None
    return Entry(**row)


def _is_of(value: Any, kind: Any) -> bool:
    """Whether a value of JSON is of a type, or of one of several."""
    if get_origin(kind) is UnionType:
        return any(_is_of(value, one) for one in get_args(kind))
    if kind is float:
        return type(value) in (int, float) and math.isfinite(value)
    return value is None if kind is NoneType else type(value) is kind
