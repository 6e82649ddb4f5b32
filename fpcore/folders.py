"""Folders of the user: where what a user makes is kept, never in the installed package.

There are three: ``profiles``, ``runs`` and ``cache``. For each of them the first of these holds:

1. its environment variable, where it is set, names the folder;
2. in a project it is the folder of that name, or the one that the project's file gives;
3. else it lies in the user's home, where the XDG variables say
   (``~/.local/share/fpworkbench/profiles`` and ``…/runs``, ``~/.cache/fpworkbench``).

A project is a folder with a file ``fpworkbench.toml``, which may be empty. It is the checkout
that the package runs from; else the nearest such folder from the working folder upward.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from fpcore.errors import ConfigError

PROJECT_FILE = "fpworkbench.toml"

IN_PROJECT = {"profiles": "profiles", "runs": "runs", "cache": ".cache"}
"""Names of the folders in a project whose file gives no others."""

_AT_HOME = {
    "profiles": ("XDG_DATA_HOME", ".local/share", "fpworkbench/profiles"),
    "runs": ("XDG_DATA_HOME", ".local/share", "fpworkbench/runs"),
    "cache": ("XDG_CACHE_HOME", ".cache", "fpworkbench"),
}
"""For each folder the variable with its base, the base without it, and the place in the base."""


def user_folder(kind: str, *, variable: str) -> Path:
    """Return the folder of one kind by the rule above; it need not exist.

    Parameters
    ----------
    kind : str
        ``profiles``, ``runs`` or ``cache``.
    variable : str
        The environment variable that names another folder; an empty text counts as not set.

    Raises
    ------
    ConfigError
        When the project's file is not valid.
    """
    if chosen := os.environ.get(variable):
        return Path(chosen).expanduser().resolve()
    project = project_folder()
    if project is not None:
        return (project / _names(project / PROJECT_FILE)[kind]).resolve()
    base_variable, default, place = _AT_HOME[kind]
    base = os.environ.get(base_variable, "")
    # The XDG specification has relative paths ignored.
    return (Path(base) if os.path.isabs(base) else _home() / default) / place


def project_folder() -> Path | None:
    """Return the project that this process works in, if it works in one."""
    return checkout() or next(filter(_is_project, _upward()), None)


def checkout() -> Path | None:
    """Return the folder of the project's source that the package runs from; None if installed."""
    around = Path(__file__).resolve().parents[1]
    return around if _is_project(around) else None


def _is_project(folder: Path) -> bool:
    return os.path.isfile(folder / PROJECT_FILE)


def _upward() -> Iterator[Path]:
    """Yield the working folder and those that hold it; nothing when it was removed."""
    with suppress(FileNotFoundError):
        here = Path.cwd()
        yield from (here, *here.parents)


def _home() -> Path:
    """Return the user's home folder; the working folder for a user who has none."""
    home = Path(os.path.expanduser("~"))
    return home if home.is_absolute() else Path.cwd()


def _names(file: Path) -> dict[str, str]:
    """Return what the folders of a project are called."""
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{file}: cannot be read ({error})") from None
    for key, name in content.items():
        if key not in IN_PROJECT or not isinstance(name, str) or not name:
            raise ConfigError(
                f"{file}: {key} = {name!r} is no setting of a project: it may name the folders "
                f"{', '.join(IN_PROJECT)}, each as a text"
            )
    return IN_PROJECT | content
