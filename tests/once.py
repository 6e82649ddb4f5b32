"""Folders that all test processes of one run share: whichever needs one first makes it."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Return a folder that was made by the first process that asked for its name.

    Parameters
    ----------
    factory : pytest.TempPathFactory
        Of this process; its folder lies in that of the test run.
    name : str
        What the folder is called.
    make : callable
        Fills the folder, which is there and empty. Nobody may change it later.
    """
    base = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    folder, made = base / name, base / f"{name} is made"
    with (base / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            made.touch()
    return folder
