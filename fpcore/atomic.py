"""Files and folders that appear whole or not at all: written beside their place, then renamed.

Whoever reads the place meanwhile finds the old content or the new one, never a part of it. What
is being written is a *part*: it lies in the same folder under the name ``.<name>.<number>.part``,
whose number is drawn at random, so that processes, threads and machines that share a folder
never write to the same part. A part is removed when writing fails, as on a full disk or by an
exception. Only a process that is killed leaves its part behind: no reader takes it for the file,
and `discard_parts` removes it.

A *durable* file survives a power cut once its writer returns: the file and the names in its
folder are synchronised with the disk. That takes a few milliseconds, so it is for what cannot be
made again.

A new file has the mode that the process gives to its files (umask). Of a link it is the target
that is replaced. A device or a pipe is written to directly, for a file in its place would take it
away from everybody.
"""

from __future__ import annotations

import errno
import glob
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

PART_SUFFIX = ".part"
"""What the name of every part ends with."""

_PART = re.compile(r"\..*\.[0-9a-f]{16}\.part", re.DOTALL)
_MAX_CHARACTERS = 50  # of a file's name in that of its part: systems allow for 255 bytes in all
_IS_THERE = (errno.ENOTEMPTY, errno.EEXIST)
_NOT_FOR_FOLDERS = (errno.EACCES, errno.EINVAL, errno.ENOTSUP)


@contextmanager
def replaced(path: Path, *, durable: bool = False) -> Iterator[Path]:
    """Yield the path of a part to write; what is there takes the place of ``path`` on success.

    Parameters
    ----------
    path : Path
        The file to make or replace; its folder must exist.
    durable : bool
        Whether the file must survive a power cut.

    Yields
    ------
    Path
        The part, with no file at it; ``path`` itself where that is a device or a pipe.

    Raises
    ------
    OSError
        What the system refuses; ``path`` is then as it was, and no part is left.
    """
    if path.exists() and not path.is_file():
        yield path
        return
    part = part_of(path)
    try:
        yield part
        move_into_place(part, path, durable=durable)
    except BaseException:
        _remove(part)
        raise


@contextmanager
def opened(path: Path, *, durable: bool = False) -> Iterator[BinaryIO]:
    """Yield a binary stream whose content becomes ``path`` on success; see `replaced`."""
    with replaced(path, durable=durable) as part, part.open("wb") as stream:
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


@contextmanager
def whole_folder(path: Path, *, durable: bool = False) -> Iterator[Path]:
    """Yield a new folder to fill, which becomes ``path`` on success and vanishes on failure.

    A folder with content that is at ``path`` by then stays, and the new one is removed: when
    several processes fill the same folder, the first one that is done counts.

    Parameters
    ----------
    path : Path
        The folder to make; those above it are made too.
    durable : bool
        Whether all that is in the folder must survive a power cut.

    Yields
    ------
    Path
        The part, an empty folder.

    Raises
    ------
    OSError
        What the system refuses; no part is left.
    """
    part = part_of(path)
    part.mkdir(parents=True)
    try:
        yield part
        if durable:
            for inside in part.rglob("*"):
                if not inside.is_symlink():
                    _synchronise(inside)
        with _suppressed(*_IS_THERE):
            move_into_place(part, path, durable=durable)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def move_into_place(part: Path, path: Path, *, durable: bool = False) -> None:
    """Rename what is written to its place; for writers whose parts have a name of their own.

    Parameters
    ----------
    part : Path
        A file or folder on the same file system, written completely.
    path : Path
        Where it belongs; a file that is there is replaced.
    durable : bool
        Whether it must survive a power cut.

    Raises
    ------
    OSError
        What the system refuses.
    """
    target = _behind_links(path)
    if durable:
        _synchronise(part)
    part.replace(target)
    if durable:
        _synchronise(target.parent)


def part_of(path: Path) -> Path:
    """Return a path beside ``path`` that no other writer writes to; nothing is there yet."""
    target = _behind_links(path)
    return target.with_name(f".{target.name[:_MAX_CHARACTERS]}.{secrets.token_hex(8)}{PART_SUFFIX}")


def parts_in(folder: Path) -> list[Path]:
    """Return the parts in a folder: those being written, and those that killed processes left."""
    return sorted(path for path in folder.glob(f".*{PART_SUFFIX}") if _PART.fullmatch(path.name))


def discard_parts(folder: Path) -> None:
    """Remove the parts that killed processes left; nobody may write in ``folder`` meanwhile."""
    for part in parts_in(folder):
        _remove(part)


def _behind_links(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _remove(part: Path) -> None:
    """Remove a part and what its writer put beside it, as far as the system allows."""
    for one in part.parent.glob(f"{glob.escape(part.name)}*"):
        if one.is_dir() and not one.is_symlink():
            shutil.rmtree(one, ignore_errors=True)
        else:
            with suppress(OSError):
                one.unlink()


@contextmanager
def _suppressed(*numbers: int) -> Iterator[None]:
    """Go on after an error of the system that has one of these numbers."""
    try:
        yield
    except OSError as error:
        if error.errno not in numbers:
            raise


def _synchronise(path: Path) -> None:
    """Let a file, or the names in a folder, survive a power cut.

    Folders are left out where the system cannot do that, or does not let us read them.
    """
    is_folder = path.is_dir()
    if is_folder and os.name != "posix":
        return
    with _suppressed(*(_NOT_FOR_FOLDERS if is_folder else ())):
        descriptor = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
