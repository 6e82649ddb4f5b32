"""Options that several commands share, and the messages when a run ends.

Options check what they are given; everything else is checked where it is used.
"""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fpcore.cli.output import complain

if TYPE_CHECKING:
    from experiments.results.run_folder import RunFolder
    from experiments.specs.spec import SweepSpec

EXIT_FAILED = 1
EXIT_INTERRUPTED = 130

SpecName = Annotated[
    str,
    typer.Argument(metavar="SPEC", help="A name in experiments/specs, or a YAML file."),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Change a key of the spec, such as seed=1 or excerpts.indexed=20. May be repeated.",
    ),
]
CorpusOption = Annotated[
    str | None,
    typer.Option(
        "--corpus",
        metavar="NAME",
        help="The music instead of the spec's: generated, demo, debian-games, folder:PATH or "
        "csv:FILE.",
    ),
]
RunName = Annotated[
    str | None,
    typer.Option(
        "--run",
        metavar="NAME",
        help="Name of the run; an interrupted run of this name is continued. Without it: a name "
        "made of what is run and the time.",
    ),
]


def _refuse_no_process(jobs: int) -> int:
    if jobs == 0:
        raise typer.BadParameter("no process does no work: give 1 or more, or -1 for all cores")
    return jobs


def _refuse_missing_folder(path: Path | None) -> Path | None:
    if path is not None and not path.absolute().parent.is_dir():
        raise typer.BadParameter(f"there is no folder {path.parent}: make it, or name another file")
    return path


Jobs = Annotated[
    int,
    typer.Option(
        "--jobs",
        metavar="N",
        callback=_refuse_no_process,
        help="Processes; -1 takes one for each core.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
RowsFile = Annotated[
    Path | None,
    typer.Option(
        "--csv",
        metavar="FILE",
        callback=_refuse_missing_folder,
        help="Also write the raw rows.",
    ),
]
PictureFile = Annotated[
    Path | None,
    typer.Option(
        "-o",
        "--output",
        metavar="FILE",
        callback=_refuse_missing_folder,
        help="Also draw a picture.",
    ),
]


def read_spec(
    spec: str, settings: list[str] | None, corpus: str | None
) -> tuple[SweepSpec, dict[str, Any]]:
    """Return a spec under the settings, and its content for the notebook that runs it.

    Parameters
    ----------
    spec : str
        Name of a spec of the project, or a YAML file.
    settings : list of str, or None
        ``KEY=VALUE`` each, as given with ``--set``.
    corpus : str or None
        Corpus in place of the spec's own, as given with ``--corpus``.

    Returns
    -------
    spec : SweepSpec
    content : dict
        What `load_spec` made the spec from. Paths in both are absolute, since the notebook runs in
        another folder.

    Raises
    ------
    ConfigError
        When the spec cannot be read or is not valid.
    """
    from experiments.specs.content import read_content, with_absolute_paths
    from experiments.specs.spec import load_spec

    named = [f"corpus={json.dumps(corpus, ensure_ascii=False)}"] if corpus else []
    changes = [*(settings or []), *named]
    load_spec(spec, changes)  # what is wrong is told under the name that was given
    content, _ = read_content(spec, changes)
    content = with_absolute_paths(content)
    return load_spec(content), content


def run_notebook(
    command: str,
    folder: RunFolder,
    parameters: dict[str, Any],
    *,
    run: str | None,
    as_json: bool = False,
    with_next: bool = True,
) -> None:
    """Execute the notebook that a run is made by, and print how the run ended.

    Parameters
    ----------
    command : str
        The command, which the notebook is called after, such as ``sweep``.
    folder : RunFolder
        The run's folder.
    parameters : dict
        Parameters of the notebook.
    run : str or None
        What was given as ``--run``, if anything.
    as_json : bool
        Whether to print that in JSON.
    with_next : bool
        Whether to print which command comes next.

    Raises
    ------
    typer.Exit
        When the run was interrupted or a trial failed.
    """
    from experiments.cli import ending
    from experiments.sweeps.notebook import execute
    from fpcore.profiles import load_profile
    from fpcore.warmup import make_ready

    make_ready(load_profile())  # here, where it is told, and not in the notebook
    try:
        notebook = execute(command, folder, parameters)
    except KeyboardInterrupt:
        raise tell_interruption(command, folder, run) from None
    ending.tell(folder, notebook, run=run, as_json=as_json, with_next=with_next)


def tell_interruption(command: str, folder: RunFolder, run: str | None) -> typer.Exit:
    """Print how to go on with an interrupted run, and return the exception that ends the command.

    Parameters
    ----------
    command : str
        The command that was interrupted, such as ``sweep``.
    folder : RunFolder
        The run's folder.
    run : str or None
        What was given as ``--run``, if anything.
    """
    again = shlex.quote(run or folder.name)
    complain(
        f"interrupted: what is finished is kept, and `fpbench {command} … --run {again}` goes on "
        "from there"
    )
    return typer.Exit(EXIT_INTERRUPTED)


def tell_unchecked(*folders: RunFolder) -> None:
    """Print of each run whose rows have no checksums that damage to them would not be noticed."""
    for folder in folders:
        if folder.unchecked(folder.manifest()):
            complain(
                f"note: the run {folder.name!r} was made before rows had checksums, so damage to "
                "them would not be noticed; a new `fpbench sweep` of its spec has them"
            )
