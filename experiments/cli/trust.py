"""``fpbench trust``: whether the verdict on a small library holds, by running it many times."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from experiments.cli import options
from experiments.cli.documents import plain
from experiments.cli.plan_options import CorpusName
from experiments.protocol.splits import Role
from fpcore.cli.output import print_json, print_table, say

if TYPE_CHECKING:
    import pandas as pd

    from experiments.studies.trust.summary import Finding

SHORTEST_S = 12.0
"""Shorter tracks are not drawn: they have no room for different excerpts of 10 s."""


def trust(
    *,
    corpus: CorpusName = "debian-games",
    spec: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SPEC",
            help="A sweep; may be given several times. Default: trust and trust-noise.",
        ),
    ] = None,
    tracks: Annotated[
        list[int] | None,
        typer.Option(
            metavar="N", min=8, help="Tracks in a sample; may be given several times. Default: 25."
        ),
    ] = None,
    subsets: Annotated[
        int, typer.Option(metavar="N", min=1, help="Samples for each spec and size.")
    ] = 10,
    strangers: Annotated[
        int, typer.Option(metavar="N", min=10, help="Clips of strangers in noise for each sample.")
    ] = 300,
    half: Annotated[
        Role, typer.Option(help="Half of the corpus that samples and strangers are drawn from.")
    ] = "test",
    seed: Annotated[int, typer.Option(help="Seed of the first sample.")] = 0,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Where rows, runs and the picture go; given again, it goes on where it was. By "
            "default trust in the folder of runs.",
        ),
    ] = None,
    jobs: options.Jobs = -1,
    as_json: options.AsJson = False,
) -> None:
    """Measure whether verdicts on few tracks can be trusted.

    Random samples of a corpus stand for somebody's own music. On each a spec is swept, the
    recommended trial is promoted, and the profile is asked clips of the sample and of strangers
    that the sweep did not ask, beside the profile that it starts from. One configuration is in the
    sweep twice, under two names. In the end the whole corpus is asked under each trial, which tells
    how good it truly is. A loop takes about three minutes.

    \b
    Example:
      fpbench trust --tracks 12 --tracks 25 --tracks 50
    """
    from experiments.corpora import corpus as open_corpus
    from experiments.files import write_picture, writing
    from experiments.folders import runs_folder
    from experiments.progress import shown
    from experiments.studies.trust.figure import trust_figure
    from experiments.studies.trust.rows import FILE, keep_apart, loops, measured, tracks_of
    from experiments.studies.trust.truth import truths

    folder = (out or runs_folder() / "trust").resolve()
    music = open_corpus(corpus)
    specs = list(dict.fromkeys(spec or ["trust", "trust-noise"]))
    wanted = loops(specs, tracks or [25], subsets, seed)
    keep_apart(folder, {"corpus": music.checksum, "half": half, "strangers": strangers})
    with shown() as show:
        rows = measured(
            wanted,
            music,
            tracks_of(music, half, SHORTEST_S),
            folder,
            n_strangers=strangers,
            n_jobs=jobs,
            show=show,
        )
        truth = truths(specs, music, folder, n_jobs=jobs, show=show)
    if not as_json:
        for (name, size), of_size in rows.groupby(["spec", "n_tracks"]):
            _print(f"{name}, {size} tracks, {len(of_size)} samples", of_size, truth)
    picture = folder / "trust.png"
    with writing(picture):
        write_picture(trust_figure(rows), picture)
    if as_json:
        found = [
            {"spec": name, "n_tracks": size, **_document(of_size, truth)}
            for (name, size), of_size in rows.groupby(["spec", "n_tracks"])
        ]
        print_json(plain({"rows": str(folder / FILE), "picture": str(picture), "found": found}))
        return
    say(str(folder / FILE))
    say(str(picture))


def _document(rows: pd.DataFrame, truth: pd.DataFrame) -> dict[str, Any]:
    """Return what the samples of one size show, as it stands in JSON."""
    from experiments.studies.trust.summary import lines

    return {
        "n_samples": len(rows),
        "n_baseline": int(rows["is_baseline"].sum()),
        "n_refused": int((rows["refused"] != "").sum()),
        "findings": [asdict(one) for one in lines(rows, truth)],
    }


def _print(title: str, rows: pd.DataFrame, truth: pd.DataFrame) -> None:
    from experiments.studies.trust.summary import lines

    say(title)
    print_table(
        [("measured", "left"), ("reach", "right"), ("came out", "right"), ("reached", "left")],
        [(one.what, one.reach, one.measured, _reached(one)) for one in lines(rows, truth)],
    )
    refused = int((rows["refused"] != "").sum())
    kept = int(rows["is_baseline"].sum())
    say(f"{kept} of {len(rows)} stay with the baseline, {refused} promotions are refused")


def _reached(finding: Finding) -> str:
    if not finding.reach:
        return "–"
    return "yes" if finding.reached else "no"


def register(app: typer.Typer) -> None:
    """Add the command to ``fpbench``."""
    app.command("trust")(trust)
