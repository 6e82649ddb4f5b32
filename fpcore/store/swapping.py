"""Puts one SQLite index in the place of another, whole, with nobody looking on."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from fpcore.errors import StoreBusyError
from fpcore.store.connections import connect
from fpcore.store.failures import translated_errors

_WAIT_S = 2.0


def swap(new: Path, old: Path) -> None:
    """Replace the index ``old`` by ``new``, which ceases to exist under its own name.

    A killed process leaves the one or the other, whole. No other program may have either open:
    the log of an open index would be taken for that of its successor.

    Raises
    ------
    StoreBusyError
        When another program has one of them open; then nothing was changed.
    StoreError
        When a file cannot be used.
    """
    with _alone(new):
        pass
    with translated_errors(old, _WAIT_S), _alone(old) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        os.replace(new, old)


def _alone(path: Path) -> closing[sqlite3.Connection]:
    """Return a connection to an index that nobody else has open and that has no log."""
    with translated_errors(path, _WAIT_S):
        connection = connect(path, _WAIT_S)
        try:
            # Leaving the log behind takes a lock that excludes every other connection.
            connection.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.OperationalError as error:
            connection.close()
            if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
                raise StoreBusyError(
                    f"{path} is open in another program: stop that first, such as the service"
                ) from None
            raise
        except BaseException:
            connection.close()
            raise
    return closing(connection)
