"""``fpbench false-alarms``: whether the stated rate of false alarms holds in large libraries.

Rows go to a file, the table of sizes to standard output.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from experiments.cli.documents import plain
from experiments.cli.options import AsJson, PictureFile, RowsFile
from experiments.cli.plan_options import (
    ClipLengths,
    ConditionsOf,
    CorpusName,
    LeftOut,
    ProfileName,
    Seed,
    conditions_option,
    context_of,
    plan_of,
    spec_of,
)
from experiments.progress import working
from experiments.protocol.defaults import CONTRASTING_CONDITIONS, LEFT_OUT_SHARE
from fpcore.cli.output import print_json, print_table, say

if TYPE_CHECKING:
    import pandas as pd

    from experiments.metrics.intervals import Share
    from experiments.protocol.plan import Plan
    from experiments.specs.spec import SweepSpec
    from experiments.studies.false_alarms.gumbel import Growth, OfSize
    from fpcore.config import Profile

OLD_NAME = "chance"
"""What the command was called at first; it is still understood, but not listed."""


def false_alarms(
    *,
    profile: ProfileName = "balanced",
    corpus: CorpusName = "debian-games",
    times: Annotated[
        list[int] | None,
        typer.Option(
            "--times",
            metavar="N",
            min=1,
            help="A size of the index in times the corpus; may be given several times. Without "
            "it: 1, 10 and 100. The corpus alone is always among them.",
        ),
    ] = None,
    condition: Annotated[
        list[str] | None,
        conditions_option("five, without noise, in noise of three kinds, and slower."),
    ] = None,
    spec: ConditionsOf = None,
    clip: ClipLengths = None,
    queries: Annotated[
        int,
        typer.Option(
            metavar="N",
            min=4,
            help="Clips of left-out songs, per condition and length; half as many of indexed ones.",
        ),
    ] = 30,
    left_out: LeftOut = LEFT_OUT_SHARE,
    seed: Seed = 0,
    csv: RowsFile = None,
    output: PictureFile = None,
    as_json: AsJson = False,
) -> None:
    """Measure false alarms in large libraries.

    How often is a song that is not in the index given a name, as the index grows? The corpus is
    indexed among surrogate songs, spliced from transposed passages of its own, and clips of
    calibration songs are asked of it at each size. The index grows in the cache folder and is
    removed at the end; 100 times debian-games takes half an hour and up to 9 GB.

    \b
    Example:
      fpbench false-alarms --times 10 --times 100 -o false-alarms.png
    """
    from experiments.files import write_picture, write_rows, writing
    from experiments.seeds import seeded_rng
    from experiments.studies.false_alarms.gumbel import by_size, growth
    from fpcore.profiles import load_profile

    asked = load_profile(profile)
    own = spec_of(spec)
    plan = plan_of(
        condition,
        clip,
        queries,
        seed,
        spec=own,
        n_indexed=queries // 2,
        conditions=CONTRASTING_CONDITIONS,
        left_out_share=left_out,
    )
    rows = _measured(corpus, asked, plan, own, times or [1, 10, 100])
    if csv is not None:
        with writing(csv):
            write_rows(rows, csv)
    sizes = by_size(rows)
    threshold = _threshold(asked)
    grown = None
    if len({size.times for size in sizes}) > 1:
        grown = growth(rows, seeded_rng(seed, "growth"))
    if as_json:
        growing = None if grown is None else asdict(grown)
        told: dict[str, Any] = {"threshold_log_odds": threshold, "growth": growing}
        told |= {"sizes": [_document(one, threshold) for one in sizes]}
        print_json(plain(told | {"picture": output and str(output)}))
    else:
        _print(sizes, threshold)
        if grown is not None:
            _tell(grown, sizes, threshold)
    if output is not None:
        from experiments.studies.false_alarms.figure import false_alarms_figure

        with writing(output):
            write_picture(false_alarms_figure(rows, sizes, threshold=threshold), output)
        if not as_json:
            say(f"picture: {output}")


def _measured(
    corpus: str, profile: Profile, plan: Plan, spec: SweepSpec | None, times: Sequence[int]
) -> pd.DataFrame:
    import pandas as pd

    from experiments.corpora import corpus as open_corpus
    from experiments.studies.false_alarms.ask import measure

    context = context_of(open_corpus(corpus), plan, spec)
    with working("Cutting queries") as show:
        return pd.concat(measure(context, profile, times, show=show), ignore_index=True)


def _threshold(profile: Profile) -> float:
    """Return the log-odds from which on a profile gives a name."""
    from scipy.special import logit

    return float(logit(profile.decision.threshold))


def _document(size: OfSize, threshold: float) -> dict[str, Any]:
    """Return what was found at one size, as it stands in JSON."""
    return {**asdict(size), "share_by_law": size.law.share_above(threshold)}


def _print(sizes: Sequence[OfSize], threshold: float) -> None:
    rows = [
        [
            f"{size.n_songs:,}",
            size.kind,
            f"{size.false_alarms.n_right} of {size.false_alarms.n}",
            _percent(size.false_alarms),
            f"{100 * size.law.share_above(threshold):.2f}",
            _percent(size.watched),
            f"{size.law.location:.2f}",
            f"{size.law.scale:.2f}",
            _percent(size.accepted_right) if size.accepted_right.n else "",
        ]
        for size in sizes
    ]
    headings = (
        "false alarms",
        "%",
        "% by the law",
        "% above the first 5%",
        "location",
        "scale",
        "accepted, right %",
    )
    print_table(
        [("songs", "right"), ("kind", "left"), *((name, "right") for name in headings)], rows
    )


def _percent(share: Share) -> str:
    return f"{100 * share.share:.1f} ({100 * share.low:.1f}-{100 * share.high:.1f})"


def _tell(grown: Growth, sizes: Sequence[OfSize], threshold: float) -> None:
    say(
        f"With ten times as many songs, the log-odds of the likeliest stranger grow by "
        f"{grown.per_tenfold:+.2f} (95% interval {grown.low:+.2f} to {grown.high:+.2f}); by the "
        f"Gumbel law of {sizes[0].n_songs:,} songs, as many independent ones would add "
        f"{sizes[0].law.independent_growth:+.2f}. A name is given from {threshold:+.2f} on."
    )


def register(app: typer.Typer) -> None:
    """Add the command to ``fpbench``, under its old name too."""
    app.command("false-alarms")(false_alarms)
    app.command(OLD_NAME, hidden=True)(false_alarms)
