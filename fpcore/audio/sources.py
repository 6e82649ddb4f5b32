"""Sources of audio: opening, naming and summing up files."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from fpcore.audio.limits import AudioRefusedError
from fpcore.errors import AudioError
from fpcore.printable import as_text, is_visible


def checksum(source: str | Path | BinaryIO) -> str:
    """Return the SHA-256 of the bytes of ``source`` in hexadecimal.

    Raises
    ------
    AudioError
        When the file cannot be opened or read.
    """
    with opened(source) as file:
        try:
            file.seek(0)
            digest = hashlib.sha256()
            while chunk := file.read(2**20):
                digest.update(chunk)
            return digest.hexdigest()
        except OSError as error:
            raise unreadable(name_of(source), error) from None


def name_of(source: str | Path | BinaryIO) -> str:
    """Return what messages call ``source``: its path, or "uploaded audio" for bytes."""
    if not isinstance(source, str | Path):
        name = getattr(source, "name", None)
        source = name if isinstance(name, str) and name else "uploaded audio"
    # A name in another encoding or with a line break must not break the message.
    name = as_text(os.fspath(source))
    return "".join(char if is_visible(char) else "\N{REPLACEMENT CHARACTER}" for char in name)


@contextmanager
def opened(source: str | Path | BinaryIO) -> Iterator[BinaryIO]:
    """Open ``source`` for reading; a file object is passed on as it is and stays open.

    Raises
    ------
    AudioError
        When the path is missing, not a regular file or not readable.
    """
    if not isinstance(source, str | Path):
        yield source
        return
    try:
        # A named pipe would block in open.
        mode = os.stat(source).st_mode
        if not stat.S_ISREG(mode):
            kind = "not a regular file: name an audio file"
            if stat.S_ISDIR(mode):
                kind = "a folder, not an audio file"
            raise AudioError(f"{name_of(source)}: is {kind}")
        file = open(source, "rb")  # noqa: SIM115  closed below
    except (OSError, ValueError) as error:
        raise unreadable(source, error) from None
    with file:
        yield file


class GuardedFile:
    """A binary file whose read errors are kept, since the C libraries' callbacks cannot raise."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._error: Exception | None = None

    def read(self, n_bytes: int = -1) -> bytes:
        """Return up to ``n_bytes``, or nothing after an error."""
        try:
            return self._file.read(n_bytes)
        except (OSError, ValueError) as error:
            self._error = self._error or error
            return b""

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to ``offset`` and return the position, or -1 on an error."""
        try:
            return self._file.seek(offset, whence)
        except (OSError, ValueError) as error:
            # A broken header makes a decoder seek before the start: that is no read error.
            if offset >= 0 and whence == os.SEEK_SET:
                self._error = self._error or error
            return -1

    def tell(self) -> int:
        """Return the position, or -1 on an error."""
        try:
            return self._file.tell()
        except (OSError, ValueError) as error:
            self._error = self._error or error
            return -1

    def failure(self) -> AudioRefusedError | None:
        """Return the first error as a refusal, or None when all could be read."""
        if self._error is None:
            return None
        return AudioRefusedError(f"cannot be read, {_reason(self._error)}")

    def check(self) -> None:
        """Raise `AudioRefusedError` when anything could not be read."""
        failure = self.failure()
        if failure is not None:
            raise failure


def unreadable(path: object, error: Exception) -> AudioError:
    """Return the error for a path that the operating system refuses."""
    name = name_of(path if isinstance(path, str | Path) else str(path))
    if isinstance(error, FileNotFoundError):
        return AudioError(f"{name}: does not exist")
    if isinstance(error, PermissionError):
        return AudioError(f"{name}: cannot be read, permission denied")
    return AudioError(f"{name}: cannot be read, {_reason(error)}")


def _reason(error: Exception) -> str:
    """Return what the operating system says, without number and path."""
    return (isinstance(error, OSError) and error.strerror) or str(error)
