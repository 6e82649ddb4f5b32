"""An interpreter whose processes are forked from one that has loaded what commands need.

To load the libraries and the compiled code takes a command three to six seconds of processor
time, most commands of the tests no more than one besides. `python` is the path of a program that
takes the arguments of Python: `client` in a file of its own. It hands them to `server`, which the
first test of a run that needs it starts and all test processes share.

A process that is started so is as real as any other, but for this: it has the limits and the
privileges of the server, and it leads a session of its own, so that a signal to the group of the
program reaches it alone and none of its children. What a process loads, how it starts, and what
becomes of its workers when it is killed is tested by Python itself.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = "TESTS_WARM_FOLDER"
"""The variable by which the processes of a test run know the folder that they share."""


def open_folder(folder: Path) -> None:
    """Make the folder, and let Jupyter find the interpreter in it."""
    os.environ[FOLDER] = str(folder)
    (folder / "kernels" / "python3").mkdir(parents=True)
    kernel = {
        "argv": [str(folder / "python"), "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "Python 3",
        "language": "python",
    }
    (folder / "kernels" / "python3" / "kernel.json").write_text(json.dumps(kernel))
    client = Path(__file__).with_name("client.py").read_text("utf-8")
    # Without the packages of the environment it starts in a tenth of the time.
    (folder / "python").write_text(f"#!{sys.executable} -IS\n{client}")
    (folder / "python").chmod(0o755)
    (folder / "owner").write_text(str(os.getpid()))


def close_folder() -> None:
    """Remove the folder, by which the server ends."""
    shutil.rmtree(os.environ.pop(FOLDER), ignore_errors=True)


def python() -> str:
    """Return the path of the interpreter, whose server runs."""
    folder = Path(os.environ[FOLDER])
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "socket").exists():
            _start(folder)
    return str(folder / "python")


def with_warm_kernels() -> dict[str, str]:
    """Return the variable by which the kernels of notebooks are forked as well."""
    return {"JUPYTER_PATH": str(Path(python()).parent)}


def _start(folder: Path) -> None:
    """Start the server, which goes into the background when it can be asked."""
    with (folder / "log").open("w") as log:
        started = subprocess.run(
            [sys.executable, "-m", "tests.warm.server", folder, (folder / "owner").read_text()],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            check=False,
        )
    assert started.returncode == 0, (folder / "log").read_text()
