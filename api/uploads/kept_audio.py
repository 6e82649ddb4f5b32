"""Kept audio: the uploaded files of learned songs, for the day the index is made anew.

A file lies under the checksum of its content, and its path is the song's ``source`` in the
index, where re-indexing looks for it. From before it is written until its song is stored, a
locked mark lies beside it, ``.<name>.learning``. The lock ends with its process, so a mark that
nobody holds was left behind by a server that was killed. Files without a mark are never removed
only because no song names them: they may be all that is left of an index that was lost.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from api.schemas.bodies import SOURCE_KEY
from api.uploads.receive import Upload
from fpcore import atomic
from fpcore.audio import SUPPORTED_SUFFIXES
from fpcore.store import Song, Store

_MARK = re.compile(r"\.([0-9a-f]{64}\.[a-z0-9]+)\.learning")


@contextmanager
def keep(upload: Upload, folder: Path, store: Store) -> Iterator[Path]:
    """Copy an upload into ``folder`` and give its path while its song is written to ``store``.

    All of the file is on the disk by then. If no song names it as its source at the end, it is
    removed again. Another request that keeps the same file waits meanwhile.

    Parameters
    ----------
    upload : Upload
        A received file.
    folder : Path
        Folder for kept audio; it exists.
    store : Store
        The index to which the song is added.

    Yields
    ------
    Path
        Absolute path of the copy.

    Raises
    ------
    OSError
        When the copy cannot be written; then nothing is left of it.
    """
    kept = folder.absolute() / f"{upload.checksum}{_ending(upload.name)}"
    mark = kept.with_name(f".{kept.name}.learning")
    descriptor = _marked(mark)
    try:
        try:
            _copy(upload.path, kept)
            yield kept
        finally:
            _settle(kept, mark, store)
    finally:
        os.close(descriptor)


def _ending(name: str) -> str:
    """Return the ending of a kept file: of the client's name only what is on a list."""
    ending = Path(name).suffix.lower()
    return ending if ending in SUPPORTED_SUFFIXES else ".audio"


def sweep(folder: Path, store: Store) -> None:
    """Remove copies that a killed server had begun and no song names.

    Copies of servers that are running are left alone.
    """
    for mark in folder.absolute().glob(".*.learning"):
        named = _MARK.fullmatch(mark.name)
        # Its own server, or another that sweeps, may remove it at this moment.
        with suppress(FileNotFoundError):
            if named is not None:
                _settle_unless_locked(mark.with_name(named[1]), mark, store)


def discard(song: Song, folder: Path | None) -> None:
    """Remove the kept audio of a song that is no longer in the index, if it was kept here."""
    source = song.metadata.get(SOURCE_KEY)
    if folder is None or not isinstance(source, str):
        return
    kept = Path(source)
    if kept.parent == folder.absolute() and kept.stem == song.checksum:
        kept.unlink(missing_ok=True)


def _marked(mark: Path) -> int:
    """Return a descriptor that holds the lock of a mark; waits for who has it."""
    while True:
        descriptor = os.open(mark, os.O_RDWR | os.O_CREAT, 0o600)
        with suppress(OSError):  # a file system without locks: then nobody sweeps it either
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if _is_at(mark, descriptor):
            return descriptor
        # Who had it before has removed it: another may hold a new one by now.
        os.close(descriptor)


def _settle_unless_locked(kept: Path, mark: Path, store: Store) -> None:
    descriptor = os.open(mark, os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return  # a request that is being answered holds it
    else:
        if _is_at(mark, descriptor):
            _settle(kept, mark, store)
    finally:
        os.close(descriptor)


def _is_at(path: Path, descriptor: int) -> bool:
    """Whether a path still leads to an open file."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _copy(source: Path, kept: Path) -> None:
    shutil.copyfile(source, _part(kept))
    atomic.move_into_place(_part(kept), kept, durable=True)


def _settle(kept: Path, mark: Path, store: Store) -> None:
    """Remove a file that no song names, and its mark; call it with the lock held."""
    _part(kept).unlink(missing_ok=True)
    song = store.find(kept.stem)
    if song is None or song.metadata.get(SOURCE_KEY) != str(kept):
        kept.unlink(missing_ok=True)
    mark.unlink(missing_ok=True)


def _part(kept: Path) -> Path:
    """Return where a file is written: who holds the mark is alone, and `_settle` finds it there."""
    return kept.with_name(f".{kept.name}.part")
