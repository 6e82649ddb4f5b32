"""What is read of a query set: recorded queries, and faults. Times are seconds."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from experiments.protocol.recordings.songs import KnownSong, KnownSongs

STRANGER = "none"
"""What stands for the song of a recording whose song nobody knows."""

FaultKind = Literal[
    "unreadable row",
    "wrong encoding",
    "missing file",
    "empty file",
    "no audio",
    "duplicate",
    "unknown song",
    "wrong place",
]
"""Why a row of a list is not asked, as it is counted."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A row that is not asked: ``sentence`` says where it stands, what is wrong, and a remedy."""

    kind: FaultKind
    sentence: str


@dataclass(frozen=True, slots=True)
class RecordedQuery:
    """A recording to ask about.

    ``place`` is where the list has it, such as ``rooms.csv line 7``, and ``name`` what it calls the
    file. ``song`` is None for a stranger. ``start_s`` is the place in the song at which the
    recording begins, NaN where that is not known. ``work`` is equal for recordings that tend to be
    recognised or missed together, since they are of one piece. ``groups`` has a value for each
    column that the set is grouped by.
    """

    place: str
    name: str
    file: Path
    checksum: str
    song: KnownSong | None
    work: str
    start_s: float = math.nan
    groups: Mapping[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Name of the query, equal for equal queries: the file's name and its content."""
        return f"{self.name}@{self.checksum[:8]}"


@dataclass(frozen=True, slots=True)
class QuerySet:
    """A query set as it was read: what can be asked, and what not.

    ``columns`` are the names of the groups, in their order. ``n_listed`` counts the rows of the
    list, those with faults included.
    """

    path: Path
    queries: tuple[RecordedQuery, ...]
    faults: tuple[Fault, ...]
    columns: tuple[str, ...]
    n_listed: int


@dataclass(frozen=True, slots=True)
class Entry:
    """What a list says of one recording, unchecked; an empty text says nothing."""

    place: str
    file: str
    song: str
    start_s: str = ""
    groups: Mapping[str, str] = field(default_factory=dict)


Finds = Callable[[KnownSongs, str], tuple[KnownSong, ...]]
"""How a layout names songs: gives those that a text may mean."""


@dataclass(frozen=True, slots=True)
class Listed:
    """What a layout's reader returns: the rows in their order, unchecked.

    ``base`` is the folder that paths are relative to, ``columns`` are the names of the groups.
    """

    base: Path
    rows: tuple[Entry | Fault, ...]
    finds: Finds
    columns: tuple[str, ...] = ()
