"""End of a run: which trials are best, what follows from that, and which command comes next."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from experiments.cli.documents import records
from experiments.cli.options import EXIT_FAILED
from fpcore.cli.output import complain, counted, print_json, print_table, say

if TYPE_CHECKING:
    import pandas as pd

    from experiments.results.run_folder import RunFolder


def tell(
    folder: RunFolder,
    notebook: Path,
    *,
    run: str | None = None,
    as_json: bool = False,
    with_next: bool = True,
) -> None:
    """Print how a run ended; failed trials go to standard error and end the command.

    Parameters
    ----------
    folder : RunFolder
        The run.
    notebook : Path
        The executed notebook.
    run : str, optional
        What was given as ``--run``: it finds the run wherever that lies.
    as_json : bool
        Whether to print it in JSON.
    with_next : bool
        Whether to print which command comes next.

    Raises
    ------
    typer.Exit
        When a trial failed.
    """
    manifest = folder.manifest()
    statuses = list(manifest.trials.values())
    if not as_json:
        say(f"{counted(statuses.count('done'), 'trial')} done of {len(statuses):,}: {folder.path}")
        say(f"notebook: {notebook}")
    errors = {
        trial: folder.trial(trial).error
        for trial, status in manifest.trials.items()
        if status == "failed"
    }
    told: dict[str, Any] = {"run": folder.name, "folder": str(folder.path)}
    told |= {"notebook": str(notebook), "trials": manifest.trials, "failed": errors}
    if "done" in statuses:
        found = _found(folder, shlex.quote(run or folder.name))
        told |= found.document
        if not as_json:
            _say(found, with_next=with_next)
    if as_json:
        print_json(told)
    for trial, error in errors.items():
        complain(f"{trial} failed: {error.splitlines()[0]}")
    if errors:
        raise typer.Exit(EXIT_FAILED)


@dataclass(frozen=True)
class _Found:
    """What the finished trials of a run show: a short table, and all of it for JSON."""

    short: pd.DataFrame
    document: dict[str, Any]


def _found(folder: RunFolder, name: str) -> _Found:
    """Return what the finished trials show; ``name`` is what commands call the run."""
    from experiments.report import sentences
    from experiments.report.runs import load_runs, short_leaderboard

    runs = load_runs(folder.path)
    board = runs.leaderboard()
    promotion = sentences.command(runs.study, board, run=name)
    document = {
        "leaderboard": records(board.rename_axis("key")),
        "verdict": sentences.headline(runs.study, board),
        "next": [f"fpbench report {name}", *([promotion] if promotion else [])],
    }
    return _Found(short_leaderboard(board), document)


def _say(found: _Found, *, with_next: bool) -> None:
    """Print the best trials, the verdict, and the next commands."""
    say("")
    _print(found.short)
    say("")
    say(found.document["verdict"])
    for command in found.document["next"] if with_next else ():
        say(f"next: {command}")


def _print(board: pd.DataFrame) -> None:
    words = ("trial", "settings", "")
    headings = [(str(name), "left" if name in words else "right") for name in board]
    print_table(headings, board.itertuples(index=False))  # type: ignore[arg-type]
