"""Folders of runs and caches, and temporary ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from fpcore.folders import user_folder
from fpcore.own_folders import Maker, OwnFolder

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


MEASURING = Maker(
    prefix="fpbench-",
    mark=".made-by-fpbench",
    told="A command of `fpbench` works here. Once it has ended, the next one removes this.\n",
)
"""Who makes the temporary folders of experiments."""


@contextmanager
def temporary_folder(parent: Path | None = None) -> Iterator[Path]:
    """Yield a new folder, which is removed at the end with all that is in it.

    What a killed command left is removed by the next one that makes a folder in the same place.
    Without ``parent`` that is the system's temporary folder.
    """
    with closing(OwnFolder(MEASURING, parent)) as own:
        yield own.path
