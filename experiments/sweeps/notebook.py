"""Notebooks executed by papermill into a run's folder, with progress shown in this terminal.

The notebook's kernel is a process of its own that does the work, and writes its progress into the
run's folder. Ctrl-C is passed on to it, so that it stops cleanly and the executed notebook is
kept; a second Ctrl-C does not wait for that. A request to end (SIGTERM) is passed on as well:
otherwise the kernel's worker processes would outlive it by minutes.
"""

from __future__ import annotations

import errno
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from threading import Thread
from time import monotonic, sleep
from typing import Any

from experiments import progress
from experiments.errors import RunError
from experiments.files import writing
from experiments.results.record import note_stopped
from experiments.results.run_folder import RunFolder
from fpcore import atomic, limits
from fpcore.folders import checkout

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
"""The package of notebooks, which lies beside this one; its files are read, never imported."""

LOOK_EVERY_S = 0.3
KERNEL_ENDS_S = 30.0
"""A kernel that was interrupted has ended after so long, or is left to itself."""

LEAST_FILES = 96
"""With 60 open files a kernel does not answer, with 72 it does, but has none left for workers."""

CLEANED_UP = "ignore:resource_tracker:UserWarning"


def execute(name: str, folder: RunFolder, parameters: Mapping[str, Any]) -> Path:
    """Run a notebook of the project with parameters, and return the executed copy.

    Parameters
    ----------
    name : str
        Name of the file in ``notebooks``, without its suffix.
    folder : RunFolder
        Where the executed copy is written, and progress is read.
    parameters : mapping of str to JSON values
        In place of those in the notebook's cell of parameters.

    Raises
    ------
    RunError
        When a cell fails; the sentence is that of the error, or names the limit of the system that
        was met.
    KeyboardInterrupt
        After Ctrl-C or SIGTERM, when the kernel has stopped.
    """
    if limits.n_files() < LEAST_FILES:
        raise RunError(limits.of_files())
    load_papermill()  # a missing package is told before anything is made

    with writing(folder.path):
        folder.path.mkdir(parents=True, exist_ok=True)
    target = folder.path / f"{name}.ipynb"
    work = _Work(NOTEBOOKS / f"{name}.ipynb", target, parameters)
    work.start()
    with _ended_as_by_ctrl_c():
        is_stopped = _watch(work, folder)
    if is_stopped:
        _wait_for_kernel(folder)
        note_stopped(folder)
        raise KeyboardInterrupt
    if work.error is not None:
        raise RunError(_sentence(work.error, target)) from None
    return target


def load_papermill() -> Any:
    """Return the module papermill, imported in a fifth of the time that ``import`` takes.

    Papermill checks notebooks by jsonschema, which loads a grammar of international web
    addresses where one is installed. To load that takes a second, and no notebook needs it.
    """
    grammar = "rfc3987_syntax"
    is_loaded = grammar in sys.modules
    if not is_loaded:
        sys.modules[grammar] = None  # type: ignore[assignment]  # importing it fails
    try:
        import papermill
    finally:
        if not is_loaded:
            del sys.modules[grammar]
    return papermill


class _Work(Thread):
    """Papermill in a thread, so that signals reach us and not the client of the kernel."""

    def __init__(self, source: Path, target: Path, parameters: Mapping[str, Any]) -> None:
        super().__init__(daemon=True)
        self._source = source
        self._target = target
        self._parameters = dict(parameters)
        self.error: Exception | None = None

    def run(self) -> None:
        papermill = load_papermill()
        # Papermill cannot infer the types of some parameters, which it need not know.
        # What it, and the client of the kernel, log as an error is raised as well, and told then.
        for name in ("papermill", "traitlets"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        project = checkout()
        if project is not None:
            # The kernel is a new process, which finds the project also where it is not installed.
            path = os.environ.get("PYTHONPATH")
            os.environ["PYTHONPATH"] = os.pathsep.join([str(project), *([path] if path else [])])
        # What workers that are stopped leave in shared memory is cleaned up: that is no news.
        warned = os.environ.get("PYTHONWARNINGS")
        os.environ["PYTHONWARNINGS"] = ",".join([*([warned] if warned else []), CLEANED_UP])
        papermill.iorw.papermill_io.register(str(self._target), _WholeFiles())
        try:
            papermill.execute_notebook(
                self._source,
                self._target,
                self._parameters,
                cwd=project or Path.cwd(),
                kernel_name="python3",
                progress_bar=False,
                # The client interrupts a kernel before it ends it; some report that as an error.
                extra_arguments=["--log-level=CRITICAL"],
            )
        except Exception as error:
            self.error = error


class _WholeFiles:
    """Writes for papermill, after every cell, the executed notebook as a whole."""

    def write(self, text: str, path: str) -> None:
        atomic.write_text(Path(path), text)

    def pretty_path(self, path: str) -> str:
        return path


@contextmanager
def _ended_as_by_ctrl_c() -> Iterator[None]:
    """Take SIGTERM for Ctrl-C; signals can be taken in the main thread alone."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _watch(work: Thread, folder: RunFolder) -> bool:
    """Show the run's progress until the work ends; return whether it was stopped by Ctrl-C."""
    is_stopped = is_passed_on = False
    shown = progress.bar() if sys.stderr.isatty() else nullcontext(progress.silent)
    with shown as show:
        while work.is_alive():
            try:
                work.join(LOOK_EVERY_S)
                step = progress.read(folder.path)
                if step is not None and folder.holder() is not None:
                    show(step)
            except KeyboardInterrupt:
                if is_stopped:
                    raise
                is_stopped = True
            if is_stopped and not is_passed_on:
                is_passed_on = _interrupted_kernel(folder)
    return is_stopped


def _wait_for_kernel(folder: RunFolder) -> None:
    """Wait until our kernel, if it still runs into ``folder``, has ended what it was at."""
    end = monotonic() + KERNEL_ENDS_S
    while monotonic() < end:
        holder = folder.holder()
        if holder is None or not _is_our_child(holder):
            return
        sleep(LOOK_EVERY_S)


def _interrupted_kernel(folder: RunFolder) -> bool:
    """Pass Ctrl-C on to our kernel once it runs into ``folder``; return whether it does.

    Another process that runs there is none of ours: our kernel is then refused and ends.
    """
    holder = folder.holder()
    if holder is None or not _is_our_child(holder):
        return False
    os.kill(holder, signal.SIGINT)
    return True


def _is_our_child(pid: int) -> bool:
    import psutil

    try:
        return bool(psutil.Process(pid).ppid() == os.getpid())
    except psutil.NoSuchProcess:
        return False


def _sentence(error: Exception, target: Path) -> str:
    name, value = getattr(error, "ename", ""), getattr(error, "evalue", "")
    limit = _limit_met(error, name, value)
    if limit is not None:
        return limit
    if name.endswith("Error") and value and name in _own_errors():
        return str(value)
    what = f"{name}: {value}" if name else f"{type(error).__name__}: {error}"
    return f"the notebook failed ({what}): see {target}"


def _limit_met(error: Exception, name: str, value: str) -> str | None:
    """Return the sentence for a limit that the kernel has met, or our side of it; else None.

    ``name`` and ``value`` are those of the kernel's error, and empty when it did not report one.
    """
    said = f"{name} {value} {error}"
    if os.strerror(errno.EMFILE) in said:
        return limits.of_files()
    if limits.memory_limit_bytes() is None:
        return limits.of_memory() if name == "MemoryError" else None
    # A kernel that has no room left may end, or have no words for what it lacked.
    signs = ("MemoryError", "SystemError", "shared object", "Kernel died", "CellExecutionError")
    is_of_memory = type(error).__name__ == "DeadKernelError" or any(one in said for one in signs)
    return limits.of_memory() if is_of_memory else limits.sentence_of(error)


def _own_errors() -> set[str]:
    """Return the names of errors whose message is a sentence for the user."""
    from fpcore.errors import FpError

    found, waiting = set(), [FpError]
    while waiting:
        one = waiting.pop()
        found.add(one.__name__)
        waiting += one.__subclasses__()
    return found
