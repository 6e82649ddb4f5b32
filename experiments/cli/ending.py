"""End of a run: which trials are best, what follows from that, and which command comes next."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from experiments.cli.options import EXIT_FAILED
from fpcore.cli.output import complain, counted, print_json, print_table, say

if TYPE_CHECKING:
    import pandas as pd

    from experiments.results.run_folder import RunFolder


def tell(folder: RunFolder, notebook: Path, *, run: str | None = None, as_json: bool) -> None:
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
        told |= _found(folder, shlex.quote(run or folder.name), quiet=as_json)
    if as_json:
        print_json(told)
    for trial, error in errors.items():
        complain(f"{trial} failed: {error.splitlines()[0]}")
    if errors:
        raise typer.Exit(EXIT_FAILED)


def _found(folder: RunFolder, name: str, *, quiet: bool) -> dict[str, Any]:
    """Tell what the finished trials show, unless ``quiet``, and return it for JSON."""
    from experiments.report import sentences
    from experiments.report.runs import load_runs, short_leaderboard

    runs = load_runs(folder.path)
    board = runs.leaderboard()
    verdict = sentences.headline(runs.study, board)
    promotion = sentences.command(runs.study, board, run=name)
    commands = [f"fpbench report {name}", *([promotion] if promotion else [])]
    if not quiet:
        say("")
        _print(short_leaderboard(board))
        say("")
        say(verdict)
        for command in commands:
            say(f"next: {command}")
    return {
        "leaderboard": records(board.reset_index(names="key")),
        "verdict": verdict,
        "next": commands,
    }


def _print(board: pd.DataFrame) -> None:
    words = ("trial", "settings", "")
    headings = [(str(name), "left" if name in words else "right") for name in board]
    print_table(headings, board.itertuples(index=False))  # type: ignore[arg-type]


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table as they stand in JSON: what is not known is null."""
    known = table.astype(object).where(table.notna(), None)
    rows = known.to_dict("records")
    return [{str(name): _plain(one) for name, one in row.items()} for row in rows]


def _plain(one: Any) -> Any:
    """Return a number of NumPy as one of Python."""
    return one.item() if hasattr(one, "item") else one
