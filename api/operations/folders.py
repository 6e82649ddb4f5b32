"""Temporary folders of server processes, each locked for as long as its process lives.

The lock tells the folder of a running server from one that a killed server left behind, which
the next server removes. Several may start at the same time.

A name proves nothing: a user may have given it to a folder with an index or with music in it. So
each folder holds a mark, and beside it one folder `WORK` with all that the server writes. Only
these two are ever removed, and the folder itself only once nothing else is in it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

PREFIX = "fpapi-"
MARK = ".made-by-fpapi"
"""File in each folder that says who made it, for users and for the next server."""
WORK = "work"

_TOLD = "A server of `python -m api` works here. Once it has ended, the next one removes this.\n"


class OwnFolder:
    """A new folder under ``parent``, this process's own until it is closed.

    Without ``parent`` it lies in the system's temporary folder. ``path`` is where to write.
    """

    def __init__(self, parent: Path | None = None) -> None:
        root = parent or Path(tempfile.gettempdir())
        _remove_abandoned(root)
        self._folder, self._lock = _made(root)
        self.path = self._folder / WORK
        self.path.mkdir(mode=0o700)

    def close(self) -> None:
        """Remove the folder."""
        _remove(self._folder)
        os.close(self._lock)


def _made(root: Path) -> tuple[Path, int]:
    """Return a new folder with a mark, and the descriptor that holds its lock."""
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=root))
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    with suppress(OSError):  # a file system without locks: then nobody removes it either
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    # Not before it is locked: without a mark no other server takes it for abandoned.
    (folder / MARK).write_text(_TOLD, encoding="utf-8")
    return folder, descriptor


def _remove_abandoned(root: Path) -> None:
    """Remove the folders of server processes that were killed."""
    for folder in root.glob(f"{PREFIX}*"):
        # Another may remove it at this moment: then there is nothing to do.
        with suppress(FileNotFoundError):
            if _is_own(folder):
                _remove_unless_locked(folder)


def _is_own(folder: Path) -> bool:
    """Whether a server of this user made a folder: it is no link, and has the mark."""
    is_ours = folder.lstat().st_uid == os.geteuid() and not folder.is_symlink()
    return is_ours and (folder / MARK).is_file()


def _remove_unless_locked(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return  # of a server that lives
    else:
        _remove(folder)
    finally:
        os.close(descriptor)


def _remove(folder: Path) -> None:
    """Remove what a server made, and the folder if nothing else is in it; the mark goes last."""
    shutil.rmtree(folder / WORK, ignore_errors=True)
    with suppress(OSError):
        if all(one.name == MARK for one in folder.iterdir()):
            (folder / MARK).unlink(missing_ok=True)
            folder.rmdir()
