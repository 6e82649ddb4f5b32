"""Compilation of kernels: how they are compiled, and where the compiled code is kept.

It lies in the folder ``numba`` of the user's cache (see `fpcore.folders`), so that it is there for
every program, from wherever it is called; numba's own variable ``NUMBA_CACHE_DIR`` names another
one. Where neither can be written, numba looks for a place by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba.core import config

from fpcore.folders import user_folder

CACHE_VARIABLE = "FPCORE_CACHE"
"""Environment variable that names another folder of the cache, for compiled code alone."""

_config: Any = config  # whose names are made when it is imported

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])


def kernel(function: FunctionT) -> FunctionT:
    """Return a function that is compiled when it is first called, or loaded if it was before."""
    with _cached_in(compiled_folder()):
        return cast(FunctionT, numba.njit(cache=True, nogil=True)(function))


@cache
def compiled_folder() -> Path:
    """Return the folder that compiled kernels are kept in; it need not exist."""
    return Path(_config.CACHE_DIR or user_folder("cache", variable=CACHE_VARIABLE) / "numba")


@contextmanager
def _cached_in(folder: Path) -> Iterator[None]:
    """Let numba keep what is declared inside in a folder; other code keeps its own place."""
    before = _config.CACHE_DIR
    _config.CACHE_DIR = str(folder)
    try:
        yield
    finally:
        _config.CACHE_DIR = before
