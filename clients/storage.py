"""Files that stay: where they lie, and JSON that is written whole or not at all."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any


class DamagedError(Exception):
    """A file whose content is not what was written there."""


def data_folder(program: str) -> Path:
    """Return where this system keeps what a program keeps; the folder may not exist yet.

    The environment variable of the program, such as ``FPDESK_FOLDER``, names another one.
    """
    if given := os.environ.get(f"{program.upper()}_FOLDER"):
        return Path(given)
    home = Path.home()
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA") or home / "AppData" / "Roaming") / program
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / program
    return Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share") / program


def read_json(path: Path) -> Any:
    """Return the content of a file; None when there is no such file.

    Raises
    ------
    DamagedError
        When it is not JSON.
    OSError
        When it cannot be read.
    """
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (ValueError, RecursionError):
        raise DamagedError("it is not JSON") from None


def write_json(path: Path, content: Any) -> None:
    """Write a file that only its owner reads; a kill or a full disk leaves the one of before.

    Raises
    ------
    OSError
        When it cannot be written.
    """
    write_bytes(path, json.dumps(content).encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file of any kind likewise.

    Raises
    ------
    OSError
        When it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 600
    try:
        with open(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(part)
        raise


def set_aside(path: Path) -> Path:
    """Give a file that cannot be used another name, and return that: nothing of it is lost."""
    for number in itertools.count(1):
        other = path.with_name(f"{path.name}.unread-{number}")
        if not other.exists():
            os.replace(path, other)
            return other
    raise AssertionError("numbers do not end")
