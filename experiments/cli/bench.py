"""``fpbench bench``: speed and size."""

from __future__ import annotations

from typing import Annotated

import typer

from experiments.cli.accuracy import CorpusName
from fpcore.cli.output import console, print_table


def bench(
    *,
    corpus: CorpusName = "debian-games",
    postings: Annotated[
        int, typer.Option(min=100_000, metavar="N", help="Postings of the large index.")
    ] = 10_000_000,
) -> None:
    """Measure speed and size: fingerprinting, learning, look-up, removal, recognition.

    Times depend on the machine, and on what else it is doing.

    \b
    Example:
      fpbench bench --corpus debian-games
    """
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from experiments.bench import measure
    from experiments.corpora import corpus as open_corpus
    from fpcore.profiles import load_profile

    source = open_corpus(corpus)
    profiles = [load_profile("seed"), load_profile("balanced")]
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console(stderr=True), transient=True) as progress:
        figures = list(measure(source, profiles, progress, n_postings=postings))
    verdicts = {True: "yes", False: "NO", None: ""}
    rows = []
    for figure in figures:
        sign = "≥" if figure.at_least else "≤"
        reach = "" if figure.reach is None else f"{sign} {figure.reach:,.0f}"
        value = f"{figure.value:,.1f} {figure.unit}"
        rows.append([figure.name, value, reach, verdicts[figure.reached]])
    print_table(
        [("what", "left"), ("measured", "right"), ("to reach", "right"), ("reached", "left")], rows
    )


def register(app: typer.Typer) -> None:
    """Add the command to ``fpbench``."""
    app.command("bench")(bench)
