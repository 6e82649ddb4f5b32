"""Indexes that can only be read: on a read-only disk, or with rights that do not reach further.

SQLite keeps a log beside a database, and reads one without a log only where it could make one.
Where it could not, the file is opened as one that nobody writes to. Should somebody do so all the
same, whoever has rights that we have not, then what was read meanwhile is refused.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fpcore.errors import StoreError, StoreReadOnlyError

_LOGS = ("-wal", "-journal")
"""What the names of logs end with; one that is empty holds nothing that the database lacks."""


def is_read_only(path: Path) -> bool:
    """Return whether an index that is there cannot be written to, or its log beside it cannot."""
    may_write = os.access(path, os.W_OK) and os.access(path.absolute().parent, os.W_OK | os.X_OK)
    return path.exists() and not may_write


def read_only(path: Path) -> StoreReadOnlyError:
    """Return the error for a write to an index that can only be read."""
    return StoreReadOnlyError(f"{path} is read-only: make the file and its folder writable")


def options_of_reading(path: Path) -> str:
    """Return the options, as in the address of a database, by which a read-only one is opened.

    Raises
    ------
    StoreError
        When it was not closed cleanly, and its log cannot be read without writing.
    """
    log = _log_of(path)
    if log is None:
        return "mode=ro&immutable=1"
    # Beside a log in WAL mode lies the memory that programs share to read it.
    if log.name.endswith("-wal") and log.with_name(f"{path.name}-shm").exists():
        return "mode=ro"
    raise StoreError(
        f"{path} is read-only and was not closed cleanly, so its log {log} must be worked into it: "
        "copy both files into a folder that you can write to, and use the copy"
    )


@contextmanager
def unchanged(path: Path) -> Iterator[None]:
    """Raise `StoreError` at the end when a database without a log was written to meanwhile."""
    before = None if _log_of(path) else _stamp(path)
    try:
        yield
    except sqlite3.Error as error:  # which half a change may be the reason of
        if before not in (None, _stamp(path)):
            raise _written(path) from error
        raise
    if before not in (None, _stamp(path)):
        raise _written(path)


def _written(path: Path) -> StoreError:
    return StoreError(f"{path} was written to while it was read: give the same command again")


def _log_of(path: Path) -> Path | None:
    """Return the log that holds what a database lacks; None when there is none."""
    for ending in _LOGS:
        log = path.with_name(path.name + ending)
        try:
            if log.stat().st_size:
                return log
        except OSError:
            continue
    return None


def _stamp(path: Path) -> tuple[int, ...] | None:
    try:
        found = path.stat()
    except OSError:
        return None  # removed: who reads next is told so
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
