"""``fpbench demo``: the whole loop on real music, from a sweep to a recognised clip."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from experiments.cli import promote, report, sweep
from fpcore.cli.output import clock, console, print_table, say

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from experiments.evaluation.context import Context
    from fpcore.config import Profile

PROFILE = "demo"
"""Name of the profile that the demonstration promotes; git ignores its file."""


def demo() -> None:
    """Go once round the whole loop on real music.

    That is sweep, report, promote, learn and recognise. The music is the 28 tracks of the
    package immich-memories-music. Half of them choose the configuration; clips of the other
    half, some of songs that were never learned, then show what it is worth. The report, the
    profile, the index, a noisy clip and a picture of how it was recognised stay, to be played
    with. What is finished is not done again.
    """
    from experiments.cli import demo_steps as steps
    from experiments.evaluation.ask import ask
    from experiments.folders import cache_folder
    from experiments.report import tables
    from experiments.report.study import load
    from experiments.results.run_folder import run_folder
    from experiments.specs.spec import load_spec
    from experiments.sweeps.prepared import prepare
    from fpcore.profiles import load_profile, profile_path

    spec = load_spec("demo")
    run = f"demo-{spec.digest[:8]}"
    _heading(1, "Sweep: which configuration recognises this music best in noise?")
    sweep.run_sweep("demo", run=run, with_next=False)
    _heading(2, "Report: accuracy against size and speed")
    report.report([run])
    study = load([run])
    best = study.find(tables.recommended(study, tables.leaderboard(study))) or study.results[0]
    _heading(3, f"Promote {best.trial}: judged on songs that the sweep never heard")
    promote.promote(run, trial=best.trial, name=PROFILE, force=True)
    _heading(4, "Learn the music under the promoted profile")
    context = steps.with_more_clips(prepare(spec).context)
    profile = load_profile(PROFILE)
    database = steps.database_of(profile, cache_folder() / "demo")
    _learn(context, profile, database)
    _heading(5, "Recognise noisy clips")
    outcomes = ask(context, profile, database, context.queries("test")).outcomes
    _print_outcomes(steps.table(outcomes, profile.decision.threshold))
    made = _one_in_full(context, profile, database, outcomes)
    say("")
    say("What was made:")
    for path in (run_folder(run).path / "report.html", profile_path(PROFILE), *made):
        say(f"  {path}")


def _heading(number: int, text: str) -> None:
    say("")
    say(f"{number}. {text}")


def _learn(context: Context, profile: Profile, database: Path) -> None:
    from rich.progress import Progress

    from experiments.cli import demo_steps as steps

    n_tracks = len(context.parts.indexed)
    with Progress(console=console(stderr=True), transient=True) as progress:
        learned = steps.learn(context, profile, database)
        added = list(progress.track(learned, total=n_tracks, description="Learning"))
    seconds = sum(one.song.duration_s for one in added)
    postings = sum(one.song.n_fingerprints for one in added)
    say(
        f"{len(added)} tracks, {clock(seconds, decimals=0)} of music: {postings:,} fingerprints, "
        f"{postings / seconds:.0f} a second"
    )


def _print_outcomes(table: pd.DataFrame) -> None:
    headings = (
        "condition",
        "clips",
        "right",
        "wrong",
        "rejected",
        "unknown clips",
        "given a name",
        "median ms",
    )
    rows = [[*row[:-1], f"{row[-1]:.0f}"] for row in table.itertuples(index=False, name=None)]
    print_table([(name, "left" if name == "condition" else "right") for name in headings], rows)


def _one_in_full(
    context: Context, profile: Profile, database: Path, outcomes: pd.DataFrame
) -> list[object]:
    """Recognise a typical one of the noisiest clips from its file, say all of it, draw it."""
    from experiments.cli import demo_steps as steps
    from fpcore import Library
    from fpcore.display import save_explanation
    from fpcore.search.explain import explain

    noisiest = context.plan.conditions[-1].name
    rows = outcomes[(outcomes["condition"] == noisiest) & outcomes["indexed"]]
    by_votes = rows.sort_values(["votes", "query"])["query"]
    typical = by_votes.iloc[len(by_votes) // 2]
    query = next(one for one in context.queries("test") if one.id == typical)
    path = steps.write_clip(context, profile, query, database.parent)
    picture = path.with_suffix(".png")
    with Library.open(database, profile) as library:
        trace = library.align(path)
        save_explanation(explain(trace, library.store, library.profile), picture)
    found, times = trace.recognition, trace.times
    say("")
    say(f"One of them in full, of median votes: {query.track.id}, heard as {noisiest}")
    if found.match:
        say(
            f"  it is {found.match.song_name} from {clock(found.match.offset_s, decimals=2)} on, "
            f"confidence {found.match.confidence:.3f}, {found.match.votes} votes"
        )
    else:
        say("  no match: the evidence stays below the threshold")
    say(
        f"  {found.n_hashes} hashes; decode {1e3 * times.decode_s:.0f} ms, fingerprint "
        f"{1e3 * times.fingerprint_s:.0f} ms, look up {1e3 * times.lookup_s:.0f} ms, align "
        f"{1e3 * times.align_s:.0f} ms"
    )
    return [database, path, picture]


def register(app: typer.Typer) -> None:
    """Add the command to ``fpbench``."""
    app.command("demo")(demo)
