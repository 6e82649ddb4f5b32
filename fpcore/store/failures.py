"""Failures of a store: a sentence for what SQLite refuses, and for what is refused before."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fpcore.errors import StoreBusyError, StoreDamagedError, StoreError, StoreFullError
from fpcore.places import Place
from fpcore.store.read_only import is_read_only, read_only

_PRIMARY_CODE = 0xFF
_NO_ROOM_BYTES = 1 << 20
_SMALLEST_PAGE_BYTES = 512

_SENTENCES = {
    sqlite3.SQLITE_NOTADB: "{path} is not an SQLite database: give the path of an index",
    sqlite3.SQLITE_CANTOPEN: "{path} cannot be opened: check the rights on it and on its folder",
    sqlite3.SQLITE_PERM: "{path} cannot be opened: check the rights on it and on its folder",
}


@contextmanager
def translated_errors(path: Path, busy_timeout_s: float) -> Iterator[None]:
    """Raise a `StoreError` about ``path`` for every `sqlite3.Error` inside.

    ``busy_timeout_s`` is the time in seconds that a busy database was waited for.
    """
    try:
        yield
    except sqlite3.Error as error:
        raise _translated(error, path, busy_timeout_s) from error
    except UnicodeEncodeError as error:
        raise StoreError(
            f"{error.object!r} is not valid Unicode text: {path} holds none such"
        ) from error


@contextmanager
def translated_os_errors(path: Path) -> Iterator[None]:
    """Raise a `StoreError` about ``path`` for every `OSError` inside."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StoreFullError(
                f"there is no room to write {path}: nothing was changed, free some space on its "
                "disk"
            ) from error
        raise StoreError(f"{path} cannot be written: {error.strerror}") from error


def busy(path: Place, busy_timeout_s: float) -> StoreBusyError:
    """Return the error for a lock that another writer kept for too long."""
    return StoreBusyError(
        f"{path} is locked by another writer for more than {busy_timeout_s:g} s: "
        "try again when it is done"
    )


def _translated(error: sqlite3.Error, path: Path, busy_timeout_s: float) -> StoreError:
    # The sqlite3 module's own errors (misuse, not SQLite's) carry no code.
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & _PRIMARY_CODE
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return busy(path, busy_timeout_s)
    if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and not _has_room(path)):
        return StoreFullError(
            f"there is no room to write {path}: nothing was changed, free some space on its disk"
        )
    if code == sqlite3.SQLITE_CORRUPT:
        return StoreDamagedError(
            f"{path} is damaged ({error}): run `fpcore check` on it and restore a backup"
        )
    if code == sqlite3.SQLITE_READONLY:
        return read_only(path)
    sentence = _SENTENCES.get(code, "{path} cannot be read or written: {error}")
    return StoreError(sentence.format(path=path, error=error))


def _has_room(path: Path) -> bool:
    """Whether the disk has space left: its log and shared memory fail as input/output errors."""
    try:
        disk = os.statvfs(path.parent)
    except (OSError, AttributeError):
        return True
    return disk.f_bavail * disk.f_frsize >= _NO_ROOM_BYTES


def check_place(path: Path, *, create: bool) -> None:
    """Refuse, by a `StoreError`, what SQLite would refuse with less of a reason.

    Nothing is read of the file: to open and close it here would drop the locks that SQLite holds
    on it for other connections of this process.
    """
    _check_is_folder(path)
    if not path.exists():
        if not create:
            raise StoreError(f"there is no index at {path}: learn some music into it first")
        check_folder(path)
    elif not path.is_file():
        raise StoreError(f"{path} is not a file: give the path of a database file")
    elif 0 < path.stat().st_size < _SMALLEST_PAGE_BYTES:
        # SQLite takes a file of one byte for an empty one and would write over it.
        raise StoreError(_SENTENCES[sqlite3.SQLITE_NOTADB].format(path=path))
    elif not os.access(path, os.R_OK):
        raise StoreError(f"{path} cannot be read: change the rights on it")


def check_writable(path: Path) -> None:
    """Refuse, by a `StoreReadOnlyError`, an index that can only be read."""
    if is_read_only(path):
        raise read_only(path)


def _check_is_folder(path: Path) -> None:
    folder = path.absolute().parent
    if not folder.is_dir():
        raise StoreError(f"{path} cannot be opened: there is no folder {folder}, make it first")


def check_folder(path: Path) -> None:
    """Refuse, by a `StoreError`, a file in a folder that is missing or cannot be written to."""
    _check_is_folder(path)
    folder = path.absolute().parent
    if not os.access(folder, os.W_OK | os.X_OK):
        raise StoreError(
            f"{path} cannot be opened: the folder {folder} is read-only, and SQLite writes its "
            "log there"
        )
