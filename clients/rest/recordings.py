"""Recordings to send: a path, bytes, or a file that is open for reading bytes.

A path is opened anew for every try, bytes are there for all of them. A file that is open is read
from where it stands, and stays open; when it cannot seek, it can be sent once only.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from clients.rest.errors import UnreadableError

Source = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO
"""Where a recording is: a path, its bytes, or an open file."""

UNNAMED = "recording"
"""What a recording is called that comes without the name of a file."""

PIECE_BYTES = 1 << 17


@dataclass(frozen=True, slots=True)
class OpenRecording:
    """A recording that is read; ``n_bytes`` is None when only its end will tell."""

    name: str
    file: BinaryIO
    n_bytes: int | None
    is_ours: bool

    def pieces(self) -> Iterator[bytes]:
        """Yield the recording in pieces: as many bytes as were stated, also when it grows.

        Raises
        ------
        UnreadableError
            When it cannot be read, or has become shorter.
        """
        n_left = self.n_bytes
        while n_left is None or n_left > 0:
            wanted = PIECE_BYTES if n_left is None else min(PIECE_BYTES, n_left)
            with _readable(self.name):
                piece = self.file.read(wanted)
            if not isinstance(piece, bytes):
                raise UnreadableError(f"{self.name} gives no bytes: open it in binary mode")
            if not piece and n_left is None:
                return
            if not piece:
                raise UnreadableError(f"{self.name} became shorter meanwhile: send it again")
            n_left = None if n_left is None else n_left - len(piece)
            yield piece

    def close(self) -> None:
        """Close the file, if it was opened here."""
        if self.is_ours:
            self.file.close()


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording that can be opened, several times if ``is_repeatable``."""

    name: str
    is_repeatable: bool
    open: Callable[[], OpenRecording]


def recording(source: Source, filename: str | None = None) -> Recording:
    """Return a source as a recording; ``filename`` is what the server's messages call it.

    Raises
    ------
    UnreadableError
        When the source is none of those that are known.
    """
    if isinstance(source, str | os.PathLike):
        return _of_path(Path(source), filename)
    if isinstance(source, bytes | bytearray | memoryview):
        return _of_bytes(bytes(source), filename or UNNAMED)
    if hasattr(source, "read"):
        return _of_file(source, filename)
    kind = type(source).__name__
    raise UnreadableError(f"a recording must be a path, bytes or an open file, got {kind}")


def _of_path(path: Path, filename: str | None) -> Recording:
    name = filename or path.name

    def opened() -> OpenRecording:
        with _readable(str(path)):
            file = path.open("rb")
            return OpenRecording(name, file, _bytes_left(file), is_ours=True)

    return Recording(name, True, opened)


def _of_bytes(content: bytes, name: str) -> Recording:
    def opened() -> OpenRecording:
        return OpenRecording(name, io.BytesIO(content), len(content), is_ours=True)

    return Recording(name, True, opened)


def _of_file(file: BinaryIO, filename: str | None) -> Recording:
    given = getattr(file, "name", None)
    name = filename or (Path(given).name if isinstance(given, str) else "") or UNNAMED
    with _readable(name):
        can_seek = file.seekable()
        start = file.tell() if can_seek else 0

    def opened() -> OpenRecording:
        with _readable(name):
            if can_seek:
                file.seek(start)
            return OpenRecording(name, file, _bytes_left(file), is_ours=False)

    return Recording(name, can_seek, opened)


def _bytes_left(file: BinaryIO) -> int | None:
    """Return how many bytes there are from where a file stands; None when it cannot seek."""
    if not file.seekable():
        return None
    start = file.tell()
    end = file.seek(0, os.SEEK_END)
    file.seek(start)
    return max(0, end - start)


@contextlib.contextmanager
def _readable(name: str) -> Iterator[None]:
    """Tell in a sentence why a recording cannot be read."""
    try:
        yield
    except (OSError, ValueError) as error:  # a closed file is a ValueError
        cause = getattr(error, "strerror", None) or str(error)
        raise UnreadableError(f"{name} cannot be read ({cause}): choose another file") from error
