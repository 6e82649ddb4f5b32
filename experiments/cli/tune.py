"""``fpbench tune``: let Optuna choose what to try."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from experiments.cli import options


class SamplerOption(StrEnum):
    """How the next configuration is chosen."""

    TPE = "tpe"
    NSGA2 = "nsga2"


def tune(
    spec: options.SpecName,
    *,
    trials: Annotated[
        int, typer.Option(min=1, metavar="N", help="How many configurations are tried in all.")
    ] = 20,
    sampler: Annotated[
        SamplerOption, typer.Option(help="tpe for up to a few hundred trials, nsga2 for more.")
    ] = SamplerOption.TPE,
    corpus: options.CorpusOption = None,
    run: options.RunName = None,
    jobs: options.Jobs = -1,
    settings: options.Settings = None,
    as_json: options.AsJson = False,
) -> None:
    """Search the values of a spec for high accuracy, small indexes and fast queries at once.

    Runs the notebook tune.ipynb into the run's folder. The same command with --run NAME goes on
    with a run that was interrupted or killed, and a larger --trials extends one.

    \b
    Example:
      fpbench tune dt --trials 30 --corpus folder:~/Music

    In the end it prints the best trials, the verdict and the next command.

    Exit codes: 0 all trials done, 1 some failed, 130 interrupted.
    """
    from experiments.results.record import check_can_run
    from experiments.results.run_folder import new_run_name, run_folder
    from experiments.sweeps.prepared import prepare
    from experiments.sweeps.tuning import manifest_of
    from experiments.workers import Workers

    loaded, content = options.read_spec(spec, settings, corpus)
    folder = run_folder(run or new_run_name(f"{loaded.name}-tune"))
    check_can_run(folder, manifest_of(folder, prepare(loaded), Workers(jobs), sampler.value))
    parameters = {
        "spec": content,
        "run": str(folder.path),
        "trials": trials,
        "sampler": sampler.value,
        "jobs": jobs,
    }
    options.run_notebook("tune", folder, parameters, run=run, as_json=as_json)


def register(app: typer.Typer) -> None:
    """Add the command to ``fpbench``."""
    app.command("tune", short_help="Let Optuna choose what to try.")(tune)
