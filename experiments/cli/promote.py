"""``fpbench promote``: from a trial of a run to a profile."""

from __future__ import annotations

from typing import Annotated

import typer

from experiments.cli import options
from experiments.cli.documents import plain
from fpcore.cli.output import print_json, print_table, say


def promote(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Name or folder of a run.")],
    *,
    trial: Annotated[
        str,
        typer.Option(metavar="T", help="The trial: its id, or the number before it such as t003."),
    ],
    name: Annotated[str, typer.Option(metavar="NAME", help="What the profile is called.")],
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="Replace a profile of that name, and promote what is worse than its base.",
        ),
    ] = False,
    jobs: options.Jobs = -1,
    as_json: options.AsJson = False,
) -> None:
    """Test a trial's configuration on songs that the sweep never asked, and save it as a profile.

    The profile carries its decision, fitted on the calibration songs of the run, and its
    accuracy on the test songs, with intervals, per condition. A trial that is clearly worse on
    them than the profile that it varies is refused.

    \b
    Example:
      fpbench promote classic-20260101-120000 --trial t004 --name mine
    """
    from experiments.progress import shown
    from experiments.results.run_folder import run_folder
    from experiments.sweeps.promotion import promote as promoted

    with shown() as note:
        profile, path = promoted(run, trial, name=name, force=force, n_jobs=jobs, note=note)
    options.tell_unchecked(run_folder(run))
    card = profile.provenance or {}
    if as_json:
        print_json(plain({"profile": profile.name, "file": str(path), "measured": card}))
        return
    rows = [
        (one["condition"], f"{one['clip_s']:g} s", _with_interval(one))
        for one in card["metrics"]
        if one["metric"] == "accepted_right"
    ]
    print_table([("condition", "left"), ("clip", "right"), ("accepted, right %", "right")], rows)
    say(f"all: {_with_interval(card['overall']['accepted_right'])} % of indexed songs")
    say(f"false alarms: {_with_interval(card['overall']['false_accept'])} % of left-out songs")
    say(f"{path}: learn under it with `fpcore learn PATHS… --profile {name}`")


def _with_interval(one: dict[str, float]) -> str:
    return f"{100 * one['share']:.1f} ({100 * one['low']:.1f} to {100 * one['high']:.1f})"


def register(app: typer.Typer) -> None:
    """Add the command to ``fpbench``."""
    app.command("promote", short_help="Make a profile of a trial.")(promote)
