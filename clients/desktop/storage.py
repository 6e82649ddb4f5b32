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

FOLDER_VARIABLE = "FPDESK_FOLDER"
"""Names another folder for all that the client keeps."""


class DamagedError(Exception):
    """A file whose content is not what was written there."""


def data_folder() -> Path:
    """Return the folder where this system keeps what programs keep; it may not exist yet."""
    if given := os.environ.get(FOLDER_VARIABLE):
        return Path(given)
    home = Path.home()
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA") or home / "AppData" / "Roaming") / "fpdesk"
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "fpdesk"
    return Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share") / "fpdesk"


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
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 600
    try:
        with open(handle, "w", encoding="utf-8") as file:
            json.dump(content, file, ensure_ascii=True, indent=1)
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
