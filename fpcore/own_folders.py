"""Temporary folders of programs, each locked for as long as its process lives.

The lock tells the folder of a running program from one that a killed one left behind, which the
next program of its kind removes. Several may start at the same time.

A name proves nothing: a user may have given it to a folder with an index or with music in it. So
each folder holds a mark, and beside it one folder `WORK` with all that the program writes. Only
these two are ever removed, and the folder itself only once nothing else is in it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

WORK = "work"


@dataclass(frozen=True, slots=True)
class Maker:
    """A kind of program with temporary folders: their names begin with ``prefix``.

    ``mark`` is the file in each that says who made it: ``told``, for users and for the next one.
    """

    prefix: str
    mark: str
    told: str


class OwnFolder:
    """A new folder, this process's own until it is closed; ``path`` is where to write.

    Parameters
    ----------
    maker : Maker
        Who it is for. What killed programs of its kind left beside it is removed.
    parent : Path, optional
        Where it is made; without, in the system's temporary folder.
    """

    def __init__(self, maker: Maker, parent: Path | None = None) -> None:
        root = parent or Path(tempfile.gettempdir())
        _remove_abandoned(root, maker)
        self._maker = maker
        self._folder, self._lock = _made(root, maker)
        self.path = self._folder / WORK
        self.path.mkdir(mode=0o700)

    def close(self) -> None:
        """Remove the folder."""
        _remove(self._folder, self._maker)
        os.close(self._lock)


def _made(root: Path, maker: Maker) -> tuple[Path, int]:
    """Return a new folder with a mark, and the descriptor that holds its lock."""
    folder = Path(tempfile.mkdtemp(prefix=maker.prefix, dir=root))
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    with suppress(OSError):  # a file system without locks: then nobody removes it either
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    # Not before it is locked: without a mark no other program takes it for abandoned.
    (folder / maker.mark).write_text(maker.told, encoding="utf-8")
    return folder, descriptor


def _remove_abandoned(root: Path, maker: Maker) -> None:
    """Remove the folders of programs that were killed."""
    for folder in root.glob(f"{maker.prefix}*"):
        # Another may remove it at this moment: then there is nothing to do.
        with suppress(FileNotFoundError):
            if _is_own(folder, maker):
                _remove_unless_locked(folder, maker)


def _is_own(folder: Path, maker: Maker) -> bool:
    """Whether a program of this user made a folder: it is no link, and has the mark."""
    is_ours = folder.lstat().st_uid == os.geteuid() and not folder.is_symlink()
    return is_ours and (folder / maker.mark).is_file()


def _remove_unless_locked(folder: Path, maker: Maker) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return  # of a program that lives
    else:
        _remove(folder, maker)
    finally:
        os.close(descriptor)


def _remove(folder: Path, maker: Maker) -> None:
    """Remove what a program made, and the folder if nothing else is in it; the mark goes last."""
    shutil.rmtree(folder / WORK, ignore_errors=True)
    with suppress(OSError):
        if all(one.name == maker.mark for one in folder.iterdir()):
            (folder / maker.mark).unlink(missing_ok=True)
            folder.rmdir()
