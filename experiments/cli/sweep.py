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
    as_json: options.AsJson = False,
) -> None:
    """Try every combination of a spec and record what each recognised, and at what cost.

    Runs the notebook sweep.ipynb; the executed copy with the leaderboard is in the run's folder
    beside all rows. What is finished is kept: the same command with --run NAME goes on with a
    run that was interrupted or killed.

    \b
    Examples:
      fpbench sweep classic
      fpbench sweep experiments/specs/fanout.yml --corpus folder:~/Music --set seed=1

    In the end it prints the best trials, the verdict and the next command.

    Exit codes: 0 all trials done, 1 some failed, 130 interrupted.
    """
    run_sweep(spec, corpus=corpus, run=run, workers=(jobs, dask), settings=settings, json=as_json)


def run_sweep(
    spec: str,
    *,
    corpus: str | None = None,
    run: str | None = None,
    workers: tuple[int, str | None] = (-1, None),
    settings: list[str] | None = None,
    json: bool = False,
    with_next: bool = True,
) -> None:
    """Run a sweep, and print how it ended.

    Parameters
    ----------
    spec, corpus, run, settings : str, or list of str
        As the options of the command.
    workers : tuple of int and str or None
        How many processes, and the address of a Dask scheduler.
    json : bool
        Whether to print in JSON how it ended.
    with_next : bool
        Whether to print which command comes next.

    Raises
    ------
    typer.Exit
        When it was interrupted or a trial failed.
    """
    from experiments.results.record import check_can_run
    from experiments.results.run_folder import new_run_name, run_folder
    from experiments.specs.grid import expand
    from experiments.sweeps.manifest import first_manifest
    from experiments.sweeps.prepared import prepare
    from experiments.workers import Workers

    loaded, content = options.read_spec(spec, settings, corpus)
    folder = run_folder(run or new_run_name(loaded.name))
    # What the corpus or the folder does not allow is told before a kernel starts.
    wanted = first_manifest(folder, prepare(loaded), expand(loaded), Workers(*workers))
    check_can_run(folder, wanted)
    parameters = {"spec": content, "run": str(folder.path), "jobs": workers[0], "dask": workers[1]}
    options.run_notebook("sweep", folder, parameters, run=run, as_json=json, with_next=with_next)


def register(app: typer.Typer) -> None:
    """Add the command to ``fpbench``."""
    app.command("sweep", short_help="Try every combination of a spec.")(sweep)
