"""The folder for temporary files of one test run, which is removed with all that is left in it.

Processes that tests kill leave what they would have removed: sockets of their workers, files of
kernels, folders with indexes. A browser and a cluster leave folders however they end.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from multiprocessing import util
from pathlib import Path

import psutil

VARIABLE = "TMPDIR"
KEPT_BY_PYTEST = "PYTEST_DEBUG_TEMPROOT"
"""The variable that says where pytest makes the folders of tests, which it keeps for some runs."""


def open_folder() -> Path:
    """Make the folder, for this process and all that it starts, and return it.

    It is removed when this process ends, after what `multiprocessing` has in it. Those of runs that
    were killed are removed now.
    """
    root = Path(tempfile.gettempdir())
    for folder in root.glob("tests-*-*"):
        owner = re.match(r"tests-(\d+)-", folder.name)
        if owner and not psutil.pid_exists(int(owner[1])):
            shutil.rmtree(folder, ignore_errors=True)
    made = Path(tempfile.mkdtemp(prefix=f"tests-{os.getpid()}-"))
    made.chmod(0o711)  # some tests look into a folder of theirs as another user
    os.environ.setdefault(KEPT_BY_PYTEST, str(root))
    os.environ[VARIABLE] = str(made)
    tempfile.tempdir = None  # it is looked up again
    # The larger priorities come first, and those of multiprocessing's own folders are -100.
    util.Finalize(None, _remove, (made, os.getpid()), exitpriority=-200)
    return made


def _remove(folder: Path, owner: int) -> None:
    """Remove the folder in the process that made it, not in one that was forked from it."""
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)
