"""Compilation of kernels: how they are compiled, and where the compiled code is kept.

It lies in the folder ``numba`` of the user's cache (see `fpcore.folders`), so that it is there for
every program, from wherever it is called; numba's own variable ``NUMBA_CACHE_DIR`` names another
one. Where neither can be written, numba looks for a place by itself.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

from fpcore.folders import user_folder

CACHE_VARIABLE = "FPCORE_CACHE"
"""Environment variable that names another folder of the cache, for compiled code alone."""

NUMBA_VARIABLE = "NUMBA_CACHE_DIR"
"""Environment variable of numba, for all code that it compiles."""

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])


def kernel(function: FunctionT) -> FunctionT:
    """Return a function that is compiled when it is first called, or loaded if it was before."""
    import numba

    with _cached_in(compiled_folder()):
        return cast(FunctionT, numba.njit(cache=True, nogil=True)(function))


@cache
def compiled_folder() -> Path:
    """Return the folder that compiled kernels are kept in; it need not exist."""
    chosen = os.environ.get(NUMBA_VARIABLE)
    return Path(chosen) if chosen else user_folder("cache", variable=CACHE_VARIABLE) / "numba"


@contextmanager
def _cached_in(folder: Path) -> Iterator[None]:
    """Let numba keep what is declared inside in a folder; other code keeps its own place."""
    from numba.core import config

    settings: Any = config  # whose names are made when it is imported
    before = settings.CACHE_DIR
    settings.CACHE_DIR = str(folder)
    try:
        yield
    finally:
        settings.CACHE_DIR = before
