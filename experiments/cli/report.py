"""``fpbench report`` and ``fpbench compare``: what runs found, and whether one is better."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from experiments.cli import options
from experiments.cli.documents import records
from fpcore.cli.output import print_json, print_table, say

if TYPE_CHECKING:
    from experiments.metrics.paired import PairedComparison
    from experiments.report.study import Result

RunName = Annotated[str, typer.Argument(metavar="RUN", help="Name of a run, or its folder.")]
TrialName = Annotated[
    str | None,
    typer.Option(metavar="TRIAL", help="By default the trial that the run's report recommends."),
]


def report(
    runs: Annotated[
        list[str], typer.Argument(metavar="RUN...", help="Names of runs, or their folders.")
    ],
    *,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="By default the run's own folder; for several runs, one named after them.",
        ),
    ] = None,
    failures: Annotated[
        int, typer.Option(min=0, metavar="N", help="How many of the worst failures to picture.")
    ] = 6,
    as_json: options.AsJson = False,
) -> None:
    """Write the report of one or more runs.

    That is report.html, leaderboard.csv and figures. The notebook that made them is kept beside
    them as report.ipynb.

    \b
    Example:
      fpbench report classic-20260101-120000
    """
    from experiments.report import sentences, tables
    from experiments.report.study import load, report_folder
    from experiments.results.run_folder import RunFolder
    from experiments.sweeps.notebook import execute

    study = load(runs)
    options.tell_unchecked(*map(RunFolder, study.folders.values()))
    folder = RunFolder((out or report_folder(study)).resolve())
    parameters = {
        "runs": [str(path) for path in study.folders.values()],
        "folder": str(folder.path),
        "n_failures": failures,
    }
    notebook = execute("report", folder, parameters)
    board = tables.leaderboard(study)
    headline = sentences.headline(study, board)
    files = [folder.path / "report.html", folder.path / "leaderboard.csv", notebook]
    if as_json:
        leaderboard = records(board.rename_axis("key"))
        made = {"verdict": headline, "files": list(map(str, files))}
        print_json({**made, "leaderboard": leaderboard})
        return
    for line in (headline, *map(str, files)):
        say(line)


def compare(
    run_a: RunName,
    run_b: RunName,
    *,
    trial_a: TrialName = None,
    trial_b: TrialName = None,
    json: options.AsJson = False,
) -> None:
    """Tell whether one trial is better than another.

    They are compared on the queries that both were asked, so their runs must be of one corpus
    and one seed. Each side accepts by its own threshold. A difference counts as real when the
    exact McNemar test and the interval of a bootstrap over works both say so.

    \b
    Example:
      fpbench compare monday tuesday --trial-a t000 --trial-b t007
    """
    from experiments.metrics.paired import verdict
    from experiments.report import tables
    from experiments.report.study import at_rate
    from experiments.results.run_folder import run_folder

    a, b = _side(run_a, trial_a), _side(run_b, trial_b)
    options.tell_unchecked(*(run_folder(run) for run in dict.fromkeys((run_a, run_b))))
    _refuse_other_queries(a, b)
    rate = min(a.false_alarm_rate, b.false_alarm_rate)
    a, b = at_rate(a, rate), at_rate(b, rate)
    found = {
        metric: tables.paired(a, b, metric=metric)
        for metric in ("accepted_right", "false_accept", "top1", "same_passage")
    }
    names = _names(a, b)
    said = verdict(found["accepted_right"], a=names[0], b=names[1])
    if json:
        print_json(_document(a, b, found, said))
        return
    say(said)
    say(f"Thresholds are set for one false-alarm rate, {rate:.1%} of unknown songs.")
    if found["accepted_right"].n_unpaired:
        say(f"Left out, because only one side was asked: {found['accepted_right'].n_unpaired}.")
    _print_comparisons(found, names)


def _side(run: str, trial: str | None) -> Result:
    """Return the trial asked for, or the one that the run's report recommends."""
    from experiments.report import tables
    from experiments.report.study import load

    study = load([run])
    if trial is not None:
        return study.trial(trial)
    chosen = study.find(tables.recommended(study, tables.leaderboard(study)))
    return chosen or study.results[0]


def _refuse_other_queries(a: Result, b: Result) -> None:
    from experiments.errors import RunError
    from experiments.report.pairing import asked_otherwise

    reasons = asked_otherwise(a.manifest, b.manifest)
    if reasons:
        raise RunError(
            f"{a.run} and {b.run} were asked queries {' and '.join(reasons)}, which cannot be "
            "paired: compare runs of one corpus and one seed"
        )


def _names(a: Result, b: Result) -> tuple[str, str]:
    """Return what to call both sides: by their trials, and by their runs if these differ."""
    if a.run == b.run:
        return a.trial, b.trial
    return f"{a.run}/{a.trial}", f"{b.run}/{b.trial}"


def _print_comparisons(found: dict[str, PairedComparison], names: tuple[str, str]) -> None:
    from experiments.metrics import METRICS
    from experiments.metrics.paired import format_p, points
    from experiments.report.labels import percent

    rows = []
    for metric, one in found.items():
        bounds = f"{points(one.low)} to {points(one.high)}" if one.n else "–"
        rows.append(
            (
                METRICS[metric],
                percent(one.share_a),
                percent(one.share_b),
                points(one.difference) if one.n else "–",
                bounds,
                format_p(one.p_value).removeprefix("= "),
                one.n,
            )
        )
    print_table(
        [
            ("share of queries", "left"),
            (f"A: {names[0]}", "right"),
            (f"B: {names[1]}", "right"),
            ("B − A, points", "right"),
            ("95% interval", "right"),
            ("McNemar p", "right"),
            ("queries", "right"),
        ],
        rows,
    )


def _document(
    a: Result, b: Result, found: dict[str, PairedComparison], said: str
) -> dict[str, Any]:
    """Return the comparison as it stands in JSON; shares of nothing are null."""
    metrics = {}
    for metric, one in found.items():
        known = one.n > 0
        metrics[metric] = {
            **asdict(one),
            "difference": one.difference if known else None,
            "share_a": one.share_a if known else None,
            "share_b": one.share_b if known else None,
            "real": one.real,
        }
    return {
        "a": {"run": a.run, "trial": a.trial, "threshold": a.threshold},
        "b": {"run": b.run, "trial": b.trial, "threshold": b.threshold},
        "false_alarm_rate": a.false_alarm_rate,
        "verdict": said,
        "metrics": metrics,
    }


def register(app: typer.Typer) -> None:
    """Add the commands to ``fpbench``."""
    app.command("report")(report)
    app.command("compare")(compare)
