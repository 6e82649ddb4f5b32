"""Progress of a run: shown where it runs, and written for whoever watches its folder."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any, Protocol

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from fpcore import atomic

WRITE_EVERY_S = 0.2

Tell = Callable[[str], None]
"""Tells what is being done, where nobody knows how much is left."""


@dataclass(frozen=True, slots=True)
class Step:
    """``n_done`` of ``n_total`` steps are done; ``label`` says what is being done."""

    label: str
    n_done: int
    n_total: int


class Show(Protocol):
    """Where progress is shown."""

    def __call__(self, step: Step) -> None:
        """Show how far the work is."""


def silent(step: Step) -> None:
    """Show nothing."""


class Reporter:
    """Counter of a run's steps, which shows them and keeps ``progress.json`` in its folder.

    Parameters
    ----------
    folder : Path
        The run's folder.
    n_total : int
        Steps of the whole run.
    show : Show
        Where progress is shown.
    """

    def __init__(self, folder: Path, n_total: int, show: Show) -> None:
        self._file = folder / "progress.json"
        self._n_total = n_total
        self._n_done = 0
        self._show = show
        self._written = -WRITE_EVERY_S

    def advance(self, label: str, n: int = 1) -> None:
        """Count ``n`` more steps done."""
        self._n_done += n
        step = Step(label, self._n_done, self._n_total)
        self._show(step)
        if monotonic() - self._written >= WRITE_EVERY_S or self._n_done >= self._n_total:
            self._written = monotonic()
            self._write(step)

    def _write(self, step: Step) -> None:
        content = {"label": step.label, "n_done": step.n_done, "n_total": step.n_total}
        atomic.write_text(self._file, json.dumps(content))


def read(folder: Path) -> Step | None:
    """Return how far the run in ``folder`` is; None when that is not known."""
    try:
        return Step(**json.loads((folder / "progress.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


@contextmanager
def shown() -> Iterator[Show]:
    """Yield the function that shows progress here: a bar in a terminal or notebook, or nothing."""
    if sys.stderr.isatty():
        with bar() as show:
            yield show
    elif _is_in_notebook():
        with _notebook_bar() as show:
            yield show
    else:
        yield silent


def _is_in_notebook() -> bool:
    """Whether this process is the kernel of a notebook, not one that merely runs notebooks."""
    ipython = sys.modules.get("IPython")
    return ipython is not None and ipython.get_ipython() is not None


@contextmanager
def bar() -> Iterator[Show]:
    """Yield the function that shows progress as a bar with the time left, on standard error."""
    from rich.console import Console

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as shown_bar:
        task = shown_bar.add_task("starting", total=None)

        def show(step: Step) -> None:
            shown_bar.update(
                task, description=step.label, completed=step.n_done, total=step.n_total
            )

        yield show


@contextmanager
def working(what: str) -> Iterator[Tell]:
    """Show on standard error what is being done, ``what`` to begin with, and how long it takes.

    Yield the function that changes the text; the line vanishes at the end. For work of unknown
    length.
    """
    from rich.console import Console

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown_line:
        task = shown_line.add_task(what, total=None)
        yield lambda now: shown_line.update(task, description=now)


@contextmanager
def _notebook_bar() -> Iterator[Show]:
    """Yield the function that shows progress under a cell, as one line that is written over."""
    from IPython.display import display

    started = monotonic()
    line: Any = display("starting", display_id=True)  # type: ignore[no-untyped-call]

    def show(step: Step) -> None:
        elapsed_s = monotonic() - started
        left_s = elapsed_s * (step.n_total - step.n_done) / max(step.n_done, 1)
        line.update(
            {"text/plain": f"{step.label}: {step.n_done}/{step.n_total}, {left_s:.0f} s left"},
            raw=True,
        )

    yield show
