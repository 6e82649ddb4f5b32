"""The folder for temporary files of one test run, which is removed with all that is left in it.

Processes that tests kill leave what they would have removed: sockets of their workers, files of
kernels, folders with indexes. A browser and a cluster leave folders however they end.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from pathlib import Path

import psutil

VARIABLE = "TMPDIR"
KEPT_BY_PYTEST = "PYTEST_DEBUG_TEMPROOT"
"""The variable that says where pytest makes the folders of tests, which it keeps for some runs."""


def open_folder() -> Path:
    """Make the folder, for this process and all that it starts, and return it.

    Those of runs that were killed are removed.
    """
    root = Path(tempfile.gettempdir())
    for folder in root.glob("tests-*-*"):
        owner = re.match(r"tests-(\d+)-", folder.name)
        if owner and not psutil.pid_exists(int(owner[1])):
            shutil.rmtree(folder, ignore_errors=True)
    made = Path(tempfile.mkdtemp(prefix=f"tests-{os.getpid()}-"))
    os.environ.setdefault(KEPT_BY_PYTEST, str(root))
    _use(made)
    return made


def close_folder(folder: Path) -> None:
    """Remove the folder, and use that in which it lies."""
    _use(folder.parent)
    shutil.rmtree(folder, ignore_errors=True)


def _use(folder: Path) -> None:
    os.environ[VARIABLE] = str(folder)
    tempfile.tempdir = None  # it is looked up again
