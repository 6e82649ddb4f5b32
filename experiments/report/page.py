"""The report as one HTML page that needs nothing else, a table in CSV, and figures as PNG.

Pictures are part of the page. Its little JavaScript sorts and filters the leaderboard; without
it everything is still there to read. Files are written beside and renamed.
"""

from __future__ import annotations

import base64
import io
import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
from matplotlib.figure import Figure
from rich.console import Console

from experiments import metrics
from experiments.comparison import points
from experiments.report import figures, labels, sentences, tables, worst
from experiments.report.study import Result, Study
from experiments.trial_folder import writing
from fpcore.display import explanation_figure
from fpcore.errors import FpError

MAX_PAIRS = 3
"""Most heat maps of two parameters at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A figure of the report: name of its file without suffix, title, what it shows."""

    name: str
    title: str
    caption: str
    figure: Figure


@dataclass(frozen=True, slots=True)
class Written:
    """Where a report is."""

    page: Path
    leaderboard: Path
    figures: tuple[Path, ...]


def compared(study: Study, board: pd.DataFrame) -> dict[str, Result]:
    """Return the results to look at in depth, by what they are: at most three."""
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


def tradeoff_pictures(board: pd.DataFrame) -> list[Picture]:
    """Return the Pareto front."""
    caption = (
        "Each point is a configuration. Grey ones are dominated: another is at least as accurate, "
        "as small and as fast, and better in one of the three. A point may be on the front for a "
        "cost that the other panel shows. Bars are 95% intervals, clustered by work."
    )
    return [Picture("pareto", "Accuracy against cost", caption, figures.pareto(board))]


def parameter_pictures(study: Study, board: pd.DataFrame) -> list[Picture]:
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
                f"{first} and {second} together".capitalize(),
                "Share of queries of indexed songs that are accepted and right, in percent, and "
                "below it the 95% interval.",
                figures.interaction(study, pair),
            )
        )
    return pictures


def robustness_pictures(study: Study, board: pd.DataFrame) -> list[Picture]:
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


def trust_pictures(study: Study, board: pd.DataFrame) -> list[Picture]:
    """Return DET and calibration curves."""
    few = compared(study, board)
    det = "False alarms against misses for every threshold; nearer to the lower left is better."
    calibration = (
        "Of the queries whose best candidate was given this probability, how many were right. On "
        "the dotted line the probability means what it says. Queries of unknown songs count as "
        "answered wrongly."
    )
    return [
        Picture("det", "Misses against false alarms (DET)", det, figures.det(few)),
        Picture(
            "calibration",
            "Can the confidence be believed?",
            calibration,
            figures.calibration(few),
        ),
    ]


def cost_pictures(study: Study, board: pd.DataFrame) -> list[Picture]:
    """Return query time by stage."""
    caption = "One query at a time, without any cache, from a WAV file in memory to the answer."
    few = compared(study, board)
    return [Picture("latency", "Where the time goes", caption, figures.latency(few))]


def failure_pictures(
    study: Study, result: Result, failures: Sequence[worst.Failure], *, console: Console | None
) -> Iterator[Picture]:
    """Yield for each failure how the answer came about.

    Raises
    ------
    FpError
        When the corpus or its audio is not at hand any more.
    """
    heard = worst.explained(study, result, [one.query for one in failures], console=console)
    for number, (one, again) in enumerate(zip(failures, heard, strict=True), start=1):
        yield Picture(
            f"failure-{number}",
            one.kind.capitalize(),
            one.sentence,
            explanation_figure(again.explanation),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """Everything that a page holds; ``sections`` are its pictures by subject.

    ``chosen`` is the result whose failures are shown; those after the pictured ones are only
    described, because of ``not_pictured``.
    """

    study: Study
    board: pd.DataFrame
    chosen: Result
    sections: dict[str, list[Picture]]
    failures: list[worst.Failure]
    not_pictured: str


def compose(
    study: Study, *, n_failures: int = worst.N_WORST, console: Console | None = None
) -> Report:
    """Return the report of a study; the worst failures are asked once more to be pictured.

    Without the audio of the corpus, failures are described but not pictured, and the page says
    so.
    """
    board = tables.leaderboard(study)
    chosen = study.find(next(iter(board.index[board["recommended"]]), None)) or study.results[0]
    failures = worst.worst(chosen, n_failures)
    not_pictured = ""
    pictured: list[Picture] = []
    try:
        if failures:
            pictured += failure_pictures(study, chosen, failures, console=console)
    except FpError as error:
        not_pictured = str(error)
    sections = {
        "tradeoff": tradeoff_pictures(board),
        "parameters": parameter_pictures(study, board),
        "robustness": robustness_pictures(study, board),
        "trust": trust_pictures(study, board),
        "cost": cost_pictures(study, board),
        "failures": pictured,
    }
    return Report(study, board, chosen, sections, failures, not_pictured)


def write(report: Report, folder: Path) -> Written:
    """Write ``report.html``, ``leaderboard.csv`` and ``figures/*.png`` into ``folder``.

    Raises
    ------
    RunError
        When the folder cannot be written.
    """
    shown = {name: [_shown(one) for one in found] for name, found in report.sections.items()}
    described = report.failures[len(report.sections["failures"]) :]
    context = _context(report.study, report.board, report.chosen) | {
        "sections": shown,
        "failures": [failure.sentence for failure in described],
        "failed_because": report.not_pictured,
    }
    return _write_all(folder, context, report.board, shown)


def _context(study: Study, board: pd.DataFrame, chosen: Result) -> dict[str, Any]:
    """Return what the template fills in besides pictures and failures."""
    n_hours = chosen.index.get("audio_s", math.nan) / 3600
    return {
        "title": labels.listed(list(study.manifests)),
        "headline": sentences.headline(study, board),
        "reasons": sentences.reasons(study, board),
        "command": sentences.command(study, board),
        "caveats": sentences.caveats(study, board),
        "history": sentences.history(study),
        "several_runs": len(study.manifests) > 1,
        "rows": [_board_row(study, board, str(key)) for key in board.index],
        "failed": {figures.short(key): error for key, error in study.failed.items()},
        "failure_summary": worst.summary(chosen),
        "chosen": f"{figures.short(chosen.key)} ({labels.settings(chosen.swept)})",
        "metrics": metrics.METRICS,
        "rate": labels.percent(study.false_alarm_rate),
        "n_hours": "" if math.isnan(n_hours) else f"{n_hours:.1f}",
        "latency": _latency_rows(compared(study, board)),
    }


def _board_row(study: Study, board: pd.DataFrame, key: str) -> dict[str, Any]:
    """Return one row of the leaderboard as text, each number with its value to sort by."""
    row = tables.row(board, key)
    difference = bounds = ""
    if not math.isnan(row["difference"]) and not row["baseline"]:
        difference = points(row["difference"])
        bounds = f"{points(row['difference_low'])} to {points(row['difference_high'])}"
    cells = [
        ("accuracy", labels.percent(row["accuracy"]), _bounds(row, "accuracy")),
        ("difference", difference, bounds),
        ("top1", labels.percent(row["top1"]), ""),
        ("same_passage", labels.percent(row["same_passage"]), ""),
        ("false_accept", labels.percent(row["false_accept"]), _bounds(row, "false_accept")),
        ("calibration_error", f"{row['calibration_error']:.3f}", ""),
        ("bytes_per_hour", f"{row['bytes_per_hour'] / 1e6:.2f}", ""),
        ("postings_per_s", f"{row['postings_per_s']:.0f}", ""),
        ("query_p50_s", f"{1e3 * row['query_p50_s']:.1f}", f"{1e3 * row['query_p95_s']:.1f}"),
        ("ingest_x_real_time", f"{row['ingest_x_real_time']:.0f}", ""),
    ]
    result = study.find(key)
    return {
        "key": key,
        "short": figures.short(key),
        "settings": labels.settings(result.swept) if result else "",
        "flags": [flag for flag in ("recommended", "baseline", "pareto") if row[flag]],
        "cells": [
            ("–", "", "") if math.isnan(row[name]) else (text, below, repr(float(row[name])))
            for name, text, below in cells
        ],
    }


def _bounds(row: dict[str, Any], name: str) -> str:
    return labels.interval(row[f"{name}_low"], row[f"{name}_high"])


def _latency_rows(results: dict[str, Result]) -> list[tuple[str, list[str]]]:
    """Return median and 95th percentile of each stage as text, for each of a few results."""
    rows = []
    for name, result in results.items():
        found = metrics.latency(result.timings)
        cells = [
            f"{labels.milliseconds(found['p50_s'][stage])} / "
            f"{labels.milliseconds(found['p95_s'][stage])}"
            for stage in found.index
        ]
        rows.append((name, cells))
    return rows


def _shown(picture: Picture) -> dict[str, Any]:
    """Return a picture for the template and the folder, drawn once."""
    content = io.BytesIO()
    picture.figure.savefig(content, format="png", metadata={"Software": None})
    return {
        "name": picture.name,
        "title": picture.title,
        "caption": picture.caption,
        "png": content.getvalue(),
        "base64": base64.b64encode(content.getvalue()).decode("ascii"),
        "width_px": round(picture.figure.get_figwidth() * 96),
    }


def _write_all(
    folder: Path, context: dict[str, Any], board: pd.DataFrame, shown: dict[str, Any]
) -> Written:
    source = resources.files("experiments.report").joinpath("page.html.jinja").read_text("utf-8")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    page = environment.from_string(source).render(context)
    with writing(folder):
        (folder / "figures").mkdir(parents=True, exist_ok=True)
        for old in (folder / "figures").glob("*.png"):
            old.unlink()
        pictures = []
        for one in (one for section in shown.values() for one in section):
            pictures.append(folder / "figures" / f"{one['name']}.png")
            _replace(pictures[-1], one["png"])
        table = folder / "leaderboard.csv"
        _replace(table, board.to_csv(index=False, lineterminator="\n").encode("utf-8"))
        _replace(folder / "report.html", page.encode("utf-8"))
    return Written(folder / "report.html", table, tuple(pictures))


def _replace(path: Path, content: bytes) -> None:
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
