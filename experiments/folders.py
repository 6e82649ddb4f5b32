"""Folders of runs and caches, and a way to fill a folder whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fpcore.folders import user_folder

CACHE_VARIABLE = "FPBENCH_CACHE"
"""Environment variable that moves the cache folder elsewhere."""

RUNS_VARIABLE = "FPBENCH_RUNS"
"""Environment variable that moves the folder of all runs elsewhere."""


def cache_folder() -> Path:
    """Return the folder of everything that can be made again; see `fpcore.folders`."""
    return user_folder("cache", variable=CACHE_VARIABLE)


def runs_folder() -> Path:
    """Return the folder of all runs; see `fpcore.folders`."""
    return user_folder("runs", variable=RUNS_VARIABLE)


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
