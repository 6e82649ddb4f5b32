"""Folders of runs and caches."""

from __future__ import annotations

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
