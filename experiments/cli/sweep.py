"""``fpbench sweep``: every combination of a spec."""

from __future__ import annotations

from typing import Annotated

import typer

from experiments.cli import options


def sweep(
    spec: options.SpecName,
    *,
    corpus: options.CorpusOption = None,
    run: options.RunName = None,
    jobs: options.Jobs = -1,
    dask: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Run the trials on the Dask scheduler there."),
    ] = None,
    settings: options.Settings = None,
) -> None:
    """Try every combination of a spec and record what each recognised, and at what cost.

    Runs the notebook sweep.ipynb; the executed copy with the leaderboard is in the run's folder
    beside all rows. What is finished is kept: the same command with --run NAME goes on with a
    run that was interrupted or killed.

    \b
    Examples:
      fpbench sweep classic
      fpbench sweep experiments/specs/fanout.yml --corpus folder:~/Music --set seed=1

    Exit codes: 0 all trials done, 1 some failed, 130 interrupted.
    """
    from experiments.notebooks import execute
    from experiments.runs import new_run_name, run_folder
    from experiments.setting import prepare
    from experiments.specs import load_spec, read_content

    changes = options.with_corpus(settings, corpus)
    loaded = load_spec(spec, changes)
    prepare(loaded)  # what the corpus does not allow is told before a kernel starts
    folder = run_folder(run or new_run_name(loaded.name))
    content, _ = read_content(spec, changes)
    parameters = {"spec": content, "run": str(folder.path), "jobs": jobs, "dask": dask}
    try:
        notebook = execute("sweep", folder, parameters)
    except KeyboardInterrupt:
        raise options.tell_interruption(folder, "sweep") from None
    options.tell_end(folder, notebook)


def register(app: typer.Typer) -> None:
    """Add the command to ``fpbench``."""
    app.command("sweep", short_help="Try every combination of a spec.")(sweep)
