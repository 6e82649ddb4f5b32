"""Ids of songs: each is higher than any that was given before, up to a limit.

SQLite itself goes up to 2**63 - 1 and calls it a full disk when that was given once. Learning
never comes near the limit; a damaged database, or one that was written to by hand, may.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from fpcore.errors import StoreError
from fpcore.places import Place

LAST_ID = 2**53 - 1
"""The highest id that learning gives: higher ones lose digits in programs that read JSON."""

_REMEDY = "restore a backup, or learn its songs into a new database"

_HIGHEST = """
SELECT max((SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'songs'),
           (SELECT coalesce(max(id), 0) FROM songs))
"""


def check_one_is_left(connection: sqlite3.Connection, path: Place) -> None:
    """Raise `StoreError` when no song can be given an id; ``path`` is what it names."""
    highest = _highest(connection)
    if highest >= LAST_ID:
        raise StoreError(f"{path} can learn no more songs, {_cause(highest)}: {_REMEDY}")


def problems(connection: sqlite3.Connection) -> Iterator[str]:
    """Yield a sentence when the next song cannot be given an id."""
    highest = _highest(connection)
    if highest >= LAST_ID:
        yield f"no more songs can be learned, {_cause(highest)}: {_REMEDY}"


def _highest(connection: sqlite3.Connection) -> int:
    return int(connection.execute(_HIGHEST).fetchone()[0])


def _cause(highest: int) -> str:
    return f"for ids ascend and the last one is {highest}, which only damage makes so high"
