"""Swapping of SQLite indexes: the content of one put in the place of another's, whole.

The content is copied into the file that is there, in one transaction, while no other program
has it open: a killed process or a power cut leaves either the old content or the new one. The
file itself stays, so that whoever waits for it, or comes by a link, finds the new content in
it. If another file were renamed over it, they would keep one that has no name any more, and
its log would have the name of the new file's log.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Container, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from fpcore.errors import StoreBusyError, StoreError
from fpcore.store import copies, schema, segment_folder, snapshot, song_rows
from fpcore.store.base import Song
from fpcore.store.connections import connect, transaction
from fpcore.store.failures import check_place, check_writable, translated_errors

_LOG_SUFFIXES = ("-wal", "-shm", "-journal")


@dataclass(frozen=True, slots=True)
class Inventory:
    """The digest of the configuration that an index was made with, and its songs."""

    digest: str
    songs: list[Song]


def inventory(path: Path, busy_timeout_s: float) -> Inventory:
    """Return what an index holds, even if this program cannot use its configuration.

    ``busy_timeout_s`` is how many seconds to wait for others.

    Raises
    ------
    StoreError
        When there is no index there, or it cannot be read.
    """
    check_place(path, create=False)
    check_writable(path)
    with (
        translated_errors(path, busy_timeout_s),
        closing(connect(path, busy_timeout_s)) as connection,
    ):
        return _inventory(connection, path)


def _inventory(connection: sqlite3.Connection, path: Path) -> Inventory:
    schema.check_is_index(connection, path)
    schema.bring_up_to_date(connection)
    connection.execute("BEGIN")
    digest = schema.stored_meta(connection).get("digest", "")
    songs = song_rows.select(connection, path)
    connection.execute("COMMIT")
    return Inventory(digest, songs)


def swap(new: Path, old: Path, *, expected: Inventory, busy_timeout_s: float) -> bool:
    """Replace the content of an index by that of another one, which is removed.

    Parameters
    ----------
    new : Path
        The file whose content is wanted.
    old : Path
        The file that gets it.
    expected : Inventory
        What ``old`` must still hold.
    busy_timeout_s : float
        Seconds to wait for others that have one of them open.

    Returns
    -------
    bool
        False when ``old`` does not hold what is ``expected``; then nothing was changed.

    Raises
    ------
    StoreBusyError
        When another program has one of them open for longer than ``busy_timeout_s``: it would
        go on with hashes of the old kind. Nothing was changed then.
    StoreError
        When a file cannot be used.
    """
    with alone(new, busy_timeout_s) as source, alone(old, busy_timeout_s) as target:
        if _inventory(target, old) != expected:
            return False
        with transaction(source):
            copies.take_over(target, source)
        # What is made of the old content goes before it: who is killed in between leaves an index
        # that lacks them, as any may, and none with files beside it that are not its own.
        snapshot.path_of(old).unlink(missing_ok=True)
        segment_folder.discard(old)
        source.backup(target, pages=-1)
    discard(new)
    return True


def discard(path: Path) -> None:
    """Remove an index that nobody has open, if it is there.

    Its segments go first: without the file, by which it is found, nobody would remove them.
    """
    segment_folder.discard(path)
    for suffix in ("", *_LOG_SUFFIXES):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def discard_spare(path: Path, *, digest: str, known: Container[str]) -> bool:
    """Remove an index of which nothing would be missed; leave what may be anything else.

    Parameters
    ----------
    path : Path
        The file.
    digest : str
        How the digest of its configuration begins.
    known : container of str
        Checksums of the songs that another index has; it has no others.

    Returns
    -------
    bool
        Whether it was removed. One that somebody has open is not.
    """
    try:
        with alone(path, 0) as connection:
            found = _inventory(connection, path)
            is_spare = found.digest.startswith(digest)
            is_spare = is_spare and all(song.checksum in known for song in found.songs)
            if is_spare:
                discard(path)
    except StoreError:
        return False
    return is_spare


@contextmanager
def alone(path: Path, busy_timeout_s: float) -> Iterator[sqlite3.Connection]:
    """Lend a connection to an index that nobody else has open, nor can open meanwhile.

    Raises
    ------
    StoreBusyError
        When another program has it open for longer than ``busy_timeout_s``.
    StoreError
        When it cannot be used.
    """
    with translated_errors(path, busy_timeout_s):
        try:
            connection = connect(path, busy_timeout_s, alone=True)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
                raise StoreBusyError(
                    f"{path} is open in another program: end that, such as the service or a "
                    "learning run, and give the same command again"
                ) from None
            raise
        with closing(connection):
            yield connection
