"""``fpbench demo``: real music, noisy clips of it, and what comes out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from fpcore.cli.output import clock, console, print_table, say

if TYPE_CHECKING:
    import pandas as pd

    from experiments.demo import Demo


def demo() -> None:
    """Learn real music, ask about noisy clips of it, and show how that went.

    The music is the 28 tracks of the package immich-memories-music. A quarter of them is not
    learned: clips of these must be rejected. The index, a noisy clip and a picture stay, to be
    played with.
    """
    from rich.progress import Progress

    from experiments import demo as steps
    from experiments.corpora import corpus
    from experiments.corpora.cache import cache_folder
    from fpcore.profiles import load_profile

    profile = load_profile()
    tour = steps.Demo(corpus("demo"), profile, cache_folder() / "demo")
    with Progress(console=console(stderr=True), transient=True) as progress:
        added = list(
            progress.track(steps.learn(tour), total=len(tour.learned), description="Learning")
        )
    seconds = sum(one.song.duration_s for one in added)
    postings = sum(one.song.n_fingerprints for one in added)
    say(
        f"Learned {len(added)} tracks, {clock(seconds, decimals=0)} of music, under the profile "
        f"{profile.name}: {postings:,} fingerprints, {postings / seconds:.0f} a second."
    )
    clips = steps.questions(tour)
    say(f"Asking about {len(clips)} clips of {steps.CLIP_S:g} s ...")
    outcomes = steps.ask(tour, clips)
    _print_outcomes(steps.table(outcomes, profile.decision.threshold))
    _one_in_full(tour, outcomes)


def _print_outcomes(table: pd.DataFrame) -> None:
    columns = (
        "condition", "clips", "right", "wrong", "rejected", "unknown clips", "given a name",
        "median ms",
    )  # fmt: skip
    rows = [[*row[:-1], f"{row[-1]:.0f}"] for row in table.itertuples(index=False, name=None)]
    say("")
    print_table([(name, "left" if name == "condition" else "right") for name in columns], rows)


def _one_in_full(tour: Demo, outcomes: pd.DataFrame) -> None:
    """Recognise one of the noisiest clips from its file, and say all that is known of it."""
    from experiments import demo as steps
    from fpcore import Library
    from fpcore.display import save_explanation
    from fpcore.explain import explain

    noisiest = outcomes[(outcomes["condition"] == steps.CONDITIONS[-1]) & outcomes["indexed"]]
    clip = next(one for one in steps.questions(tour) if one.id == noisiest["query"].iloc[0])
    path = steps.write_clip(tour, clip)
    picture = path.with_suffix(".png")
    with Library.open(tour.database, tour.profile) as library:
        alignment = library.align(path)
        save_explanation(explain(alignment, library.store, library.profile), picture)
    found, times = alignment.recognition, alignment.times
    say("")
    say(f"One of them in full: {clip.track.id}, heard as {clip.condition.name}")
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
    say("")
    say(f"What was made: {tour.database} (try: fpcore --help)")
    say(f"               {path}")
    say(f"               {picture}")


def register(app: typer.Typer) -> None:
    """Add the command to ``fpbench``."""
    app.command("demo")(demo)
