"""Folders of what can be made again, and a way to fill a folder whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CACHE_VARIABLE = "FPBENCH_CACHE"
"""Environment variable that moves the cache folder elsewhere."""


def cache_folder() -> Path:
    """Return the folder of everything that can be made again: ``.cache`` of the project.

    The environment variable ``FPBENCH_CACHE`` names another one. Where the package is
    installed without its project around it, the working folder takes the project's place.
    """
    chosen = os.environ.get(CACHE_VARIABLE)
    if chosen:
        return Path(chosen).expanduser().resolve()
    project = Path(__file__).resolve().parents[1]
    if not (project / "pyproject.toml").is_file() and "site-packages" in project.parts:
        project = Path.cwd()
    return project / ".cache"


def corpora_folder() -> Path:
    """Return the folder ``corpora`` of the cache."""
    return cache_folder() / "corpora"


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """Yield a new folder to fill; it becomes ``target`` on success and vanishes on failure.

    What a killed process left behind is removed first, so only one process may fill the same
    ``target`` at a time.
    """
    partial = target.with_name(f"{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        yield partial
        partial.rename(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
