"""Files that appear whole or not at all: written beside their place, then renamed into it.

The file beside has a name of its process and thread, so several writers never share one, and
it is removed when writing fails, as on a full disk. Whoever reads meanwhile finds the old file
or the new one. A file that is written ``durable`` also survives a power cut once the writer
returns: it and its folder's names are synchronised with the disk.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


@contextmanager
def replaced(path: Path, *, durable: bool = False) -> Iterator[Path]:
    """Give a path beside ``path`` to write to; what is there takes its place on success.

    Parameters
    ----------
    path : Path
        The file to make or replace; its folder must exist.
    durable : bool
        Whether the file must survive a power cut, which costs a synchronisation with the disk.

    Yields
    ------
    Path
        A path in the same folder, with no file at it.

    Raises
    ------
    OSError
        What the system refuses; ``path`` is then as it was, and nothing is left beside it.
    """
    beside = beside_of(path)
    try:
        yield beside
        if durable:
            _synchronise(beside)
        beside.replace(path)
        if durable:
            _synchronise(path.parent)
    finally:
        with suppress(OSError):
            beside.unlink()


@contextmanager
def opened(path: Path, *, durable: bool = False) -> Iterator[BinaryIO]:
    """Give a binary stream whose content takes the place of ``path`` on success; see `replaced`."""
    with replaced(path, durable=durable) as beside, beside.open("wb") as stream:
        yield stream


def write_bytes(path: Path, content: bytes, *, durable: bool = False) -> None:
    """Write a file as a whole; see `replaced`.

    Parameters
    ----------
    path : Path
        The file to make or replace; its folder must exist.
    content : bytes
        All of its content.
    durable : bool
        Whether the file must survive a power cut.

    Raises
    ------
    OSError
        What the system refuses; ``path`` is then as it was.
    """
    with opened(path, durable=durable) as stream:
        stream.write(content)


def write_text(path: Path, text: str, *, durable: bool = False) -> None:
    """Write a file of text in UTF-8 as a whole, its line ends as they are; see `replaced`.

    Parameters
    ----------
    path : Path
        The file to make or replace; its folder must exist.
    text : str
        All of its content.
    durable : bool
        Whether the file must survive a power cut.

    Raises
    ------
    OSError
        What the system refuses; ``path`` is then as it was.
    """
    write_bytes(path, text.encode(), durable=durable)


def beside_of(path: Path) -> Path:
    """Return the path beside ``path`` that this thread alone writes to."""
    return path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.part")


def _synchronise(path: Path) -> None:
    """Let a file, or the names in a folder, survive a power cut, where folders can be opened."""
    if path.is_dir() and os.name != "posix":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
