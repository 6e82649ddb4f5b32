"""Temporary folders of server processes, each locked for as long as its process lives.

The lock tells the folder of a running server from one that a killed server left behind, which
the next server removes. Several may start at the same time.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

PREFIX = "fpapi-"


class OwnFolder:
    """A new folder under ``parent``, this process's own until it is closed.

    Without ``parent`` it lies in the system's temporary folder.
    """

    def __init__(self, parent: Path | None = None) -> None:
        root = parent or Path(tempfile.gettempdir())
        _remove_abandoned(root)
        self.path, self._lock = _made(root)

    def close(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def _made(root: Path) -> tuple[Path, int]:
    """Return a new folder, and the descriptor that holds its lock."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=root))
        with suppress(FileNotFoundError):
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            with suppress(OSError):  # a file system without locks: then nobody removes it either
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            if folder.exists():
                return folder, descriptor
            os.close(descriptor)
        # Another server took it for abandoned, before it was locked.


def _remove_abandoned(root: Path) -> None:
    """Remove the folders of server processes that were killed."""
    for folder in root.glob(f"{PREFIX}*"):
        # Another may remove it at this moment: then there is nothing to do.
        with suppress(FileNotFoundError):
            if _is_own(folder):
                _remove_unless_locked(folder)


def _is_own(folder: Path) -> bool:
    """Whether this is not another user's folder, nor a link that was laid out for us."""
    status = folder.lstat()
    return not folder.is_symlink() and folder.is_dir() and status.st_uid == os.geteuid()


def _remove_unless_locked(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return  # of a server that lives
    else:
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(descriptor)
