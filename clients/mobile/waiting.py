"""Waiting: recordings on disk that no server has answered yet, the oldest first.

Each is a file whose name is the time at which it was made. Where several windows, or processes,
share the folder, one at a time asks: the system frees its place however it ends.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from clients.storage import write_bytes

if sys.platform != "win32":
    import fcntl

FOLDER = "waiting"
MAX_RECORDINGS = 50
"""Some 44 MB of recordings of ten seconds."""

_NAME = "%Y%m%dT%H%M%S.%fZ"


class FullError(Exception):
    """Too many recordings wait."""


class Waiting:
    """The recordings that wait in a folder.

    Parameters
    ----------
    folder : Path
        Of the client; the recordings have a folder of their own in it.
    max_recordings : int
        How many may wait.
    """

    def __init__(self, folder: Path, max_recordings: int = MAX_RECORDINGS) -> None:
        self._folder = folder / FOLDER
        self._max_recordings = max_recordings

    def paths(self) -> list[Path]:
        """Return the files of the recordings, the oldest first."""
        return sorted(path for path in self._folder.glob("*.wav") if _is_name(path))

    def add(self, wav: bytes) -> Path:
        """Keep a recording, whole or not at all, and return its file.

        Raises
        ------
        FullError
            When too many wait; none of them goes for it.
        OSError
            When it cannot be written.
        """
        there = self.paths()
        if len(there) >= self._max_recordings:
            raise FullError(f"{len(there)} recordings wait already: let them be asked about first")
        now = datetime.now(UTC)
        if there:  # a clock that was put back must not change the order
            now = max(now, _made_at(there[-1]) + timedelta(microseconds=1))
        path = self._folder / f"{now.strftime(_NAME)}.wav"
        write_bytes(path, wav)
        return path

    @contextlib.contextmanager
    def turn(self) -> Iterator[bool]:
        """Give whether this is who may ask now; nobody else may until the block ends."""
        if sys.platform == "win32":  # a second window asks what the first one asks
            yield True
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        with open(self._folder / "lock", "wb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                yield False
                return
            yield True


def made_at(path: Path) -> str:
    """Return when a recording was made, ISO 8601 and UTC; no two have the same time."""
    return _made_at(path).isoformat(timespec="microseconds")


def _made_at(path: Path) -> datetime:
    return datetime.strptime(path.stem, _NAME).replace(tzinfo=UTC)


def _is_name(path: Path) -> bool:
    try:
        _made_at(path)
    except ValueError:
        return False
    return True
