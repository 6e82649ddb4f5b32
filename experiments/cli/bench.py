"""``fpbench bench``, ``bench-learn`` and the other benchmarks: speed and size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from experiments.cli.plan_options import CorpusName, ProfileName
from experiments.progress import working
from fpcore.cli.output import print_table

if TYPE_CHECKING:
    from experiments.studies.benchmarks.core import Figure


def bench(
    *,
    corpus: CorpusName = "debian-games",
    postings: Annotated[
        int, typer.Option(min=100_000, metavar="N", help="Postings of the large index.")
    ] = 10_000_000,
) -> None:
    """Measure speed and size.

    Fingerprinting, learning, look-up, removal and recognition are timed. Times depend on the
    machine, and on what else it is doing.

    \b
    Example:
      fpbench bench --corpus debian-games
    """
    from experiments.corpora import corpus as open_corpus
    from experiments.studies.benchmarks.core import measure
    from fpcore.profiles import load_profile

    source = open_corpus(corpus)
    profiles = [load_profile("seed"), load_profile("balanced")]
    with working("Fingerprinting") as show:
        figures = list(measure(source, profiles, show, n_postings=postings))
    _print(figures)


def bench_scale(
    *,
    corpus: CorpusName = "debian-games",
    profile: ProfileName = "balanced",
    songs: Annotated[
        int,
        typer.Option(
            min=1000, metavar="N", help="Songs of the large index; synthetic ones fill up."
        ),
    ] = 10_000,
) -> None:
    """Measure recognition among 1,000 songs and among many.

    Time and memory are measured of the first pass, of all passes for clips under noise or played
    faster, and of the first pass right after a tenth more songs were learned. The index grows in
    the cache folder and is removed at the end; one of 10,000 songs takes minutes to fill and up to
    4 GB. Times depend on the machine, and on what else it is doing.

    \b
    Example:
      fpbench bench-scale --songs 10000
    """
    from experiments.corpora import corpus as open_corpus
    from experiments.studies.benchmarks.scale import measure
    from fpcore.profiles import load_profile

    source, asked = open_corpus(corpus), load_profile(profile)
    sizes = sorted({1000, songs})
    with working("Learning") as show:
        figures = list(measure(source, asked, sizes, n_more=songs // 10, show=show))
    _print(figures)


def bench_learn(
    *,
    corpus: CorpusName = "debian-games",
    profile: ProfileName = "balanced",
    songs: Annotated[
        int, typer.Option(min=100, metavar="N", help="Songs of the large index, synthetic ones.")
    ] = 10_000,
    layout: Annotated[
        Literal["segments", "classic"], typer.Option(help="How the index keeps postings.")
    ] = "segments",
    postgres: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Measure instead how much slower songs are learned into this empty database of a "
            "PostgreSQL server, postgresql://…, than into a file.",
        ),
    ] = None,
) -> None:
    """Measure learning into a new index and into a large one.

    Time and bytes written are measured of songs that are learned one at a time and in batches, and
    the time of look-ups right after. The index grows in the cache folder and is removed at the end.
    Times depend on the machine, and on what else it is doing.

    \b
    Example:
      fpbench bench-learn --songs 10000
    """
    from experiments.corpora import corpus as open_corpus
    from experiments.studies.benchmarks.learning import compared, measure
    from fpcore.profiles import load_profile

    source, asked = open_corpus(corpus), load_profile(profile)
    sizes = sorted({0, songs // 10, songs})
    with working("Learning") as show:
        if postgres is not None:
            figures = list(compared(source, asked, postgres, show=show))
        else:
            figures = list(measure(source, asked, sizes, layout=layout, show=show))
    _print(figures)


def bench_service(
    *,
    corpus: CorpusName = "debian-games",
    profile: ProfileName = "balanced",
    songs: Annotated[
        int, typer.Option(min=1, metavar="N", help="Songs of the index; synthetic ones fill up.")
    ] = 400,
    requests: Annotated[
        int, typer.Option(min=20, metavar="N", help="Requests over which memory is watched.")
    ] = 2000,
    saturation: Annotated[
        float, typer.Option(min=1, metavar="SECONDS", help="How long to ask more than it can do.")
    ] = 20.0,
) -> None:
    """Measure the service.

    Measured are the time that it adds to the core's own, its throughput and memory, and how
    quickly it still answers when it is asked more than it can do. A server is started on this
    machine and asked over HTTP. Times depend on the machine, and on what else it is doing.

    \b
    Example:
      fpbench bench-service --corpus debian-games --songs 400
    """
    from experiments.corpora import corpus as open_corpus
    from experiments.studies.benchmarks.service import Extent, measure
    from fpcore.profiles import load_profile

    source, served = open_corpus(corpus), load_profile(profile)
    extent = Extent(n_songs=songs, n_watched=requests, saturation_s=saturation)
    with working("Learning") as show:
        figures = list(measure(source, served, extent, show=show))
    _print(figures)


def bench_sweep(
    *,
    corpus: CorpusName = "debian-games",
    alone: Annotated[
        int, typer.Option(min=1, max=25, metavar="N", help="Trials that are also run alone.")
    ] = 5,
) -> None:
    """Measure what trials of a sweep save by sharing stages.

    The sweep is of 5 fan-outs × 5 limits on Δt. Some of the 25 trials are run again alone, with
    empty caches, and must give the same rows to the byte. A corpus of few songs has little to
    share, and gains less. Times depend on the machine, and on what else it is doing.

    \b
    Example:
      fpbench bench-sweep --alone 3
    """
    from experiments.studies.benchmarks.sweep import CONTENT, figures, measure_sharing

    with working("Sweeping") as show:
        sharing = measure_sharing(
            {**CONTENT, "corpus": corpus},
            n_alone=alone,
            show=lambda step: show(f"{step.label}: {step.n_done} of {step.n_total}"),
        )
    _print(figures(sharing))


def _print(figures: Sequence[Figure]) -> None:
    verdicts = {True: "yes", False: "NO", None: ""}
    rows = []
    for figure in figures:
        sign = "≥" if figure.at_least else "≤"
        reach = "" if figure.reach is None else f"{sign} {figure.reach:,g}"
        digits = 1 if abs(figure.value) >= 10 else 2
        value = f"{figure.value:,.{digits}f} {figure.unit}"
        rows.append([figure.name, value, reach, verdicts[figure.reached]])
    print_table(
        [("what", "left"), ("measured", "right"), ("to reach", "right"), ("reached", "left")], rows
    )


def register(app: typer.Typer) -> None:
    """Add the commands to ``fpbench``."""
    app.command("bench")(bench)
    app.command("bench-learn")(bench_learn)
    app.command("bench-scale")(bench_scale)
    app.command("bench-sweep")(bench_sweep)
    app.command("bench-service")(bench_service)
