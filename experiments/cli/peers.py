"""``fpbench peers``: other systems on the same files and queries."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from experiments.cli.documents import records
from experiments.cli.options import AsJson, RunName, tell_interruption
from experiments.cli.plan_options import (
    ConditionNames,
    ConditionsOf,
    CorpusName,
    LeftOut,
    NQueries,
    Seed,
    clips_option,
    context_of,
    plan_of,
    spec_of,
)
from experiments.protocol.defaults import FALSE_ALARM_RATE, LEFT_OUT_SHARE
from fpcore.cli.output import console, print_json, print_table, say

if TYPE_CHECKING:
    import pandas as pd

    from experiments.evaluation.context import Context
    from experiments.studies.peers.ask import Advance
    from experiments.studies.peers.contract import Spec
    from experiments.studies.peers.summary import Summary
    from experiments.studies.peers.task import Comparison

PRESETS = ("seed", "tiny", "balanced", "robust")
"""Profiles that are always among the systems; queries are cut at the rate of the first one."""

DENSITIES = ("20/3", "50/6", "70/8", "100/10")


def peers(
    *,
    corpus: CorpusName = "debian-games",
    profile: Annotated[
        list[str] | None,
        typer.Option(
            "--profile",
            metavar="NAME|FILE",
            help="A profile to compare besides the presets; may be given several times.",
        ),
    ] = None,
    density: Annotated[
        list[str] | None,
        typer.Option(
            "--density",
            metavar="DENSITY/FANOUT",
            help="A setting of audfprint; may be given several times. Without it: 20/3 (its "
            "default), 50/6, 70/8 and 100/10.",
        ),
    ] = None,
    condition: ConditionNames = None,
    spec: ConditionsOf = None,
    clip: Annotated[list[float] | None, clips_option("10.")] = None,
    queries: NQueries = 200,
    false_alarms: Annotated[
        float, typer.Option(min=0.0001, max=0.5, help="Share of unknown songs given a name.")
    ] = FALSE_ALARM_RATE,
    left_out: LeftOut = LEFT_OUT_SHARE,
    seed: Seed = 0,
    run: RunName = None,
    as_json: AsJson = False,
) -> None:
    """Compare this project's profiles with audfprint.

    Every system learns the same songs and answers the same clips of the test half, in a process
    of its own and on one core. Thresholds for the stated share of false alarms are set on clips of
    left-out calibration songs. The run's folder holds all rows, the tables and the plots; the same
    command with --run NAME goes on with a comparison that was interrupted.

    \b
    Example:
      fpbench peers --density 20/3 --density 70/8 --queries 60
    """
    from experiments.corpora import corpus as open_corpus
    from experiments.results.run_folder import new_run_name, run_folder
    from experiments.studies.peers.ask import compare
    from experiments.studies.peers.record import ComparisonFolder
    from experiments.studies.peers.summary import summarise

    own = spec_of(spec)
    plan = plan_of(condition, clip or (10.0,), queries, seed, spec=own, left_out_share=left_out)
    comparison = _comparison(
        context_of(open_corpus(corpus), plan, own),
        own_sources=tuple(own.sources) if own else (),
        profiles=profile or [],
        densities=density or DENSITIES,
        false_alarm_rate=false_alarms,
    )
    folder = run_folder(run or new_run_name("peers"))
    record = ComparisonFolder(folder.path)
    try:
        with folder.locked(), _progress() as advance:
            compare(comparison, record, advance)
            summary = summarise(record)
    except KeyboardInterrupt:
        raise tell_interruption("peers", folder, run) from None
    if as_json:
        accuracy, costs = records(summary.accuracy), records(summary.costs.rename_axis("system"))
        told = {"run": folder.name, "folder": str(folder.path), "notes": list(summary.notes)}
        print_json({**told, "accuracy": accuracy, "costs": costs})
        return
    _print(summary, comparison)
    say("")
    say(f"rows, tables and plots: {folder.path}")


def _comparison(
    context: Context,
    *,
    own_sources: Sequence[str] = (),
    profiles: Sequence[str],
    densities: Sequence[str],
    false_alarm_rate: float,
) -> Comparison:
    from experiments.studies.peers.task import Comparison
    from experiments.studies.peers.workbench import WorkbenchSpec
    from fpcore.profiles import load_profile

    ours = [load_profile(name) for name in (*PRESETS, *profiles)]
    specs: list[Spec] = [WorkbenchSpec(one) for one in ours]
    specs += [_audfprint(text) for text in densities]
    return Comparison(context, specs, ours[0].fingerprint, false_alarm_rate, own_sources)


def _audfprint(text: str) -> Spec:
    from experiments.studies.peers.audfprint import AudfprintSpec

    found = re.fullmatch(r"(\d+(?:\.\d+)?)/(\d+)", text)
    if not found or not float(found[1]) or not int(found[2]):
        raise typer.BadParameter(f"a density and a fan-out look like 20/3, got {text!r}")
    return AudfprintSpec(float(found[1]), int(found[2]))


@contextmanager
def _progress() -> Iterator[Advance]:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
    )

    label = TextColumn("{task.description}")
    columns = (label, BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console(stderr=True), transient=True) as progress:
        task = progress.add_task("starting", total=None)

        def advance(label: str, n_done: int, n_total: int) -> None:
            progress.update(task, description=label, completed=n_done, total=n_total)

        yield advance


def _print(summary: Summary, comparison: Comparison) -> None:
    rate = f"{100 * comparison.false_alarm_rate:g}%"
    titles = {
        "own": "At each system's own decision",
        "fixed": f"At each system's threshold for {rate} false alarms on calibration songs",
    }
    for clip_s in comparison.context.plan.clip_lengths_s:
        for decision, title in titles.items():
            say(f"{title}: accepted and right, % of clips of {clip_s:g} s (95% interval)")
            table = summary.accuracy
            table = table[(table["clip_s"] == clip_s) & (table["decision"] == decision)]
            _print_accuracy(table, [spec.name for spec in comparison.specs])
            say("")
    _print_costs(summary.costs)
    for note in summary.notes:
        say(note)


def _print_accuracy(table: pd.DataFrame, systems: Sequence[str]) -> None:
    """Print a row per condition and a column per system, then the errors of all conditions."""
    shares = {
        (row["system"], row["condition"], row["metric"]): (
            f"{100 * row['share']:.1f} ({100 * row['low']:.0f}-{100 * row['high']:.0f})"
        )
        for row in table.to_dict("records")
    }
    conditions = list(table["condition"].unique())
    lines = [(name, name, "accepted_right") for name in (*conditions[1:], conditions[0])]
    lines += [
        ("wrong name", conditions[0], "wrong_name"),
        ("false alarms", conditions[0], "false_accept"),
    ]
    rows = [
        [label, *(shares[system, condition, metric] for system in systems)]
        for label, condition, metric in lines
    ]
    print_table([("", "left"), *((system, "right") for system in systems)], rows)


def _print_costs(costs: pd.DataFrame) -> None:
    say("Size and speed; one core, × real time and ms of processor time")
    columns = (
        ("postings/s", "postings_per_s", 1.0, "{:.1f}"),
        ("MB/h", "bytes_per_hour", 1e-6, "{:.2f}"),
        ("ingest ×", "ingest_x", 1.0, "{:,.0f}"),
        ("decoding alone ×", "decoding_x", 1.0, "{:,.0f}"),
        ("without decoding ×", "ingest_without_decoding_x", 1.0, "{:,.0f}"),
        ("query p50 ms", "query_p50_cpu_s", 1e3, "{:.1f}"),
        ("of known songs", "known_p50_cpu_s", 1e3, "{:.1f}"),
        ("of unknown ones", "unknown_p50_cpu_s", 1e3, "{:.1f}"),
        ("p50 ms on the clock", "query_p50_s", 1e3, "{:.1f}"),
        ("memory MB", "memory_bytes", 1e-6, "{:,.0f}"),
        ("files died on", "deaths_learning", 1.0, "{:.0f}"),
        ("clips died on", "deaths_asking", 1.0, "{:.0f}"),
    )
    rows = [
        [system, *(form.format(unit * row[column]) for _, column, unit, form in columns)]
        for system, row in costs.iterrows()
    ]
    print_table([("", "left"), *((heading, "right") for heading, *_ in columns)], rows)


def register(app: typer.Typer) -> None:
    """Add the command to ``fpbench``."""
    app.command("peers")(peers)
