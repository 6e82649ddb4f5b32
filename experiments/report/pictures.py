"""Pictures of a report: which figures it shows, under which titles, and how to read them.

Captions are plain sentences for readers who have not seen the code. What is drawn, and in which
colours, is for `experiments.report.figures` to say.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd
from matplotlib.figure import Figure
from rich.console import Console

from experiments.report import figures, labels, tables, worst
from experiments.report.study import Result, Study
from fpcore.display import explanation_figure

MAX_PAIRS = 3
"""Most heat maps of two parameters at once."""


MADE_BY = "fpbench report"
"""Noted in each picture as the software that made it."""

_PX_PER_INCH = 96
"""Of a page. Files have more pixels, so that pictures are sharp on any screen."""


@dataclass(frozen=True, eq=False)
class Picture:
    """A figure of the report with the name of its file without suffix, its title and caption.

    It is drawn once, for the page, for its file and for a notebook that shows it.
    """

    name: str
    title: str
    caption: str
    figure: Figure

    @cached_property
    def png(self) -> bytes:
        """The file."""
        content = io.BytesIO()
        self.figure.savefig(content, format="png", metadata={"Software": MADE_BY})
        return content.getvalue()

    @property
    def width_px(self) -> int:
        """How wide a page shows it."""
        return round(self.figure.get_figwidth() * _PX_PER_INCH)

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        return self.png, {"width": self.width_px}


def compared(study: Study, board: pd.DataFrame) -> dict[str, Result]:
    """Return at most three results to show in depth, by number and what they are.

    They are the recommended one, the baseline and the most accurate one; a result that is two
    of these comes once.
    """
    keys = {
        "recommended": next(iter(board.index[board["recommended"]]), None),
        "baseline": study.baseline,
        "most accurate": board.index[0],
    }
    names: dict[str, str] = {}
    for name, key in keys.items():
        if key is not None:
            names[str(key)] = f"{names[str(key)]}, {name}" if str(key) in names else name
    found = {f"{figures.short(key)}, {name}": study.find(key) for key, name in names.items()}
    return {name: result for name, result in found.items() if result is not None}


def tradeoff(board: pd.DataFrame) -> list[Picture]:
    """Return the Pareto front."""
    caption = (
        "Each point is a configuration. Grey ones are dominated: another is at least as accurate, "
        "as small and as fast, and better in one of the three. A point may be on the front for a "
        "cost that the other panel shows. Bars are 95% intervals: of accuracy, clustered by work, "
        "and of time, by its ratio to the baseline, wider by "
        f"{labels.percent(tables.SAME_TIME, 0)} by which one configuration may differ from itself. "
        "Times whose bars overlap count as equal."
    )
    return [Picture("pareto", "Accuracy against cost", caption, figures.pareto(board))]


def parameter(study: Study, board: pd.DataFrame) -> list[Picture]:
    """Return a figure for each swept parameter, and for pairs of them."""
    paths = study.swept
    pictures = [
        Picture(
            f"parameter-{path.replace('.', '-')}",
            f"Effect of {labels.parameter(path)}",
            "Blue: all configurations with this value together, with 95% intervals; costs are "
            "medians. Grey: one setting of the other parameters each.",
            figures.parameter(board, study, path),
        )
        for path in paths
    ]
    pairs = [(a, b) for i, a in enumerate(paths) for b in paths[i + 1 :]]
    for pair in pairs[:MAX_PAIRS]:
        first, second = map(labels.parameter, pair)
        pictures.append(
            Picture(
                f"pair-{pair[0].rpartition('.')[2]}-{pair[1].rpartition('.')[2]}",
                labels.heading(f"{first} and {second} together"),
                "Share of queries of indexed songs that are accepted and right, in percent, and "
                "below it the 95% interval.",
                figures.interaction(study, pair),
            )
        )
    return pictures


def robustness(study: Study, board: pd.DataFrame) -> list[Picture]:
    """Return accuracy per degradation, of a few configurations and of all."""
    pictures = [
        Picture(
            "conditions",
            "Accuracy per degradation",
            "Accepted and right at each configuration's own threshold; bars are Wilson's 95% "
            "intervals.",
            figures.conditions(compared(study, board)),
        )
    ]
    if len(board) > 1:
        pictures.append(
            Picture(
                "all-conditions",
                "Accuracy per degradation, all configurations",
                "In percent, clip lengths together, the most accurate configuration first.",
                figures.all_conditions(board, study),
            )
        )
    return pictures


def trust(study: Study, board: pd.DataFrame) -> list[Picture]:
    """Return DET and calibration curves, and the strangers behind the first threshold."""
    few = compared(study, board)
    det = "False alarms against misses for every threshold; nearer to the lower left is better."
    calibration = (
        "Of the queries whose best candidate was given this probability, how many were right. On "
        "the dotted line the probability means what it says. Queries of unknown songs count as "
        "answered wrongly."
    )
    name, first = next(iter(few.items()))
    behind = (
        "Which share of strangers, recordings of which no song is in the index, reaches a "
        "probability. To show a small rate takes hundreds of them."
    )
    if first.tail is not None:
        behind += (
            " Where your own are too few, those of the profile count with them, and the threshold "
            "is never below what the profile needs under harder conditions than these."
        )
    return [
        Picture("det", "Misses against false alarms (DET)", det, figures.det(few)),
        Picture(
            "calibration",
            "Can the confidence be believed?",
            calibration,
            figures.calibration(few),
        ),
        Picture(
            "strangers",
            "Why the threshold is where it is",
            f"{name}. {behind}",
            figures.strangers(first),
        ),
    ]


def cost(study: Study, board: pd.DataFrame) -> list[Picture]:
    """Return query time by stage."""
    caption = "One query at a time, without any cache, from a WAV file in memory to the answer."
    few = compared(study, board)
    return [Picture("latency", "Where the time goes", caption, figures.latency(few))]


def failure(
    study: Study, result: Result, failures: Sequence[worst.Failure], *, console: Console | None
) -> Iterator[Picture]:
    """Yield for each failure a picture of how its answer came about.

    Parameters
    ----------
    study : Study
        The runs of the report.
    result : Result
        The trial that failed.
    failures : sequence of Failure
        Queries of that trial.
    console : Console or None
        Where progress is shown while the corpus is prepared; None for standard error.

    Raises
    ------
    FpError
        When the corpus or its audio is not at hand any more.
    """
    heard = worst.explained(study, result, [one.query for one in failures], console=console)
    for number, (one, again) in enumerate(zip(failures, heard, strict=True), start=1):
        yield Picture(
            f"failure-{number}",
            labels.heading(one.kind),
            f"{one.sentence} {_as_pictured(one, again)}".rstrip(),
            explanation_figure(again.explanation, known_wrong=one.kind != "missed"),
        )


def _as_pictured(one: worst.Failure, again: worst.ExplainedQuery) -> str:
    """Return what probability the picture shows, where it is another than the sentence tells."""
    shown = again.explanation.matches[0].probability if again.explanation.matches else 0.0
    if abs(shown - one.probability) < 0.005:
        return ""
    return (
        f"The picture shows {shown:.3f}: its decision was fitted on all queries, that of the "
        "sentence saw nothing of this work."
    )
